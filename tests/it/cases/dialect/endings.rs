//! How replies end, well and badly.

use insta::assert_snapshot;
use runexp::dialect::Dialect;

use super::shown::events_of;

const TOKEN: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";

/// A stream of one token and `end`.
fn after_a_token(end: &str) -> String {
    let body = format!("{TOKEN}{end}");
    events_of(Dialect::OpenAiChat, true, body.as_bytes()).replace('\n', " | ")
}

#[test]
fn an_error_in_a_stream_is_one_in_every_shape() {
    let shapes = [
        "data: {\"error\":{\"message\":\"died\",\"code\":500}}\n\n",
        "data: {\"error\":\"died\"}\n\n",
        "data: {\"error\":true,\"message\":\"died\"}\n\n",
        "data: {\"object\":\"error\",\"message\":\"died\",\"code\":500}\n\n",
        "data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"died\"}}\n\n",
        "data: {\"text\":\"died\",\"error_code\":50002}\n\n",
        "data: {\"error_msg\":\"died\",\"error_code\":336}\n\n",
        "data: {\"detail\":\"died\"}\n\n",
        "data: {\"message\":\"died\",\"code\":500}\n\n",
        "data: {\"choices\":[],\"error\":{\"message\":\"died\"}}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}],\"error\":{\"message\":\"died\"}}\n\n",
        "data: [{\"error\":{\"message\":\"died\"}}]\n\n",
        "event: error\ndata: {\"message\":\"died\"}\n\n",
        "event: error\ndata: died\n\n",
        "event: error\n: died\n\n",
        "event:error\r\ndata:\"died\"\r\n\r\n",
        "{\"error\":{\"message\":\"died\"}}\n",
        "{\n  \"error\": {\n    \"message\": \"died\"\n  }\n}\n",
        "{\"error\":\"died\"}",
    ];
    for shape in shapes {
        let shown = after_a_token(shape).replace("\"died\"", "died");
        assert_eq!(shown, "1 Content: \"a\" | Error: died", "{shape}");
    }
}

#[test]
fn an_error_line_of_ollama_is_one_in_every_shape() {
    let shapes = [
        r#"{"error":"died"}"#,
        r#"{"error":{"message":"died"}}"#,
        r#"{"message":"died","code":500}"#,
        r#"{"detail":"died"}"#,
        r#"{"object":"error","message":"died"}"#,
    ];
    for shape in shapes {
        let body = format!("{{\"message\":{{\"content\":\"a\"}}}}\n{shape}\n");
        let shown = events_of(Dialect::OllamaChat, true, body.as_bytes());
        assert_eq!(shown, "1 Content: \"a\"\nError: died", "{shape}");
        let shown = events_of(Dialect::LlamaCompletion, true, format!("data: {shape}\n\n").as_bytes());
        assert_eq!(shown, "Error: died", "{shape}");
    }
}

#[test]
fn a_field_that_says_that_there_is_no_error_is_none() {
    for falsy in ["null", "false", "\"\"", "{}", "[]", "0", "{\"code\":0,\"message\":\"\"}"] {
        let chunk = |delta: &str, finish: &str| {
            format!("data: {{\"error\":{falsy},\"choices\":[{{\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n")
        };
        let body = chunk("{\"content\":\"a\"}", "null") + &chunk("{}", "\"stop\"") + "data: [DONE]\n\n";
        assert_eq!(events_of(Dialect::OpenAiChat, true, body.as_bytes()), "1 Content: \"a\"\nDone: stop", "{falsy}");
        let line = format!("{{\"error\":{falsy},\"response\":\"a\",\"done\":true,\"done_reason\":\"stop\"}}");
        let shown = events_of(Dialect::OllamaGenerate, true, line.as_bytes());
        assert_eq!(shown, "1 Content: \"a\"\nUsage: output 0\nDone: stop", "{falsy}");
    }
}

#[test]
fn only_a_reason_ends_a_reply_of_openai() {
    let finish = |reason: &str| format!("data: {{\"choices\":[{{\"index\":0,\"finish_reason\":{reason}}}]}}\n\n");
    let ends = [
        "data: [DONE]\n\n".to_owned(),
        String::new(),
        finish("\"\"") + "data: [DONE]\n\n",
        finish("null") + "data: [DONE]\n\n",
        finish("\"stop\""),
        finish("\"stop\"") + "data: [DONE]",
        finish("\"stop\"") + "data:[DONE]\r\n\r\n",
        finish("\"abort\"") + "data: [DONE]\n\n",
        finish("\"content_filter\"") + "data: [DONE]\n\n",
        finish("{\"type\":\"length\",\"length\":8}") + "data: [DONE]\n\n",
        "[DONE]\n".to_owned(),
    ];
    let table = ends.map(|end| format!("{end:?}: {}\n", after_a_token(&end)));
    assert_snapshot!(table.concat());
}

#[test]
fn a_reply_of_several_choices_is_whole_when_each_of_them_is() {
    let chunk = |index: u32, rest: &str| format!("data: {{\"choices\":[{{\"index\":{index},{rest}}}]}}\n\n");
    let token = |index| chunk(index, "\"delta\":{\"content\":\"a\"}");
    let end = |index, reason: &str| chunk(index, &format!("\"delta\":{{}},\"finish_reason\":\"{reason}\""));
    let shown = |body: String| events_of(Dialect::OpenAiChat, true, (body + "data: [DONE]\n\n").as_bytes());
    assert_eq!(
        shown(token(0) + &token(1) + &end(0, "stop") + &end(1, "length")),
        "2 Content: \"a\" \"a\"\nDone: length"
    );
    assert_eq!(shown(token(0) + &token(1) + &end(0, "stop")), "2 Content: \"a\" \"a\"");
    assert_eq!(shown(token(0) + &token(1) + &end(0, "error") + &end(1, "stop")), "2 Content: \"a\" \"a\"\nDone: error");
}

#[test]
fn a_reply_of_llama_server_that_says_it_has_not_ended_has_not() {
    let shown = |end: &str| events_of(Dialect::LlamaCompletion, true, format!("data: {end}\n\n").as_bytes());
    assert_eq!(shown(r#"{"content":"a","stop":true,"stop_type":"none"}"#), "1 Content: \"a\"");
    assert_eq!(shown(r#"{"content":"a","stop":true,"stopped_limit":true}"#), "1 Content: \"a\"\nDone: length");
    assert_eq!(shown(r#"{"content":"a","stop":true,"stop_type":"eos"}"#), "1 Content: \"a\"\nDone: stop");
}
