//! What documents and the screen say of replies that are no plain streams of
//! counted tokens.

use std::net::TcpStream;
use std::time::Duration;

use insta::assert_snapshot;
use regex::Regex;

use super::folder::{Folder, Said};
use super::undisturbed::undisturbed;
use crate::support::{ScriptedServer, answer, answer_keeping_alive, chunk, end, stream_head, token};

const END: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// A run of twenty requests, one after the other, against a server that
/// answers so.
fn run(script: impl Fn(usize, &mut TcpStream) + Clone + Send + Sync + 'static) -> (Folder, Said) {
    undisturbed(0, || {
        let url = ScriptedServer::start(script.clone()).url();
        let folder = Folder::with(&format!(
            "schema = 1\nname = \"answers\"\ntitle = \"Answers\"\n[design]\nrepetitions = 1\nrerun = 0\n\
             [[server]]\nname = \"s\"\napi = \"openai\"\nmodel = \"m\"\nurl = \"{url}\"\n\
             [[phase]]\nname = \"load\"\nclients = 1\nrequests = 20\ndrain = \"1s\"\n\
             request = {{ prompt = \"hello\", max_tokens = 8, nonce = false, prompt_cache = \"allow\" }}\n"
        ));
        let said = folder.runexp("x.toml --quiet");
        (folder, said)
    })
}

/// The lines of the summary that hold any of these words, without numbers.
fn lines(said: &Said, words: &[&str]) -> String {
    let summary = said.run().read("summary.md");
    let told: Vec<&str> = summary.lines().filter(|line| words.iter().any(|word| line.contains(word))).collect();
    Regex::new(r"\d+(\.\d+)?( (tok/s|ms|s)\b| \()").unwrap().replace_all(&told.join("\n"), "N$2").into_owned()
}

/// Four chunks of some tokens, 10 ms apart.
fn chunks(stream: &mut TcpStream, text: &str) {
    stream_head(stream);
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(10));
        chunk(stream, &token(text));
    }
}

#[test]
fn figures_of_tokens_that_nobody_counted_are_by_events_in_their_own_cells() {
    let (_folder, said) = run(|_, stream| {
        chunks(stream, "one two ");
        chunk(stream, END);
        end(stream);
    });
    assert_eq!(said.code, Some(0), "{said}");
    assert_snapshot!(lines(&said, &["by events", "By events"]));
}

#[test]
fn times_between_tokens_of_chunks_that_hold_several_are_by_chunks() {
    let (_folder, said) = run(|_, stream| {
        chunks(stream, "one two ");
        chunk(
            stream,
            &END.replace("data: [DONE]", "data: {\"choices\":[],\"usage\":{\"completion_tokens\":8}}\n\ndata: [DONE]"),
        );
        end(stream);
    });
    assert_eq!(said.code, Some(0), "{said}");
    assert_snapshot!(lines(&said, &["by chunks", "By chunks"]));
}

#[test]
fn a_reply_in_one_body_was_not_streamed() {
    let (_folder, said) = run(|_, stream| {
        std::thread::sleep(Duration::from_millis(20));
        let body = "{\"choices\":[{\"message\":{\"content\":\"a b\"},\"finish_reason\":\"stop\"}],\"usage\":{\"completion_tokens\":2}}";
        answer(stream, "200 OK", body);
    });
    assert_eq!(said.code, Some(0), "{said}");
    assert_snapshot!(lines(&said, &["| not streamed"]));
}

#[test]
fn what_the_server_said_of_its_failures_is_told_everywhere() {
    let (_folder, said) = run(|number, stream| match number % 4 {
        1 => answer(stream, "429 Too Many Requests", "{\"error\":{\"message\":\"slow down\"}}"),
        3 => answer(stream, "503 Service Unavailable", "upstream busy"),
        _ => answer_keeping_alive(stream),
    });
    assert_eq!(said.code, Some(4), "{said}");
    assert_snapshot!(lines(&said, &["| 10 of 20: "]));
    let reason = said.to_string();
    assert!(reason.contains("429 `slow down`") && reason.contains("503 `upstream busy`"), "{reason}");
}

#[test]
fn tokens_that_are_counted_and_never_seen_are_no_throughput_of_nothing() {
    let (_folder, said) = run(|_, stream| {
        stream_head(stream);
        chunk(
            stream,
            &END.replace("data: [DONE]", "data: {\"choices\":[],\"usage\":{\"completion_tokens\":8}}\n\ndata: [DONE]"),
        );
        end(stream);
    });
    assert_eq!(said.code, Some(4), "{said}");
    assert_snapshot!(lines(&said, &["| 20 of 20: "]));
}
