//! What counts as an answer, and what is recorded of it.

use std::io::Write as _;

use runexp::record::{RequestOutcome, RequestRecord, TokenSource};
use runexp::scenario::{Length, Load};
use tokio_util::sync::CancellationToken;

use super::planned::cell;
use super::run;
use crate::support::chat::{self, DONE, finish};
use crate::support::{ScriptedServer, answer, chunk, end, stream_head, token};

fn usage(tokens: &str) -> String {
    chat::usage(&format!("\"prompt_tokens\":3,\"completion_tokens\":{tokens}"))
}

/// What is recorded of a reply of these events, each a chunk of its own.
fn record_of(events: Vec<String>) -> RequestRecord {
    let server = ScriptedServer::start(move |_, stream| {
        stream_head(stream);
        for event in &events {
            chunk(stream, event);
        }
        end(stream);
    });
    only(&server)
}

/// What is recorded of an answer with this status line and body.
fn record_of_body(status: &'static str, body: &'static str) -> RequestRecord {
    only(&ScriptedServer::start(move |_, stream| answer(stream, status, body)))
}

fn only(server: &ScriptedServer) -> RequestRecord {
    let (_, mut records) = run(&server.url(), cell(Load::Clients(1), Length::Requests(1)), &CancellationToken::new());
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn a_reply_without_a_token_is_empty_however_well_it_ends() {
    let empty = |counted| RequestOutcome::Empty { finish: "stop".to_owned(), counted };
    assert_eq!(record_of(vec![finish("stop"), DONE.to_owned()]).outcome, empty(None));
    assert_eq!(record_of(vec![finish("stop"), usage("0"), DONE.to_owned()]).outcome, empty(None));
    let hidden = record_of(vec![finish("stop"), usage("9"), DONE.to_owned()]);
    assert_eq!((hidden.outcome, hidden.usage.output_tokens), (empty(Some(9)), Some(9)));
    let call =
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"now\",\"arguments\":\"\"}}]}}]}\n\n";
    let called = record_of(vec![call.to_owned(), finish("tool_calls"), usage("9"), DONE.to_owned()]);
    assert_eq!(called.outcome, RequestOutcome::Success { finish: "tool_calls".to_owned() });
    assert!(called.calls_tool && called.first_token_ns.is_some());
}

/// The scenario names another API than the server has.
#[test]
fn a_reply_that_is_of_another_api_is_garbage_and_shown() {
    let responses = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n";
    let ollama = "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":false}\n";
    let garbage = |reply: RequestRecord| match reply.outcome {
        RequestOutcome::Garbage { message } => message,
        other => format!("{other:?}"),
    };
    insta::assert_snapshot!(
        [record_of(vec![responses.to_owned()]), record_of(vec![ollama.to_owned()])].map(garbage).join("\n"), @r#"
    not a reply of the OpenAI API: an object of another kind at byte 30, near `{"type":"response.created","response":{"id":"r"}}`
    not a reply of the OpenAI API: an object of another kind at byte 0, near `{"model":"m","message":{"role":"assistant","content":"a"},"done":false}`
    "#);
    let early = "data: {\"cost\":{\"usd\":0}}\n\n".to_owned();
    assert_eq!(record_of(vec![early, token("a")]).outcome, RequestOutcome::CutOff { finish: None });
}

/// It would be waited for without end: signs of life keep a connection alive.
#[test]
fn a_reply_is_whole_though_its_body_stays_open_behind_it() {
    let server = ScriptedServer::start(|_, stream| {
        stream_head(stream);
        for event in [token("a"), finish("stop"), DONE.to_owned()] {
            chunk(stream, &event);
        }
        while stream.write_all(b"8\r\n: ping\n\n\r\n").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    assert_eq!(only(&server).outcome, RequestOutcome::Success { finish: "stop".to_owned() });
}

#[test]
fn a_reply_that_was_broken_off_is_cut_off_whatever_mark_ends_it() {
    let cut_off = |finish: Option<&str>| RequestOutcome::CutOff { finish: finish.map(str::to_owned) };
    let ends = [
        (vec![token("a"), DONE.to_owned()], None),
        (vec![token("a"), finish(""), DONE.to_owned()], None),
        (vec![token("a")], None),
        (vec![token("a"), finish("abort"), DONE.to_owned()], Some("abort")),
        (vec![token("a"), finish("content_filter"), DONE.to_owned()], Some("content_filter")),
    ];
    for (events, reason) in ends {
        assert_eq!(record_of(events).outcome, cut_off(reason), "{reason:?}");
    }
}

#[test]
fn each_trouble_that_a_server_tells_of_has_its_name() {
    let too_long = r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","code":400}"#;
    let message = "This model's maximum context length is 4096 tokens.".to_owned();
    let overflow = record_of_body("400 Bad Request", too_long);
    assert_eq!(overflow.outcome, RequestOutcome::ContextOverflow { status: Some(400), message: message.clone() });
    let inside = format!("data: {{\"error\":{{\"message\":\"{message}\"}}}}\n\n");
    assert_eq!(record_of(vec![inside]).outcome, RequestOutcome::ContextOverflow { status: None, message });
    let busy = record_of_body("429 Too Many Requests\r\nRetry-After: 30", r#"{"error":{"message":"slow down"}}"#);
    let (message, retry_after) = ("slow down".to_owned(), Some("30".to_owned()));
    assert_eq!(busy.outcome, RequestOutcome::Status { status: 429, message, retry_after });
    let elsewhere = record_of_body("307 Temporary Redirect\r\nLocation: /v1/chat/completions/", "");
    let location = Some("/v1/chat/completions/".to_owned());
    assert_eq!(elsewhere.outcome, RequestOutcome::Redirected { status: 307, location });
    let packed = record_of_body("502 Bad Gateway\r\nContent-Encoding: br", "x");
    assert_eq!(packed.outcome, RequestOutcome::Compressed { encoding: "br".to_owned() });
    let page = record_of_body("502 Bad Gateway", "<html><head><title>502 Bad Gateway</title></head></html>");
    let (message, retry_after) = ("502 Bad Gateway".to_owned(), None);
    assert_eq!(page.outcome, RequestOutcome::Status { status: 502, message, retry_after });
}

/// A proxy that gives up on its server says so in the middle of the stream.
#[test]
fn a_page_that_a_stream_breaks_into_is_told_by_its_title_however_it_comes() {
    let page = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center>nginx</center>\r\n</body>\r\n</html>\r\n";
    let untitled = "<!DOCTYPE html>\n<p>busy</p>\n";
    let split = page.split_inclusive("\r\n").map(str::to_owned);
    let told = [
        record_of(vec![token("a"), page.to_owned()]),
        record_of([token("a")].into_iter().chain(split).collect()),
        record_of(vec![format!("data: {page}\n")]),
        record_of(vec![token("a"), untitled.to_owned()]),
        record_of_body("200 OK", page),
    ];
    let told = told.map(|record| match record.outcome {
        RequestOutcome::Html { message } => message,
        other => format!("{other:?}"),
    });
    insta::assert_snapshot!(told.join("\n"), @r"
    an HTML page titled `504 Gateway Time-out` at byte 78, not a reply of the OpenAI API
    an HTML page titled `504 Gateway Time-out` at byte 78, not a reply of the OpenAI API
    an HTML page titled `504 Gateway Time-out` at byte 14, not a reply of the OpenAI API
    an HTML page at byte 78, not a reply of the OpenAI API
    an HTML page titled `504 Gateway Time-out` at byte 0, not a reply of the OpenAI API
    ");
}

/// The connection breaks before the title has come.
#[test]
fn a_page_is_a_page_however_its_connection_ends() {
    let server = ScriptedServer::start(|_, stream| {
        stream_head(stream);
        chunk(stream, &token("a"));
        chunk(stream, "<html>\n<head>\n");
    });
    insta::assert_snapshot!(only(&server).outcome.told(), @"HTML page `an HTML page at byte 78, not a reply of the OpenAI API`");
}

#[test]
fn thoughts_are_hidden_only_where_they_were_not_sent() {
    let spent = |all: u32, thought: u32| {
        chat::usage(&format!(
            "\"completion_tokens\":{all},\"completion_tokens_details\":{{\"reasoning_tokens\":{thought}}}"
        ))
    };
    let thought =
        |text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"reasoning_content\":\"{text}\"}}}}]}}\n\n");
    let hidden = |mut events: Vec<String>, usage: String| {
        events.extend([finish("stop"), usage, DONE.to_owned()]);
        record_of(events).usage.hidden_tokens
    };
    let answer = || vec![token("a"), token("b"), token("c")];
    assert_eq!(hidden(answer(), spent(103, 100)), Some(100));
    assert_eq!(hidden(answer(), spent(3, 0)), None);
    let shown = [vec![thought("so "), thought("it is")], answer()].concat();
    assert_eq!(hidden(shown, spent(5, 2)), None);
    let summary = [vec![thought("I think.")], answer()].concat();
    assert_eq!(hidden(summary, spent(303, 300)), Some(300));
    let in_the_text = (0..20).map(|_| token("a")).collect();
    assert_eq!(hidden(in_the_text, spent(20, 16)), None, "the thoughts came as the answer");
}

#[test]
fn a_reply_in_one_body_to_a_request_for_a_stream_has_no_first_token() {
    let body = r#"{"choices":[{"index":0,"message":{"content":"a b"},"finish_reason":"stop"}],"usage":{"completion_tokens":2}}"#;
    let record = record_of_body("200 OK", body);
    assert!(record.outcome.is_success() && record.not_streamed, "{:?}", record.outcome);
    assert_eq!((record.first_token_ns, record.first_output_token_ns), (None, None));
    assert!(record.last_token_ns.is_some());
}

#[test]
fn the_counts_that_come_with_chunks_are_recorded_and_else_their_text() {
    let counted = |text: &str, tokens: u32| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}],\"usage\":{{\"completion_tokens\":{tokens}}}}}\n\n"
        )
    };
    let running = record_of(vec![counted("a", 1), counted(" b c d", 4), finish("stop"), DONE.to_owned()]);
    assert_eq!(running.chunks.tokens.iter().sum::<u32>(), 4);
    assert_eq!((running.usage.output_tokens, running.usage.source), (Some(4), TokenSource::Server));
    let several = record_of(vec![token("w "), token("w w w w w w w "), finish("stop"), usage("8"), DONE.to_owned()]);
    // Where all of it comes with one read, its only chunk is counted.
    let told = (several.chunks.text.iter().sum::<u32>(), several.chunks.tokens.iter().sum::<u32>());
    assert!(told == (16, 0) || told == (0, 8), "{told:?}");
    let ids = "data: {\"choices\":[{\"delta\":{\"content\":\"a b\"},\"token_ids\":[1,2]}]}\n\n".to_owned();
    let listed = record_of(vec![ids.clone(), ids, finish("stop"), DONE.to_owned()]);
    assert_eq!((listed.usage.output_tokens, listed.usage.source), (Some(4), TokenSource::Server));
}

