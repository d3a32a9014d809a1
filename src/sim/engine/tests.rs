use std::fmt::Write as _;

use super::*;
use crate::plan::{Bracket, Try, bracket, next_try};
use crate::scenario::{Arrival, Find, Searched};
use crate::sim::find;
use crate::units::Share;

const WORK: Work = Work { prompt_tokens: 150, output_tokens: 200 };

/// Who works on what.
#[derive(Clone, Copy)]
struct Treatment {
    mps: bool,
    servers: u32,
    slots: u32,
    clients: u32,
}

const fn one_server(mps: bool, clients: u32) -> Treatment {
    Treatment { mps, servers: 1, slots: 8, clients }
}

const fn three_servers(mps: bool, clients: u32) -> Treatment {
    Treatment { mps, servers: 3, slots: 1, clients }
}

struct Measured {
    tokens_per_s: f64,
    ttft_ms: f64,
}

fn engine(machine: &str, mps: bool) -> Engine {
    let mut engine = Engine::new(find(machine, &[]).unwrap());
    if mps {
        engine.share(Sharing::mps(engine.machine().gpu.mps.unwrap()));
    }
    engine
}

/// Clients that send the next request when they have the last token of the
/// one before, spread over the servers; seen from 10 s to 70 s.
fn closed_loop(machine: &str, treatment: Treatment) -> Measured {
    let mut engine = engine(machine, treatment.mps);
    let servers: Vec<ProcessId> = (0..treatment.servers).map(|_| engine.spawn(treatment.slots)).collect();
    let mut waiting = BTreeMap::new();
    let mut homes = BTreeMap::new();
    for server in servers.iter().cycle().take(treatment.clients as usize) {
        let request = engine.submit(*server, WORK).unwrap();
        homes.insert(request, *server);
        waiting.insert(request, 0.0);
    }
    let (mut tokens, mut ttft_s, mut replies) = (0.0, 0.0, 0.0);
    while engine.now_s() < 70.0 {
        for token in engine.advance(engine.next_event_s().unwrap()) {
            let sent_s = waiting.remove(&token.request);
            if token.at_s >= 10.0 {
                tokens += 1.0;
                ttft_s += sent_s.map_or(0.0, |sent_s| token.at_s - sent_s);
                replies += sent_s.map_or(0.0, |_| 1.0);
            }
            if token.last {
                let server = homes.remove(&token.request).unwrap();
                let request = engine.submit(server, WORK).unwrap();
                homes.insert(request, server);
                waiting.insert(request, token.at_s);
            }
        }
    }
    Measured { tokens_per_s: tokens / 60.0, ttft_ms: ttft_s / replies * 1e3 }
}

/// Output tok/s of a first look on a real H100, 2026-11-22: 200 tokens a
/// reply, about 150 of prompt, closed loop.
const FIRST_LOOK: [(Treatment, f64); 13] = [
    (one_server(false, 1), 212.0),
    (one_server(false, 2), 365.0),
    (one_server(false, 3), 466.0),
    (one_server(false, 4), 500.0),
    (one_server(false, 8), 631.0),
    (one_server(true, 1), 212.0),
    (one_server(true, 3), 456.0),
    (three_servers(false, 1), 217.0),
    (three_servers(false, 2), 217.0),
    (three_servers(false, 3), 179.0),
    (three_servers(true, 1), 218.0),
    (three_servers(true, 2), 277.0),
    (three_servers(true, 3), 298.0),
];

