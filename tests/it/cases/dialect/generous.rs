//! Replies that are not quite as their API says.

use insta::assert_snapshot;
use runexp::dialect::{Dialect, Event};

use super::shown::{decode, events_of};

/// One event of a stream, read.
fn read(json: &str) -> String {
    events_of(Dialect::OpenAiChat, true, format!("data: {json}\n\n").as_bytes()).replace('\n', " | ")
}

fn delta(fields: &str) -> String {
    read(&format!("{{\"choices\":[{{\"index\":0,\"delta\":{{{fields}}}}}]}}"))
}

#[test]
fn whatever_a_model_says_is_a_token() {
    let deltas = [
        r#""content":" ""#,
        r#""role":"assistant","content":"""#,
        r#""content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"}]"#,
        r#""reasoning_details":[{"type":"reasoning.text","text":"hm"}]"#,
        r#""reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]"#,
        r#""refusal":"no","content":null"#,
        r#""function_call":{"name":"f","arguments":""}"#,
        r#""function_call":{"arguments":"{"}"#,
        r#""tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]"#,
        r#""tool_calls":[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"g"}}]"#,
        r#""tool_calls":[{"function":{"name":"f","arguments":{"city":"Rome"}}}]"#,
        r#""tool_calls":{"function":{"name":"f"}}"#,
        r#""tool_calls":[{"type":"custom","custom":{"name":"f","input":"x"}}]"#,
        r#""tool_calls":[]"#,
        r#""tool_calls":"f""#,
    ];
    assert_snapshot!(deltas.map(|fields| format!("{fields}: {}\n", delta(fields))).concat());
}

#[test]
fn one_odd_field_does_not_spoil_the_rest() {
    let chunks = [
        r#"{"choices":[{"delta":{"content":"a\ud83e"}}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"logprob":-Infinity}]}}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"tokens":["a"],"token_logprobs":[NaN]}}]}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":12.0,"completion_tokens":"8"}}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":8}}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":null,"prompt_tokens_details":null}}"#,
        r#"{"choices":[],"usage":{"completion_tokens":8,"prompt_tokens_details":{"cached_tokens":-1}}}"#,
        r#"{"choices":[],"usage":{"completion_tokens":99999999999999999999,"prompt_tokens":1}}"#,
        r#"{"choices":[],"usage":[8]}"#,
        r#"{"choices":[],"usage":{}}"#,
        r#"{"choices":[{"delta":{"content":"a"}}],"usage":null}"#,
        r#"{"choices":[{"delta":{"content":"a"},"usage":{"prompt_tokens":3,"completion_tokens":1}}]}"#,
        r#"{"choices":[],"x_groq":{"usage":{"completion_tokens":8}}}"#,
        r#"{"choices":[],"usage":{"input_tokens":3,"output_tokens":8}}"#,
        r#"{"choices":[{"delta":{"content":"a"},"finish_reason":0}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"index":"0"}],"timings":"fast"}"#,
        r#"{"choices":[],"prompt_filter_results":[{}]}"#,
        r#"{"type":"ping"}"#,
        r#"{"choices":[{"delta":{"content":7}}]}"#,
    ];
    assert_snapshot!(chunks.map(|json| format!("{json}: {}\n", read(json))).concat());
}

