//! Connections that are lost before any byte of a reply.

use runexp::scenario::{Length, Load};
use tokio_util::sync::CancellationToken;

use super::{cell, run, three_tokens};
use crate::support::{FINISH, ScriptedServer, answer, answer_keeping_alive, chunk, end, read_request};

#[test]
fn a_connection_lost_before_any_byte_is_tried_once_more_and_counted() {
    let server = ScriptedServer::start(|number, stream| {
        if number > 0 {
            three_tokens(stream);
            chunk(stream, FINISH);
            end(stream);
        }
    });
    let (_, records) = run(&server.url(), cell(Load::Clients(1), Length::Requests(1)), &CancellationToken::new());
    assert!(records[0].outcome.is_success() && records[0].resent, "{:?}", records[0]);
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_request_is_resent_on_a_connection_of_its_own() {
    // Kept-alive connections lie in the pool, and each of them is closed as
    // soon as it is used again: only a fresh one can carry the request.
    let server = ScriptedServer::closing_on_the_second_request(answer_keeping_alive);
    let (_, records) = run(&server.url(), cell(Load::Clients(2), Length::Requests(12)), &CancellationToken::new());
    assert_eq!(records.iter().filter(|record| !record.outcome.is_success()).count(), 0);
    assert!(records.iter().any(|record| record.resent));
}

/// A server that gives up an idle connection says so with a status; a request may
/// cross that.
#[test]
fn a_request_that_crosses_the_end_of_an_idle_connection_is_resent() {
    let server = ScriptedServer::start(|_, stream| {
        answer_keeping_alive(stream);
        if read_request(&mut *stream).is_some() {
            answer(stream, "408 Request Timeout", "<html><title>408 Request Timeout</title></html>");
        }
    });
    let (_, records) = run(&server.url(), cell(Load::Clients(1), Length::Requests(4)), &CancellationToken::new());
    let told: Vec<(bool, bool)> = records.iter().map(|one| (one.outcome.is_success(), one.resent)).collect();
    assert_eq!(told, [(true, false), (true, true), (true, true), (true, true)], "{records:?}");
    let refusing = ScriptedServer::start(|_, stream| answer(stream, "408 Request Timeout", "too slow"));
    let (_, records) = run(&refusing.url(), cell(Load::Clients(1), Length::Requests(1)), &CancellationToken::new());
    assert_eq!((records[0].outcome.told().as_str(), records[0].resent), ("408 `too slow`", false));
}
