use super::{complaint, error_message, is_context_overflow};

#[test]
fn the_message_of_every_known_shape_is_found() {
    for body in [
        r#"{"error":"busy"}"#,
        r#"{"error":{"code":503,"message":"busy"}}"#,
        r#"{"error":true,"message":"busy"}"#,
        r#"{"object":"error","message":"busy"}"#,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#,
        r#"{"text":"busy","error_code":50002}"#,
        r#"{"error_code":"E1","message":"busy"}"#,
        r#"{"error_msg":"busy"}"#,
        r#"{"detail":"busy"}"#,
        r#"{"message":"busy","code":500}"#,
        r#"{"msg":"busy"}"#,
        r#"{"status":500,"message":"busy"}"#,
        r#"{"success":false,"msg":"busy"}"#,
        r#"[{"error":{"message":"busy"}}]"#,
        "<html><head><title>busy</title></head></html>",
        " busy\n",
    ] {
        assert_eq!(error_message(body.as_bytes()), "busy", "{body}");
    }
}

#[test]
fn what_waits_runs_or_is_done_is_no_error_unless_it_says_so() {
    for body in [
        r#"{"code":0,"message":"success","choices":[]}"#,
        r#"{"status":"queued","detail":"position 2"}"#,
        r#"{"success":true,"message":"ok"}"#,
        r#"{"code":200,"msg":"done"}"#,
    ] {
        assert_eq!(complaint(body.as_bytes()), None, "{body}");
    }
    assert_eq!(complaint(br#"{"status":"queued","error":"busy"}"#).as_deref(), Some("busy"));
}

#[test]
fn a_context_that_memory_has_no_room_for_is_no_prompt_that_is_too_long() {
    assert!(!is_context_overflow("failed to create context with n_ctx = 131072: out of memory"));
}

#[test]
fn an_error_that_says_nothing_is_none() {
    for body in [
        r#"{"error":null}"#,
        r#"{"error":false,"error_code":0}"#,
        r#"{"error":{"code":0,"message":""}}"#,
        r#"{"message":{"content":"a"}}"#,
        r#"{"type":"ping"}"#,
        r#"{"status":"ok","code":200}"#,
        "{}",
        "[]",
    ] {
        assert_eq!(complaint(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn an_error_without_a_message_is_shown_as_it_is() {
    assert_eq!(error_message(br#"{"error":{"code":503}}"#), r#"{"code":503}"#);
    assert_eq!(error_message(br#"{"state":"busy"}"#), r#"{"state":"busy"}"#);
    assert_eq!(error_message(br#"{"detail":[{"loc":["body"],"msg":"x"}]}"#), r#"[{"loc":["body"],"msg":"x"}]"#);
    assert_eq!(error_message(b"<!DOCTYPE html><p>"), "an HTML page without a title");
}

#[test]
fn long_and_hostile_text_is_cut_at_a_character_and_loses_its_controls() {
    assert_eq!(error_message("é".repeat(1000).as_bytes()), "é".repeat(300));
    assert_eq!(error_message(br#"{"error":"a\u001b[2J\nb"}"#), "a [2J b");
}

#[test]
fn a_prompt_that_is_too_long_is_known_by_the_words_of_each_server() {
    for said in [
        "This model's maximum context length is 4096 tokens. However, you requested 20004 tokens.",
        "request (3024 tokens) exceeds the available context size (1024 tokens), try increasing it",
        "max_tokens=100000 cannot be greater than max_model_len=2048. Please request fewer output tokens.",
        "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 `inputs` tokens",
        "the input length (3000 tokens) exceeds the maximum",
    ] {
        assert!(is_context_overflow(said), "{said}");
    }
    let coded = error_message(br#"{"error":{"message":"too large","code":"context_length_exceeded"}}"#);
    assert_eq!((coded.as_str(), is_context_overflow(&coded)), ("too large (context_length_exceeded)", true));
    assert!(!is_context_overflow("too many requests, slow down"));
}