#[test]
fn counts_that_come_with_a_chunk_are_told() {
    let chunks = [
        r#"{"choices":[{"delta":{"content":"a b"},"token_ids":[5,6]}]}"#,
        r#"{"choices":[{"delta":{"content":"a b"},"token_ids":null,"logprobs":{"content":[{},{}]}}]}"#,
        r#"{"choices":[{"text":"a b c","logprobs":{"tokens":["a"," b"," c"]}}]}"#,
        r#"{"choices":[{"delta":{"content":""},"token_ids":[7]}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[]}}]}"#,
        r#"{"choices":[{"delta":{"content":"a b"}}],"usage":{"completion_tokens":2}}"#,
    ];
    assert_snapshot!(chunks.map(|json| format!("{json}: {}\n", read(json))).concat());
    let llama = r#"{"content":"a b","tokens":[5,6],"stop":false}"#;
    let shown = events_of(Dialect::LlamaCompletion, true, format!("data: {llama}\n\n").as_bytes());
    assert_eq!(shown, "1 Content: \"a b\"\nCounted: 2");
    let ollama = r#"{"message":{"content":"a"},"logprobs":[{"token":"a"}]}"#;
    assert_eq!(events_of(Dialect::OllamaChat, true, ollama.as_bytes()), "1 Content: \"a\"\nCounted: 1");
}

#[test]
fn what_stands_around_the_events_does_not_matter() {
    let (token, end) = (r#"{"choices":[{"delta":{"content":"a"}}]}"#, r#"{"choices":[{"finish_reason":"stop"}]}"#);
    let bodies = [
        format!("\u{feff}data: {token}\n\ndata: {token}\n\ndata: {end}\n\ndata: [DONE]\n\n"),
        format!("data:{token}\r\n\r\ndata:{token}\r\n\r\ndata:{end}\r\n\r\ndata:[DONE]\r\n\r\n"),
        format!(
            ": ping\n\nid: 1\nevent: x\ndata: {token}\n\n: ping\n\nevent: ping\ndata: {{}}\n\ndata: {token}\n\ndata: {end}\n\n"
        ),
        format!("{token}\n{token}\n{end}\n"),
        format!("[\n]\ndata: {token}\n\ndata: {token}\n\ndata: {end}\n\n"),
    ];
    for body in bodies {
        let whole = decode(Dialect::OpenAiChat.decoder(true), [body.as_bytes()]);
        assert_eq!(decode(Dialect::OpenAiChat.decoder(true), body.as_bytes().chunks(1)), whole);
        let shown = events_of(Dialect::OpenAiChat, true, body.as_bytes());
        assert_eq!(shown.replace("Passed over: object\n", ""), "2 Content: \"a\" \"a\"\nDone: stop", "{body}");
    }
    let marked = "\u{feff}{\"response\":\"a\",\"done\":true,\"done_reason\":\"stop\"}\n";
    assert_eq!(
        events_of(Dialect::OllamaGenerate, true, marked.as_bytes()),
        "1 Content: \"a\"\nUsage: output 0\nDone: stop"
    );
}

#[test]
fn a_reply_may_come_as_one_body_though_a_stream_was_asked_for_and_the_other_way_round() {
    let body = "{\n \"choices\": [\n  {\"index\":0,\"message\":{\"content\":\"a b\"},\"finish_reason\":\"stop\"}],\n \
                \"usage\": {\"completion_tokens\":2}\n}\n";
    let told = "1 Content: \"a b\"\nUsage: output 2\nDone: stop";
    assert_eq!(events_of(Dialect::OpenAiChat, true, body.as_bytes()), told);
    let shape = |stream: bool, body: &str| {
        let mut decoder = Dialect::OpenAiChat.decoder(stream);
        decoder.push(body.as_bytes(), &mut |_: Event<'_>| ()).unwrap();
        decoder.finish(&mut |_: Event<'_>| ()).unwrap()
    };
    assert!(!shape(true, body).streamed);
    let framed =
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";
    assert!(shape(true, framed).streamed, "a stream of one token");
    assert!(!shape(false, framed).streamed);
    assert_eq!(events_of(Dialect::OpenAiChat, false, framed.as_bytes()), "1 Content: \"a\"\nDone: length");
    let lines = "{\"response\":\"a\"}\n{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\"}\n";
    let shown = events_of(Dialect::OllamaGenerate, false, lines.as_bytes());
    assert_eq!(shown, "1 Content: \"a\"\nUsage: output 0\nDone: stop");
}
