//! The load driver against servers that misbehave: each end has its outcome.

mod answers;
mod asked;
mod open;
mod planned;
mod resent;

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use runexp::clock::Clock;
use runexp::load::{Driven, Target, Workload, drive};
use runexp::names::CellId;
use runexp::plan::CellSpec;
use runexp::record::{CellEnd, CellKey, RequestOutcome, RequestRecord};
use runexp::scenario::{Endpoint, Length, Load, Prompt};
use runexp::units::{Nanos, Period};
use tokio_util::sync::CancellationToken;

use planned::{cell, server};

use crate::support::{FINISH, ScriptedServer, answer, chunk, end, stream_head, token};

/// Drives the cell against one server and returns every record.
fn run(url: &str, spec: CellSpec, stop: &CancellationToken) -> (Driven, Vec<RequestRecord>) {
    drive_one(url, spec, vec!["hello".to_owned().into()], Vec::new(), stop)
}

/// The same, with the moments of a trace.
fn run_trace(url: &str, spec: CellSpec, trace: Vec<Nanos>, stop: &CancellationToken) -> (Driven, Vec<RequestRecord>) {
    drive_one(url, spec, vec!["hello".to_owned().into()], trace, stop)
}

/// The same, with other prompts.
fn run_with(url: &str, spec: CellSpec, prompts: Vec<Prompt>, stop: &CancellationToken) -> (Driven, Vec<RequestRecord>) {
    drive_one(url, spec, prompts, Vec::new(), stop)
}

fn drive_one(
    url: &str,
    spec: CellSpec,
    prompts: Vec<Prompt>,
    trace: Vec<Nanos>,
    stop: &CancellationToken,
) -> (Driven, Vec<RequestRecord>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let records = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&records);
    let driven = runtime.block_on(async {
        let clock = Clock::start();
        let target = Target::new(&server(url), url, Endpoint::Chat, spec.request.stall.duration(), &[]).unwrap();
        let workload = Workload {
            key: CellKey { cell: CellId::new("default/test/clients=1").unwrap(), block: 0, epoch: 0, probe: None },
            spec,
            seed: 1,
            nonces: 1,
            prompts,
            trace,
        };
        let sink = Arc::new(move |record| taken.lock().unwrap().push(record));
        drive(workload, vec![target], clock, clock.now(), sink, stop).await.unwrap()
    });
    let records = records.lock().unwrap().clone();
    (driven, records)
}