#[test]
fn h100_gives_every_cell_of_the_first_look_within_15_percent() {
    let mut wrong = String::new();
    for (treatment, measured) in FIRST_LOOK {
        let simulated = closed_loop("h100", treatment).tokens_per_s;
        let Treatment { mps, servers, clients, .. } = treatment;
        if (simulated / measured - 1.0).abs() > 0.15 {
            writeln!(wrong, "mps {mps}, {servers} servers, {clients} clients: {simulated:.0} for {measured}").unwrap();
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn h100_waits_for_first_tokens_about_as_long_as_in_the_first_look() {
    let looks = [
        (one_server(false, 1), 32.0),
        (one_server(false, 3), 87.0),
        (three_servers(false, 3), 67.0),
        (three_servers(true, 3), 53.0),
    ];
    for (treatment, measured_ms) in looks {
        let ratio = closed_loop("h100", treatment).ttft_ms / measured_ms;
        assert!((0.7..1.3).contains(&ratio), "{ratio} times the {measured_ms} ms that were measured");
    }
}

#[test]
fn the_order_of_the_ways_to_serve_three_clients_is_the_measured_one() {
    let sliced = closed_loop("h100", three_servers(false, 3)).tokens_per_s;
    let single = closed_loop("h100", three_servers(false, 1)).tokens_per_s;
    let mps = closed_loop("h100", three_servers(true, 3)).tokens_per_s;
    let batching = closed_loop("h100", one_server(false, 3)).tokens_per_s;
    assert!(sliced < single && single < mps && mps < batching, "{sliced} {single} {mps} {batching}");
}

#[test]
fn one_stream_is_as_fast_as_published_on_every_machine() {
    for (machine, published) in [("dgx-spark", 38.0), ("rtx-5090", 232.0), ("m4-pro", 40.5)] {
        let one = Treatment { mps: false, servers: 1, slots: 1, clients: 1 };
        let ratio = closed_loop(machine, one).tokens_per_s / published;
        assert!((0.85..1.05).contains(&ratio), "{machine}: {ratio} of what is published");
    }
}

#[test]
fn no_number_of_processes_moves_more_bytes_than_the_bus() {
    for machine in ["dgx-spark", "h100", "rtx-5090"] {
        let loaded = find(machine, &[]).unwrap();
        let ceiling = loaded.gpu.bandwidth_bytes_per_s / loaded.model.read_bytes_per_step;
        for clients in [1, 2, 3, 10] {
            let treatment = Treatment { mps: true, servers: clients, slots: 1, clients };
            let simulated = closed_loop(machine, treatment).tokens_per_s;
            assert!(simulated < ceiling, "{machine}, {clients} processes: {simulated} tok/s, {ceiling} at most");
        }
    }
}

#[test]
fn three_clients_on_one_slot_queue_and_each_sees_the_rate_of_one() {
    let mut engine = engine("h100", false);
    let server = engine.spawn(1);
    for _ in 0..3 {
        engine.submit(server, WORK).unwrap();
    }
    let tokens = engine.advance(10.0);
    let order: Vec<u64> = tokens.iter().filter(|token| token.last).map(|token| token.request.0).collect();
    assert_eq!(order, [0, 1, 2]);
    let spans: Vec<f64> = tokens
        .chunks(200)
        .map(|reply| (reply.last().unwrap().at_s - reply.first().unwrap().at_s) * 1e3)
        .map(f64::round)
        .collect();
    assert_eq!(spans, [spans[0]; 3]);
}

#[test]
fn time_that_comes_late_changes_nothing() {
    let run = |steps: u32| {
        let mut engine = engine("h100", false);
        let servers = [engine.spawn(2), engine.spawn(2)];
        for server in servers.iter().cycle().take(4) {
            engine.submit(*server, WORK).unwrap();
        }
        let tokens = (1..=steps).flat_map(|step| engine.advance(10.0 * f64::from(step) / f64::from(steps)));
        tokens.map(|token| (token.request, (token.at_s * 1e6).round())).collect::<Vec<_>>()
    };
    let often = run(997);
    assert_eq!(often.len(), 800);
    assert_eq!(often, run(1));
}

#[test]
fn a_request_taken_back_leaves_its_slot_to_the_next() {
    let mut engine = engine("h100", false);
    let server = engine.spawn(1);
    let first = engine.submit(server, WORK).unwrap();
    let second = engine.submit(server, WORK).unwrap();
    engine.advance(0.1);
    engine.cancel(server, first);
    let tokens = engine.advance(10.0);
    assert_eq!(tokens.len(), 200);
    assert!(tokens.iter().all(|token| token.request == second));
}

#[test]
fn the_end_of_a_process_leaves_the_device_to_the_others() {
    let mut engine = engine("h100", false);
    let (doomed, other) = (engine.spawn(1), engine.spawn(1));
    engine.submit(doomed, WORK).unwrap();
    engine.submit(other, WORK).unwrap();
    engine.advance(0.5);
    engine.end(doomed);
    assert_eq!(engine.submit(doomed, WORK), None);
    let tokens = engine.advance(10.0);
    assert!(tokens.last().unwrap().last);
    assert_eq!(engine.next_event_s(), None);
    assert!(engine.busy_s() > 0.0 && engine.busy_s() < 2.0, "{}", engine.busy_s());
}

/// Requests at even gaps to one server of four slots, for 120 s: how long 95 %
/// of them wait for their first token at most, in seconds.
fn open_loop(per_second: f64) -> f64 {
    let mut engine = engine("h100", false);
    let server = engine.spawn(4);
    let (mut due, mut waits) = (BTreeMap::new(), Vec::new());
    let mut take = |tokens: Vec<Token>, due: &mut BTreeMap<RequestId, f64>| {
        waits.extend(tokens.iter().filter_map(|token| due.remove(&token.request).map(|due_s| token.at_s - due_s)));
    };
    for at_s in (0_u32..).map(|position| f64::from(position) / per_second).take_while(|at_s| *at_s < 120.0) {
        take(engine.advance(at_s), &mut due);
        due.insert(engine.submit(server, WORK).unwrap(), at_s);
    }
    while !due.is_empty() {
        take(engine.advance(engine.next_event_s().unwrap()), &mut due);
    }
    waits.sort_by(f64::total_cmp);
    waits[waits.len() * 95 / 100]
}

/// A full server of four slots gives each request its 200 tokens in 200 steps,
/// so that four requests are done every 200 steps. Of these, 196 decode for all
/// four, limited by arithmetic: 4 x 16.06 GFLOP at 16 TFLOP/s, 4.015 ms. Four
/// read a prompt, 150 x 16.06 GFLOP at 146 TFLOP/s, 16.5 ms, and decode for
/// three, limited by memory: 4.6 GB and 3 x 250 tokens of 131,072 B at 44 % of
/// 3.35 TB/s, 3.19 ms. All have 1 ms of gaps and 4 x 0.5 ms of host work:
/// 200 x 3 + 196 x 4.015 + 4 x (16.5 + 3.19) = 1,466 ms, 2.73 requests a second.
#[test]
fn a_search_finds_the_rate_at_which_the_machine_is_full() {
    let full = 4.0 / 1.466;
    let share = |fraction| Share::from_fraction(fraction).unwrap();
    let max = Searched::Rate(Arrival::Constant);
    let find = Find { max, from: 0.5, to: 64.0, resolution: share(0.02), attainment: share(0.95) };
    let mut tries = Vec::new();
    while let Some(level) = next_try(&find, &tries) {
        tries.push(Try { level, passed: open_loop(level) <= 2.0 });
    }
    let Bracket { passed: Some(passed), failed: Some(failed) } = bracket(&tries) else { panic!("{tries:?}") };
    assert!(failed / passed <= 1.02, "{tries:?}");
    assert!(
        (passed / full - 1.0).abs() < 0.05 && (failed / full - 1.0).abs() < 0.05,
        "{passed} to {failed} for {full}"
    );
}
