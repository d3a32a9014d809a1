//! Heads.

use runexp::record::RequestOutcome;

use super::{UNDERWAY, assert_broken, first_outcome, flooded, length, outcome_of};
use crate::support::{answer, answer_keeping_alive};
use std::io::Write;

#[test]
fn a_head_without_end_is_given_up() {
    for (start, piece) in [
        ("HTTP/1.1 200 OK\r\nX-Endless: ", "x"),
        ("HTTP/1.1 200 OK\r\n", "X-One-More: of many\r\n"),
        ("", "x"),
        ("HTTP/1.1 200 ", "x"),
    ] {
        let (outcome, taken) = flooded(start, piece);
        assert_broken(&outcome, start);
        assert!(taken < UNDERWAY, "{taken} bytes taken after `{start}`");
    }
}

#[test]
fn another_protocol_is_no_reply() {
    for bytes in [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n".as_slice(),
        b"HTTP/9.9 two hundred\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\r\n\r\n",
    ] {
        assert_broken(&outcome_of(bytes), &bytes.escape_ascii().to_string());
    }
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let outcome = outcome_of("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(outcome, RequestOutcome::Redirected { status: 302, location: Some("/elsewhere".to_owned()) });
}

#[test]
fn what_is_said_before_the_answer_is_passed_over() {
    let outcome = first_outcome(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        answer_keeping_alive(stream);
    });
    assert_eq!(outcome, length());
}

#[test]
fn an_error_answer_without_end_is_its_status() {
    let (outcome, taken) = flooded("HTTP/1.1 500 Oops\r\nContent-Length: 1000000000000\r\n\r\n", "x");
    assert_eq!(outcome, RequestOutcome::Status { status: 500, message: "x".repeat(300), retry_after: None });
    assert!(taken < UNDERWAY, "{taken} bytes taken");
}

#[test]
fn an_error_answer_that_breaks_off_keeps_what_came_of_its_message() {
    let outcome = outcome_of("HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\nout of mem");
    assert_eq!(outcome, RequestOutcome::Status { status: 500, message: "out of mem".to_owned(), retry_after: None });
    let outcome = first_outcome(|stream| answer(stream, "503 Busy", ""));
    assert_eq!(outcome, RequestOutcome::Status { status: 503, message: String::new(), retry_after: None });
}