/// What one request ends as when the server answers it so.
fn outcome_of(script: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> RequestOutcome {
    let server = ScriptedServer::start(move |_, stream| script(stream));
    let (_, records) = run(&server.url(), cell(Load::Clients(1), Length::Requests(1)), &CancellationToken::new());
    assert_eq!(records.len(), 1);
    records[0].outcome.clone()
}

fn three_tokens(stream: &mut TcpStream) {
    stream_head(stream);
    for text in ["a", "b", "c"] {
        chunk(stream, &token(text));
    }
}

#[test]
fn a_whole_reply_is_a_success() {
    let outcome = outcome_of(|stream| {
        three_tokens(stream);
        chunk(stream, FINISH);
        end(stream);
    });
    assert_eq!(outcome, RequestOutcome::Success { finish: "length".to_owned() });
}

#[test]
fn an_error_status_keeps_the_servers_message() {
    let outcome = outcome_of(|stream| {
        answer(stream, "500 Internal Server Error", r#"{"error":{"message":"out of memory"}}"#);
    });
    assert_eq!(outcome, RequestOutcome::Status { status: 500, message: "out of memory".to_owned(), retry_after: None });
}

#[test]
fn an_error_object_inside_a_200_stream_is_a_failure() {
    let outcome = outcome_of(|stream| {
        three_tokens(stream);
        chunk(stream, "data: {\"error\":{\"message\":\"slot lost\"}}\n\n");
        end(stream);
    });
    assert_eq!(outcome, RequestOutcome::ServerError { message: "slot lost".to_owned() });
}

#[test]
fn a_stream_that_ends_too_soon_is_an_early_close() {
    let clean_end = outcome_of(|stream| {
        three_tokens(stream);
        end(stream);
    });
    let broken_off = outcome_of(|stream| {
        three_tokens(stream);
        let _ = stream.shutdown(Shutdown::Both);
    });
    assert_eq!([clean_end, broken_off], [RequestOutcome::CutOff { finish: None }, RequestOutcome::EarlyClose]);
}

#[test]
fn a_server_that_falls_silent_has_stalled() {
    let (hold, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let outcome = outcome_of(move |stream| {
        three_tokens(stream);
        // Held open until the test is over.
        let _ = released.lock().unwrap().recv();
    });
    drop(hold);
    assert_eq!(outcome, RequestOutcome::Stall);
}

#[test]
fn a_reply_that_goes_on_beyond_the_timeout_has_timed_out_and_not_stalled() {
    let server = ScriptedServer::start(|_, stream| {
        stream_head(stream);
        // Never silent, never done: until the driver closes the connection.
        while stream.write_all(format!("{:x}\r\n{}\r\n", token("a").len(), token("a")).as_bytes()).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let mut spec = cell(Load::Clients(1), Length::Requests(1));
    spec.request.stall = Period::from_secs(30);
    spec.request.timeout = Some(Period::from(Duration::from_millis(100)));
    let (_, records) = run(&server.url(), spec, &CancellationToken::new());
    assert_eq!(records[0].outcome, RequestOutcome::Timeout);
    assert!(records[0].chunks.total_events() > 0);
    assert!(records[0].finished_ns.since(records[0].sent_ns) >= Duration::from_millis(100).into());
}

#[test]
fn bytes_that_are_no_http_are_garbage_too() {
    let outcome = outcome_of(|stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
    });
    assert_eq!(outcome, RequestOutcome::Garbage { message: "invalid HTTP version".to_owned() });
}

#[test]
fn bytes_that_are_not_the_protocol_are_garbage() {
    let outcome = outcome_of(|stream| {
        stream_head(stream);
        chunk(stream, "data: this is not JSON\n\n");
        end(stream);
    });
    let RequestOutcome::Garbage { message } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("at byte 7, near `this is not J`"), "{message}");
}

#[test]
fn a_refused_connection_is_a_connect_failure_and_is_not_hammered() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let length = Length::Duration(Period::from(Duration::from_millis(500)));
    let (_, records) = run(&format!("http://{free}"), cell(Load::Clients(1), length), &CancellationToken::new());
    assert!(records.iter().all(|record| matches!(record.outcome, RequestOutcome::Connect { .. })));
    assert!((2..=6).contains(&records.len()), "{} requests in half a second", records.len());
}

#[test]
fn a_server_that_answers_errors_at_once_is_not_hammered_either() {
    let server = ScriptedServer::start(|_, stream| answer(stream, "503 Service Unavailable", "loading"));
    let length = Length::Duration(Period::from(Duration::from_millis(500)));
    let (_, records) = run(&server.url(), cell(Load::Clients(1), length), &CancellationToken::new());
    assert!((2..=6).contains(&records.len()), "{} requests in half a second", records.len());
}

#[test]
fn time_stamps_come_in_the_order_of_what_happened() {
    let server = ScriptedServer::start(|_, stream| {
        three_tokens(stream);
        chunk(stream, FINISH);
        end(stream);
    });
    let (driven, records) = run(&server.url(), cell(Load::Clients(2), Length::Requests(20)), &CancellationToken::new());
    assert_eq!((driven.end, records.len()), (CellEnd::Complete, 20));
    for record in records {
        let times = [
            Some(record.scheduled_ns),
            Some(record.started_ns),
            Some(record.sent_ns),
            record.headers_ns,
            record.first_token_ns,
            record.last_token_ns,
            Some(record.finished_ns),
        ];
        let times: Vec<_> = times.into_iter().flatten().collect();
        assert!(times.len() == 7 && times.is_sorted(), "{times:?}");
        assert_eq!(record.chunks.total_events(), 3);
        assert_eq!(record.chunks.gaps_ns.iter().sum::<u64>(), record.last_token_ns.unwrap().since(record.sent_ns).0);
    }
}

#[test]
fn a_reply_that_misses_what_was_expected_is_marked() {
    let server = ScriptedServer::start(|_, stream| {
        three_tokens(stream);
        chunk(stream, FINISH);
        end(stream);
    });
    let mut spec = cell(Load::Clients(1), Length::Requests(1));
    spec.expect.matches = Some("^abd$".to_owned());
    let (_, records) = run(&server.url(), spec, &CancellationToken::new());
    assert_eq!(records[0].unexpected.as_deref(), Some("text does not match `^abd$`"));
    assert!(records[0].outcome.is_success());
}

#[test]
fn an_interrupt_ends_requests_in_flight() {
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    let server = ScriptedServer::start(move |_, stream| {
        three_tokens(stream);
        cancel.cancel();
        let mut hold = [0];
        let _ = std::io::Read::read(stream, &mut hold);
        let _ = stream.flush();
    });
    let mut spec = cell(Load::Clients(1), Length::Requests(5));
    spec.request.stall = Period::from_secs(30);
    let (driven, records) = run(&server.url(), spec, &stop);
    assert_eq!(driven.end, CellEnd::Interrupted);
    assert_eq!(records.iter().map(|record| &record.outcome).collect::<Vec<_>>(), [&RequestOutcome::Interrupted]);
}
