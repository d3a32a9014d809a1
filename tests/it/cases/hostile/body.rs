//! Bodies.

use std::io::{Read, Write};

use runexp::record::RequestOutcome;

use super::{UNDERWAY, assert_broken, first_outcome, flooded, length, outcome_of, outcome_of_chunks};
use crate::support::{FINISH, token};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn with_length(length: usize, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn whole_body() -> String {
    token("a") + FINISH
}

#[test]
fn a_line_without_end_is_garbage() {
    let (outcome, taken) = flooded("HTTP/1.1 200 OK\r\n\r\ndata: ", "x");
    let message = "a line of the reply is longer than 1048576 bytes".to_owned();
    assert_eq!(outcome, RequestOutcome::Garbage { message });
    assert!(taken < UNDERWAY, "{taken} bytes taken");
}

#[test]
fn what_stands_around_chunks_has_an_end() {
    for (start, piece) in [("", "0"), ("1;", "x"), ("0\r\nX-Trailer: ", "x"), ("0\r\n", "X-One-More: of many\r\n")] {
        let start: &'static str = format!("{CHUNKED}{start}").leak();
        let (outcome, taken) = flooded(start, piece);
        assert_broken(&outcome, start);
        assert!(taken < UNDERWAY, "{taken} bytes taken after `{start}`");
    }
}

#[test]
fn a_body_that_is_shorter_than_its_length_is_an_early_close_unless_the_reply_was_whole() {
    let body = whole_body();
    assert_eq!(outcome_of(with_length(body.len() / 2, &body)), RequestOutcome::CutOff { finish: None });
    assert_eq!(outcome_of(with_length(body.len(), &token("a"))), RequestOutcome::EarlyClose);
    for length_told in [body.len(), body.len() + 1, 1_000_000_000_000, usize::MAX] {
        assert_eq!(outcome_of(with_length(length_told, &body)), length(), "{length_told}");
    }
}

#[test]
fn a_last_chunk_that_is_missing_or_broken_does_not_undo_a_whole_reply() {
    let (token, body) = (token("a"), whole_body());
    for end in ["", "0\r\n", "zz\r\n"] {
        assert_eq!(outcome_of_chunks(&format!("{:x}\r\n{body}\r\n{end}", body.len())), length(), "{end:?}");
    }
    assert_eq!(outcome_of_chunks(&format!("{:x}\r\n{token}\r\n", token.len())), RequestOutcome::EarlyClose);
}

#[test]
fn a_body_that_is_awaited_in_vain_has_stalled_unless_the_reply_was_whole() {
    let waiting = |body: String| {
        first_outcome(move |stream| {
            let _ = stream.write_all(with_length(1000, &body).as_bytes());
            // Held open until the client hangs up.
            let _ = stream.read(&mut [0]);
        })
    };
    assert_eq!(waiting(token("a")), RequestOutcome::Stall);
    assert_eq!(waiting(whole_body()), length());
}

#[test]
fn a_chunk_that_is_none_breaks_the_reply() {
    for body in [
        "-1\r\na\r\n",
        "zz\r\na\r\n",
        "0x1\r\na\r\n",
        "\r\na\r\n",
        "\n\n",
        "1\r\nab\r\n",
        "1\nab",
        "fffffffffffffffff\r\na\r\n",
    ] {
        assert_broken(&outcome_of_chunks(body), body);
    }
}

#[test]
fn a_chunk_as_long_as_numbers_go_is_not_waited_for_with_memory() {
    assert_eq!(outcome_of_chunks(&format!("ffffffffffffffff\r\n{}", token("a"))), RequestOutcome::EarlyClose);
}

#[test]
fn a_reply_that_ends_after_its_head_is_cut_off_or_an_early_close() {
    let cut_off = RequestOutcome::CutOff { finish: None };
    assert_eq!(outcome_of_chunks(""), RequestOutcome::EarlyClose);
    assert_eq!(outcome_of_chunks("0\r\n\r\n"), cut_off);
    assert_eq!(outcome_of("HTTP/1.1 200 OK\r\n\r\n"), cut_off);
    assert_eq!(outcome_of("HTTP/1.1 204 No Content\r\n\r\n"), cut_off);
}

#[test]
fn a_body_that_is_no_stream_of_events_is_told_for_what_it_is() {
    let page = "<!doctype html>\n<html><body>data: {\"choices\":[]}</body></html>\n";
    let message = "an HTML page at byte 0, not a reply of the OpenAI API".to_owned();
    assert_eq!(outcome_of(with_length(page.len(), page)), RequestOutcome::Html { message });
    let packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0";
    assert_eq!(outcome_of(packed), RequestOutcome::Compressed { encoding: "gzip".to_owned() });
    let words = "upstream connect error\n";
    let message =
        "not a reply of the OpenAI API: no field of a server-sent event at byte 0, near `upstream connect error`";
    assert_eq!(outcome_of(with_length(words.len(), words)), RequestOutcome::Garbage { message: message.to_owned() });
}
