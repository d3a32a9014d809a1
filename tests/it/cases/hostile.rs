//! Servers that break HTTP or never end: each request has an outcome, the
//! client takes no more than a little of what they send, and the run goes on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use runexp::record::{RequestOutcome, RequestRecord};

use crate::support::driven::{Phase, runtime};
use crate::support::{FINISH, ScriptedServer, answer_keeping_alive, chunk, end, stream_head, token};

mod body;
mod head;
mod severed;

/// Two requests of one client.
const TWO_REQUESTS: &str =
    "clients = 1\nrequests = 2\nrequest = { prompt = \"hello\", max_tokens = 8, stall = \"400ms\" }";

fn drive(phase: &str, server: &ScriptedServer) -> Vec<RequestRecord> {
    runtime().block_on(Phase::of(phase).drive(&server.url()))
}

/// What the first request ends as when it is answered so. The second one gets
/// a good answer, and has to succeed.
fn first_outcome(script: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> RequestOutcome {
    let server = ScriptedServer::start(move |number, stream| match number {
        0 => script(stream),
        _ => answer_keeping_alive(stream),
    });
    let records = drive(TWO_REQUESTS, &server);
    assert_eq!(records.len(), 2);
    assert!(records[1].outcome.is_success(), "the run does not go on: {:?}", records[1].outcome);
    assert!(!records[0].resent && server.requests() == 2, "{:?} was resent", records[0].outcome);
    records[0].outcome.clone()
}

/// The same, for an answer that is these bytes.
fn outcome_of(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> RequestOutcome {
    first_outcome(move |stream| drop(stream.write_all(bytes.as_ref())))
}

/// A streamed answer whose body is these bytes, chunks or not.
fn outcome_of_chunks(body: &str) -> RequestOutcome {
    let body = body.to_owned();
    first_outcome(move |stream| {
        stream_head(stream);
        let _ = stream.write_all(body.as_bytes());
    })
}

/// The most that a hostile server writes before it gives up.
const FLOOD: usize = 64 << 20;
/// What may be on its way to a client that has stopped reading: the buffers of
/// two sockets, and what it had read.
const UNDERWAY: usize = 24 << 20;

/// Writes `start`, then `piece` over and over; the outcome, and how many bytes
/// were taken until the client hung up.
fn flooded(start: &'static str, piece: &str) -> (RequestOutcome, usize) {
    let taken = Arc::new(AtomicUsize::new(0));
    let (counted, pieces) = (Arc::clone(&taken), piece.repeat((64 << 10) / piece.len()));
    let outcome = first_outcome(move |stream| {
        let _ = stream.write_all(start.as_bytes());
        while counted.load(Ordering::SeqCst) < FLOOD && stream.write_all(pieces.as_bytes()).is_ok() {
            counted.fetch_add(pieces.len(), Ordering::SeqCst);
        }
    });
    (outcome, taken.load(Ordering::SeqCst))
}

/// Bytes that are no HTTP end a request as garbage.
fn assert_broken(outcome: &RequestOutcome, what: &str) {
    assert!(matches!(outcome, RequestOutcome::Garbage { .. }), "{what}: {outcome:?}");
}

fn length() -> RequestOutcome {
    RequestOutcome::Success { finish: "length".to_owned() }
}

#[test]
fn an_endless_stream_of_tokens_is_cut_off_with_its_phase() {
    let server = ScriptedServer::start(|_, stream| {
        stream_head(stream);
        let token = token("a");
        while write!(stream, "{:x}\r\n{token}\r\n", token.len()).is_ok() {}
    });
    let phase =
        "clients = 1\nduration = \"200ms\"\ndrain = \"100ms\"\nrequest = { prompt = \"hello\", max_tokens = 8 }";
    let records = drive(phase, &server);
    assert_eq!(records.iter().map(|record| &record.outcome).collect::<Vec<_>>(), [&RequestOutcome::Cut]);
    assert!(records[0].chunks.total_events() > 0);
}

/// Writes `start`, then spaces, one at a time and never in silence for long.
fn trickle(stream: &mut TcpStream, start: &str) {
    let _ = stream.set_nodelay(true);
    let _ = stream.write_all(start.as_bytes());
    while stream.write_all(b" ").is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_reply_that_trickles_never_stalls_and_is_cut_off_with_its_phase() {
    let phase = "clients = 1\nduration = \"500ms\"\ndrain = \"100ms\"\n\
                 request = { prompt = \"hello\", max_tokens = 8, stall = \"300ms\" }";
    for start in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\ndata: "] {
        let server = ScriptedServer::start(|_, stream| trickle(stream, start));
        let outcomes = drive(phase, &server).into_iter().map(|record| record.outcome);
        assert_eq!(outcomes.collect::<Vec<_>>(), [RequestOutcome::Cut], "{start}");
    }
}

#[test]
fn a_reply_without_end_is_over_at_its_timeout() {
    let phase = "clients = 1\nrequests = 1\nrequest = { prompt = \"hello\", max_tokens = 8, timeout = \"300ms\" }";
    for start in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\ndata: "] {
        let server = ScriptedServer::start(|_, stream| trickle(stream, start));
        let outcomes = drive(phase, &server).into_iter().map(|record| record.outcome);
        assert_eq!(outcomes.collect::<Vec<_>>(), [RequestOutcome::Timeout], "{start}");
    }
}

#[test]
fn what_follows_a_whole_reply_is_no_reply_to_the_next_request() {
    let server = ScriptedServer::start(|number, stream| {
        if number > 0 {
            return answer_keeping_alive(stream);
        }
        stream_head(stream);
        chunk(stream, &token("a"));
        chunk(stream, FINISH);
        // The end and what follows it come together.
        let _ = stream.write_all(b"0\r\n\r\nHTTP/1.1 418 I am a teapot\r\nContent-Length: 0\r\n\r\n");
        // Held open until the client hangs up, so that it could be used.
        let _ = stream.read(&mut [0; 4096]);
    });
    let records = drive(TWO_REQUESTS, &server);
    assert_eq!(records.into_iter().map(|record| record.outcome).collect::<Vec<_>>(), [length(), length()]);
}

#[test]
fn half_a_character_at_the_edge_of_a_chunk_becomes_a_whole_one() {
    let server = ScriptedServer::start(|_, stream| {
        stream_head(stream);
        let crab = token("🦀");
        let middle = crab.find('🦀').unwrap() + 2;
        for half in [&crab.as_bytes()[..middle], &crab.as_bytes()[middle..]] {
            let _ = stream.write_all(&[format!("{:x}\r\n", half.len()).as_bytes(), half, b"\r\n"].concat());
            let _ = stream.flush();
        }
        chunk(stream, FINISH);
        end(stream);
    });
    let records = drive(&format!("{TWO_REQUESTS}\nexpect = {{ matches = \"^🦀$\" }}"), &server);
    let told: Vec<_> = records.into_iter().map(|record| (record.outcome, record.unexpected)).collect();
    assert_eq!(told, [(length(), None), (length(), None)]);
}
