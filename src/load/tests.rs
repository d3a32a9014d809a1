//! What is sent, and when: window and bodies, without a server.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::exchange::{Exchange, Turn};
use super::window::Window;
use super::{Target, Workload};
use crate::clock::Clock;
use crate::plan::{CellSpec, Choices, expand};
use crate::record::CellKey;
use crate::scenario::{Bindings, Endpoint, LoadOptions, ServerSpec, load_frozen};
use crate::units::Nanos;

const SCENARIO: &str = r#"
schema = 1
name = "loaded"
title = "Loaded"

[[server]]
name = "one"
api = "openai"
url = "http://127.0.0.1:1"

[[phase]]
name = "load"
clients = 1
LENGTH
warmup = "1s"
drain = "2s"
request = { prompt = "x", preamble = "Say: ", max_tokens = 1 REQUEST }
"#;

/// The one cell of a phase of this length, with this added to its request.
fn planned(length: &str, request: &str) -> (CellKey, CellSpec, ServerSpec) {
    let text = SCENARIO.replace("LENGTH", length).replace("REQUEST", request);
    let scenario = load_frozen(&text, &LoadOptions { set: &[], profile: None, metrics: &[], times: &[] }).unwrap();
    let bindings = Bindings { run_id: "r".to_owned(), run_dir: PathBuf::from("/r"), ports: Vec::new() };
    let plan = expand(&scenario, &Choices { bindings: &bindings, seed: None, only: &[] }).unwrap();
    let (cell, spec) = plan.cells.first().unwrap();
    (CellKey { cell: cell.clone(), block: 0, epoch: 0, probe: None }, spec.clone(), plan.epochs[0].servers[0].clone())
}

fn seconds(seconds: f64) -> Nanos {
    Nanos::from_seconds(seconds)
}

fn workload(length: &str, request: &str, seed: u64) -> (Workload, ServerSpec) {
    let (key, spec, server) = planned(length, request);
    let prompts = ["a", "b", "c"].map(|text| text.to_owned().into()).to_vec();
    (Workload { key, spec, seed, nonces: seed, prompts, trace: Vec::new() }, server)
}

fn window(length: &str, stop: &CancellationToken) -> Window {
    Window::new(&workload(length, "", 1).0, Clock::start(), seconds(10.0), stop.clone())
}

#[test]
fn a_window_of_time_begins_after_the_warmup_and_admits_until_its_end() {
    let (length, seed) = ("duration = \"3s\"", 1);
    let window = window(length, &CancellationToken::new());
    let lead = workload(length, "", seed).0.spec.window_offset(seed);
    assert!(lead > Nanos::ZERO && lead <= seconds(0.3), "{lead}");
    let start = seconds(11.0).plus(lead);
    assert_eq!((window.load_start(), window.start()), (seconds(10.0), start));
    let moments =
        [seconds(10.0), start, start.plus(seconds(2.999)), start.plus(seconds(3.0)), start.plus(seconds(4.0))];
    assert_eq!(moments.map(|moment| window.admits(moment)), [true, true, true, false, false]);
}

#[test]
fn a_window_of_requests_counts_only_those_after_the_warmup() {
    let window = window("requests = 2", &CancellationToken::new());
    let admitted = [10.0, 10.5, 11.0, 10.9, 99.0, 99.0].map(|moment| window.admits(seconds(moment)));
    assert_eq!(admitted, [true, true, true, true, true, false]);
}

#[test]
fn a_window_of_requests_ends_with_the_last_of_them() {
    let window = window("requests = 2", &CancellationToken::new());
    assert_eq!(window.end(), seconds(11.0));
    window.finished(seconds(10.9), seconds(30.0));
    assert_eq!(window.end(), seconds(11.0));
    window.finished(seconds(11.0), seconds(20.0));
    window.finished(seconds(12.0), seconds(15.0));
    assert_eq!(window.end(), seconds(20.0));
}

#[tokio::test]
async fn an_interrupt_closes_the_window_and_cuts_what_is_under_way() {
    let stop = CancellationToken::new();
    let window = window("duration = \"1h\"", &stop);
    assert!(window.admits(seconds(11.0)));
    stop.cancel();
    assert!(!window.admits(seconds(11.0)));
    window.watched(window.interrupted()).await;
}

#[test]
fn what_is_under_way_is_cut_after_the_drain_time_unless_requests_are_counted() {
    let of_time = window("duration = \"3s\"", &CancellationToken::new());
    assert_eq!(of_time.closing(), Some(of_time.start().plus(seconds(5.0))));
    assert_eq!(window("requests = 2", &CancellationToken::new()).closing(), None);
}

/// What is sent in this turn, with this added to the request.
fn body(request: &str, seed: u64, turn: Turn) -> String {
    body_of(workload("duration = \"3s\"", request, seed), turn)
}

fn body_of((workload, server): (Workload, ServerSpec), turn: Turn) -> String {
    let clock = Clock::start();
    let window = Window::new(&workload, clock, Nanos(0), CancellationToken::new());
    let target = Target::new(&server, "http://127.0.0.1:1/", Endpoint::Chat, Duration::from_secs(1), &[]).unwrap();
    let exchange = Exchange::new(workload, vec![target], NonZeroUsize::MIN, clock, Arc::new(|_| {}), window).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&exchange.body(turn)).unwrap();
    body["messages"][0]["content"].as_str().unwrap().to_owned()
}

fn turn(client: u32, position: u64) -> Turn {
    Turn { client, sequence: position, position, target: client, worker: 0, said: None, scheduled: Nanos(0) }
}

#[test]
fn every_prompt_is_sent_once_before_one_comes_again() {
    let without = |position| body(", nonce = false", 7, turn(0, position));
    let first: BTreeSet<String> = (0..3).map(without).collect();
    assert_eq!(first, ["Say: a", "Say: b", "Say: c"].map(str::to_owned).into());
    assert_eq!(without(3), without(0));
}

#[test]
fn another_run_asks_the_same_and_begins_it_otherwise() {
    let sent = |nonces| {
        let (workload, server) = workload("duration = \"3s\"", "", 7);
        let body = body_of((Workload { nonces, ..workload }, server), turn(0, 0));
        let (nonce, rest) = body.split_once(' ').unwrap();
        (nonce.to_owned(), rest.to_owned())
    };
    let (one, other) = (sent(1), sent(2));
    assert!(one.0 != other.0 && one.1 == other.1, "{one:?} {other:?}");
}

#[test]
fn no_two_requests_begin_alike_and_the_same_seed_sends_the_same() {
    let sent = |seed, client, position| body("", seed, turn(client, position));
    let nonce = |text: String| text.split(' ').next().unwrap().to_owned();
    let all: BTreeSet<String> =
        [(7, 0, 0), (7, 0, 1), (7, 1, 0), (8, 0, 0)].map(|(seed, client, at)| nonce(sent(seed, client, at))).into();
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(sent(7, 1, 2), sent(7, 1, 2));
}