#[test]
fn of_several_choices_the_events_are_counted_where_the_server_counts_one() {
    let choice = |index: u32, rest: &str| format!("data: {{\"choices\":[{{\"index\":{index},{rest}}}]}}\n\n");
    let tokens = |index| choice(index, "\"delta\":{\"content\":\"a\"}");
    let ends = |index| choice(index, "\"delta\":{},\"finish_reason\":\"stop\"");
    let all = vec![tokens(0), tokens(1), tokens(0), tokens(1), ends(0), ends(1), usage("2"), DONE.to_owned()];
    let record = record_of(all);
    assert!(record.outcome.is_success(), "{:?}", record.outcome);
    assert_eq!(
        (record.choices, record.usage.output_tokens, record.usage.source),
        (Some(2), Some(4), TokenSource::Events)
    );
}

#[test]
fn what_is_odd_and_not_needed_is_passed_over_and_counted() {
    let odd = usage("8.0").replace("\"prompt_tokens\":3", "\"prompt_tokens\":-1");
    let half = token("a").replace("\"a\"", "\"a\\ud83e\"");
    let record = record_of(vec![half.clone(), half, finish("stop"), odd, DONE.to_owned()]);
    assert!(record.outcome.is_success(), "{:?}", record.outcome);
    assert_eq!((record.usage.prompt_tokens, record.usage.output_tokens), (None, Some(8)));
    let passed_over: Vec<_> = record.passed_over.iter().map(|(field, count)| (field.as_str(), *count)).collect();
    assert_eq!(passed_over, [("content", 2), ("prompt_tokens", 1)]);
}
