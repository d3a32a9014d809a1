//! What servers hear.

use runexp::record::RequestOutcome;
use runexp::scenario::{Length, Load, Prompt, RequestSpec, Said};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{cell, run_with};
use crate::support::{ScriptedServer, answer, answer_keeping_alive};

/// The body of a request that was heard.
fn body(heard: &str) -> Value {
    serde_json::from_str(heard.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn conversation() -> Prompt {
    Prompt {
        said: Said::Turns { system: None, texts: ["one", "two", "three"].map(str::to_owned).to_vec() },
        max_tokens: Some(5),
    }
}

#[test]
fn a_conversation_says_again_what_was_said_before() {
    let server = ScriptedServer::start(|_, stream| answer_keeping_alive(stream));
    let mut spec = cell(Load::Clients(1), Length::Requests(3));
    spec.request = RequestSpec { nonce: false, preamble: Some("Briefly: ".to_owned()), ..spec.request };
    let (_, records) = run_with(&server.url(), spec, vec![conversation()], &CancellationToken::new());
    let told: Vec<_> = records.iter().map(|record| (record.sequence, record.turn, record.asked_tokens)).collect();
    assert_eq!(told, [(0, Some(0), 5), (0, Some(1), 5), (0, Some(2), 5)]);
    let said = server.heard().iter().map(|heard| body(heard)["messages"].to_string()).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(said, @r#"
    [{"role":"user","content":"Briefly: one"}]
    [{"role":"user","content":"Briefly: one"},{"role":"assistant","content":"a"},{"role":"user","content":"two"}]
    [{"role":"user","content":"Briefly: one"},{"role":"assistant","content":"a"},{"role":"user","content":"two"},{"role":"assistant","content":"a"},{"role":"user","content":"three"}]
    "#);
}

#[test]
fn only_the_first_turn_of_a_conversation_has_a_nonce() {
    let server = ScriptedServer::start(|_, stream| answer_keeping_alive(stream));
    let spec = cell(Load::Clients(1), Length::Requests(3));
    run_with(&server.url(), spec, vec![conversation()], &CancellationToken::new());
    let bodies: Vec<Value> = server.heard().iter().map(|heard| body(heard)).collect();
    let last = bodies[2]["messages"].as_array().unwrap();
    assert_eq!(last[0], bodies[0]["messages"][0]);
    assert!(last[0]["content"].as_str().unwrap().ends_with("] one"), "{}", last[0]);
    assert_eq!([&last[2]["content"], &last[4]["content"]], ["two", "three"]);
}

#[test]
fn a_conversation_ends_with_the_first_turn_that_has_no_reply() {
    let server = ScriptedServer::start(|number, stream| match number {
        1 => answer(stream, "500 Internal Server Error", "{\"error\":\"no\"}"),
        _ => answer_keeping_alive(stream),
    });
    let spec = cell(Load::Clients(1), Length::Requests(3));
    let (_, records) = run_with(&server.url(), spec, vec![conversation()], &CancellationToken::new());
    let turns: Vec<_> = records.iter().map(|record| (record.sequence, record.turn)).collect();
    assert_eq!(turns, [(0, Some(0)), (0, Some(1)), (1, Some(0))]);
    assert!(matches!(records[1].outcome, RequestOutcome::Status { status: 500, .. }));
}
