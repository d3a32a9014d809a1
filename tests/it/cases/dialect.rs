//! API protocols against streams recorded from real servers.
//!
//! A file in `streams/` is the output of `curl -i` under the command itself.
//! Ollama's are written by hand, and say so.

use insta::assert_snapshot;
use runexp::dialect::{Dialect, error_message};

use shown::events_of;

mod endings;
mod generous;
mod requests;
mod servers;
mod shown;
mod splits;

/// The body of a recorded answer.
macro_rules! recorded {
    ($path:literal) => {
        $crate::cases::dialect::body_of(include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/cases/streams/",
            $path
        )))
    };
}
use recorded;

fn body_of(recording: &'static [u8]) -> &'static [u8] {
    let head_end = recording.windows(4).position(|window| window == b"\r\n\r\n");
    head_end.map_or(recording, |end| &recording[end + 4..])
}

#[test]
fn llama_chat_streams() {
    assert_snapshot!(events_of(Dialect::LlamaChat, true, recorded!("llama-server/chat-stream-usage.txt")), @r#"
    12 Content: "Name" " three" " colours" ".<" "|" "im" "_" "end" "|>" "\n" "<" "|"
    Usage: prompt 27 cached 22 output 12 prefill_ns 42436000 decode_ns 296006000 decode_per_s 37.161
    Done: length
    "#);
    assert_snapshot!(events_of(Dialect::LlamaChat, true, recorded!("llama-server/chat-stream-nousage.txt")), @r#"
    8 Content: "Name" " three" " colours" ".<" "|" "im" "_" "end"
    Usage: prompt 27 cached 22 output 8 prefill_ns 39309000 decode_ns 137501000 decode_per_s 50.909
    Done: length
    "#);
    assert_snapshot!(events_of(Dialect::LlamaChat, true, recorded!("llama-server/chat-stream-ignore-eos.txt")), @r#"
    32 Content: "<" "|" … "<"
    Usage: prompt 25 cached 0 output 32 prefill_ns 2003373000 decode_ns 3433827000 decode_per_s 9.028
    Done: length
    "#);
}

#[test]
fn progress_of_the_prompt_is_not_a_token_and_each_token_may_bring_timings() {
    let body = recorded!("llama-server/chat-stream-timings-per-token.txt");
    assert_snapshot!(events_of(Dialect::LlamaChat, true, body), @r#"
    Usage: prompt 22 cached 22 output 0 prefill_ns 0 decode_ns 0
    Usage: prompt 23 cached 22 output 0 prefill_ns 8465000 decode_ns 0
    Usage: prompt 27 cached 22 output 0 prefill_ns 39564000 decode_ns 0
    1 Content: "Name"
    Usage: prompt 27 cached 22 output 1 prefill_ns 40084000 decode_ns 1000
    1 Content: " three"
    Usage: prompt 27 cached 22 output 2 prefill_ns 40084000 decode_ns 1145708000 decode_per_s 0.873
    1 Content: " colours"
    Usage: prompt 27 cached 22 output 3 prefill_ns 40084000 decode_ns 3485395000 decode_per_s 0.574
    1 Content: ".<"
    Usage: prompt 27 cached 22 output 4 prefill_ns 40084000 decode_ns 3998967000 decode_per_s 0.750
    1 Content: "|"
    Usage: prompt 27 cached 22 output 5 prefill_ns 40084000 decode_ns 8198217000 decode_per_s 0.488
    1 Content: "im"
    Usage: prompt 27 cached 22 output 6 prefill_ns 40084000 decode_ns 11047215000 decode_per_s 0.453
    1 Content: "_"
    Usage: prompt 27 cached 22 output 7 prefill_ns 40084000 decode_ns 15514317000 decode_per_s 0.387
    1 Content: "end"
    Usage: prompt 27 cached 22 output 8 prefill_ns 40084000 decode_ns 15656365000 decode_per_s 0.447
    Usage: prompt 27 cached 22 output 8 prefill_ns 40084000 decode_ns 15656365000 decode_per_s 0.447
    Done: length
    "#);
}

#[test]
fn llama_completion_has_its_own_shape_and_no_done_line() {
    let body = recorded!("llama-server/completion-stream.txt");
    let events = events_of(Dialect::LlamaCompletion, true, body);
    // Each token comes with its number, which counts it.
    assert_eq!(events.matches("Counted: 1\n").count(), 8);
    assert_snapshot!(events.replace("Counted: 1\n", "").replace("\n1 Content:", ""), @r#"
    1 Content: " the" " capital" " of" " the" " country" " of" " France" "."
    Usage: prompt 6 cached 0 output 8 prefill_ns 32702000 decode_ns 113666000 decode_per_s 61.584
    Done: length
    "#);
}

#[test]
fn openai_completions_streams() {
    let llama = recorded!("llama-server/v1completions-stream.txt");
    assert_snapshot!(events_of(Dialect::OpenAiCompletions, true, llama), @r#"
    8 Content: " the" " capital" " of" " the" " country" " of" " France" "."
    Usage: prompt 6 cached 1 output 8 prefill_ns 62587000 decode_ns 215197000 decode_per_s 32.528
    Done: length
    "#);
    let vllm = recorded!("vllm/completions-stream-usage.txt");
    assert_snapshot!(events_of(Dialect::OpenAiCompletions, true, vllm), @r#"
    8 Content: "variant" " ha" " detail" " Initial" " run" " substantially" "ets" "ard"
    Usage: prompt 4 output 8
    Done: length
    "#);
}

#[test]
fn vllm_chat_streams() {
    assert_snapshot!(events_of(Dialect::OpenAiChat, true, recorded!("vllm/chat-stream-usage.txt")), @r#"
    8 Content: "ganiz" "\n" "ganiz" "\n" "ganiz" "\n" "ganiz" "\n"
    Usage: prompt 14 output 8
    Done: length
    "#);
    let continuous = recorded!("vllm/chat-stream-continuous-usage.txt");
    assert_snapshot!(events_of(Dialect::OpenAiChat, true, continuous), @r#"
    Usage: prompt 14 output 0
    1 Content: " local"
    Usage: prompt 14 output 1
    1 Content: " Ver"
    Usage: prompt 14 output 2
    1 Content: "may"
    Usage: prompt 14 output 3
    1 Content: " caused"
    Usage: prompt 14 output 4
    Usage: prompt 14 output 4
    Done: length
    "#);
}

#[test]
fn whole_bodies_give_one_token_event() {
    assert_snapshot!(events_of(Dialect::LlamaChat, false, recorded!("llama-server/chat-nonstream.txt")), @r#"
    1 Content: "Name three colours.<|im_end|>\n<|im_start|>"
    Usage: prompt 27 cached 0 output 16 prefill_ns 172522000 decode_ns 290570000 decode_per_s 51.623
    Done: length
    "#);
    assert_snapshot!(events_of(Dialect::OpenAiChat, false, recorded!("vllm/chat-nonstream.txt")), @r#"
    1 Content: "ganiz\nganiz\nganiz\nganiz\n"
    Usage: prompt 14 output 8
    Done: length
    "#);
    let completions = recorded!("llama-server/v1completions-nonstream.txt");
    assert_snapshot!(events_of(Dialect::OpenAiCompletions, false, completions), @r#"
    1 Content: " the capital of the country of France."
    Usage: prompt 6 cached 1 output 8 prefill_ns 32050000 decode_ns 123187000 decode_per_s 56.824
    Done: length
    "#);
    let completion = recorded!("llama-server/completion-nonstream.txt");
    assert_snapshot!(events_of(Dialect::LlamaCompletion, false, completion), @r#"
    1 Content: " the capital of the country of France."
    Usage: prompt 6 cached 0 output 8 prefill_ns 37182000 decode_ns 111736000 decode_per_s 62.648
    Done: length
    "#);
    assert_snapshot!(events_of(Dialect::OllamaGenerate, false, recorded!("ollama/generate-nonstream.txt")), @r#"
    1 Content: " the capital"
    Usage: prompt 6 output 2 prefill_ns 40000000 decode_ns 100000000 load_ns 20000000 total_ns 300000000 decode_per_s 20.000
    Done: length
    "#);
}

#[test]
fn ollama_streams() {
    assert_snapshot!(events_of(Dialect::OllamaChat, true, recorded!("ollama/chat-stream.txt")), @r#"
    2 Reasoning: "Easy" "."
    2 Content: "Bon" "jour 🦀\n"
    Usage: prompt 27 cached 22 output 5 prefill_ns 40000000 decode_ns 250000000 load_ns 20000000 total_ns 500000000 decode_per_s 20.000
    Done: stop
    "#);
    assert_snapshot!(events_of(Dialect::OllamaChat, true, recorded!("ollama/chat-stream-tool.txt")), @r#"
    1 ToolCall: "{\"city\":\"Paris\",\"days\":2}"
    Usage: prompt 27 output 20 prefill_ns 40000000 decode_ns 1000000000 total_ns 1100000000 decode_per_s 20.000
    Done: stop
    "#);
    assert_snapshot!(events_of(Dialect::OllamaGenerate, true, recorded!("ollama/generate-stream.txt")), @r#"
    2 Content: " the" " capital"
    Usage: prompt 6 output 2 prefill_ns 40000000 decode_ns 100000000 load_ns 20000000 total_ns 300000000 decode_per_s 20.000
    Done: length
    "#);
    assert_snapshot!(events_of(Dialect::OllamaGenerate, true, recorded!("ollama/generate-empty.txt")), @r"
    Usage: output 0
    Done: load
    ");
}

#[test]
fn a_server_killed_in_the_middle_leaves_a_reply_without_done() {
    let body = recorded!("llama-server/server-sigkill-midstream.txt");
    assert_snapshot!(events_of(Dialect::LlamaChat, true, body), @r#"296 Content: "kol" "dere" … "fefi""#);
    for cut in [r#"data: {"choices":[{"delta":{"content":"kol"#, "data: [DO", "da", ""] {
        assert_eq!(events_of(Dialect::OpenAiChat, true, cut.as_bytes()), "", "{cut}");
    }
    assert_eq!(events_of(Dialect::OllamaChat, true, br#"{"message":{"content":"Bon"#), "");
    assert_eq!(events_of(Dialect::LlamaCompletion, false, br#"{"content":"Bon"#), "");
}

#[test]
fn an_error_inside_a_stream_ends_it() {
    assert_snapshot!(events_of(Dialect::OllamaChat, true, recorded!("ollama/error-midstream.txt")), @r#"
    1 Content: "Bon"
    Error: an error was encountered while running the model: CUDA error: out of memory
    "#);
    let stream = b"data: {\"error\":{\"message\":\"out of\\nmemory\",\"code\":500}}\n\ndata: [DONE]\n\n";
    assert_snapshot!(events_of(Dialect::OpenAiChat, true, stream), @"Error: out of memory");
    assert_snapshot!(events_of(Dialect::LlamaCompletion, true, stream), @"Error: out of memory");
}

#[test]
fn thoughts_and_tool_calls_are_tokens_of_their_own_kind() {
    let stream = [
        r#"{"choices":[{"delta":{"role":"assistant","reasoning_content":"Ea","reasoning":"Ea"}}]}"#,
        r#"{"choices":[{"delta":{"reasoning":"sy","reasoning_content":""}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":""}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}}]}"#,
        r#"{"choices":[{"delta":{"content":null,"tool_calls":null},"finish_reason":"tool_calls"}]}"#,
        "[DONE]",
    ];
    let stream = stream.map(|data| format!("data: {data}\n\n")).concat();
    assert_snapshot!(events_of(Dialect::OpenAiChat, true, stream.as_bytes()), @r#"
    2 Reasoning: "Ea" "sy"
    2 ToolCall: "weather" "{\"city\":"
    Done: tool_calls
    "#);
}

#[test]
fn the_stamp_of_a_simulated_server_precedes_the_tokens_of_its_line() {
    let ollama = b"{\"message\":{\"content\":\"a\"},\"done\":false,\"runexp_sent_ns\":7}\n";
    assert_eq!(events_of(Dialect::OllamaChat, true, ollama), "Stamp: 7\n1 Content: \"a\"");
    let openai = b"data: {\"choices\":[{\"text\":\"a\"}],\"runexp_sent_ns\":7}\n\n";
    assert_eq!(events_of(Dialect::OpenAiCompletions, true, openai), "Stamp: 7\n1 Content: \"a\"");
    let llama = b"data: {\"content\":\"a\",\"stop\":false,\"runexp_sent_ns\":7}\n\n";
    assert_eq!(events_of(Dialect::LlamaCompletion, true, llama), "Stamp: 7\n1 Content: \"a\"");
}

#[test]
fn an_end_without_a_stated_reason_is_an_end() {
    assert_eq!(
        events_of(Dialect::OllamaChat, true, b"{\"done\":true,\"done_reason\":\"\"}"),
        "Usage: output 0\nDone: unknown"
    );
    assert_eq!(events_of(Dialect::LlamaCompletion, true, b"data: {\"stop\":true}\n\n"), "Done: unknown");
    assert_eq!(events_of(Dialect::OllamaChat, true, b"{\"done\":true}"), "Usage: output 0\nDone: unknown");
}

#[test]
fn a_long_reason_for_the_end_is_cut() {
    let line = format!("{{\"stop\":true,\"stop_type\":\"{}\"}}", "\\n".repeat(4) + &"x".repeat(1000));
    let shown = events_of(Dialect::LlamaCompletion, false, line.as_bytes());
    assert_eq!(shown, format!("Done: {}", "x".repeat(80)));
}

#[test]
fn bytes_that_are_not_the_protocol_are_told_by_what_was_expected_and_where() {
    assert_snapshot!(events_of(Dialect::OllamaChat, true, b"{}\n{\"done\":tru}\n"), @r#"
    Passed over: object
    failed: not a reply of Ollama: expected ident at byte 14, near `{"done":tru}`
    "#);
    assert_snapshot!(events_of(Dialect::OpenAiChat, true, b": hi\n\ndata: busy now\n\n"), @"failed: not a reply of the OpenAI API: expected value at byte 12, near `busy now`");
    assert_snapshot!(events_of(Dialect::LlamaChat, false, b"<html>"), @"failed: an HTML page at byte 0, not a reply of the OpenAI API");
    assert_snapshot!(events_of(Dialect::OllamaChat, true, b"<!DOCTYPE HTML>\n"), @"failed: an HTML page at byte 0, not a reply of Ollama");
    assert_snapshot!(events_of(Dialect::OpenAiChat, true, b"\n<html>\n"), @"failed: an HTML page at byte 1, not a reply of the OpenAI API");
}

#[test]
fn error_bodies() {
    assert_snapshot!(error_message(recorded!("llama-server/error-404.txt")), @"File Not Found");
    assert_snapshot!(error_message(recorded!("llama-server/error-bad-json.txt")), @"[json.exception.parse_error.101] parse error at line 1, column 13: syntax error while parsing value - unexpected end of input; expected '[', '{', or a literal");
    assert_snapshot!(error_message(recorded!("llama-server/error-context-overflow-chat-stream.txt")), @"request (3024 tokens) exceeds the available context size (1024 tokens), try increasing it (exceed_context_size_error)");
    assert_snapshot!(error_message(recorded!("vllm/error-too-long.txt")), @"max_tokens=100000 cannot be greater than max_model_len=2048. Please request fewer output tokens. (parameter=max_tokens, value=100000)");
    assert_snapshot!(error_message(recorded!("vllm/error-unknown-model.txt")), @"The model `nope` does not exist. Valid aliases: tiny.");
}
