//! The open loop.

use std::time::Duration;

use runexp::record::RequestOutcome;
use runexp::scenario::{Arrival, Length, Load};
use runexp::units::{Nanos, Period};
use tokio_util::sync::CancellationToken;

use super::{cell, run, run_trace, three_tokens};
use crate::support::{FINISH, ScriptedServer, chunk, end};

#[test]
fn an_open_loop_sends_on_its_schedule_while_replies_are_slow() {
    let server = ScriptedServer::start(|_, stream| {
        let _ = stream.set_nodelay(true);
        three_tokens(stream);
        // No end: the request is cut off when the drain time is over.
        let mut hold = [0];
        let _ = std::io::Read::read(stream, &mut hold);
    });
    let load = Load::Rate { per_second: 40.0, arrival: Arrival::Constant };
    let mut spec = cell(load, Length::Duration(Period::from(Duration::from_millis(500))));
    spec.request.stall = Period::from_secs(30);
    spec.drain = Period::from(Duration::from_millis(100));
    let (_, records) = run(&server.url(), spec, &CancellationToken::new());
    assert_eq!(records.len(), 20);
    assert!(records.iter().all(|record| record.outcome == RequestOutcome::Cut));
    assert!(records.iter().all(|record| record.chunks.total_events() == 3));
    let mut scheduled: Vec<u64> = records.iter().map(|record| record.scheduled_ns.0).collect();
    scheduled.sort_unstable();
    assert!(scheduled.windows(2).all(|pair| pair[1] - pair[0] == 25_000_000), "{scheduled:?}");
}

#[test]
fn what_comes_due_beyond_max_in_flight_is_dropped_and_recorded() {
    let server = ScriptedServer::start(|_, stream| {
        three_tokens(stream);
        let mut hold = [0];
        let _ = std::io::Read::read(stream, &mut hold);
    });
    let load = Load::Rate { per_second: 40.0, arrival: Arrival::Constant };
    let mut spec = cell(load, Length::Duration(Period::from(Duration::from_millis(500))));
    (spec.max_in_flight, spec.drain) = (Some(5), Period::from(Duration::from_millis(100)));
    spec.request.stall = Period::from_secs(30);
    let (_, records) = run(&server.url(), spec, &CancellationToken::new());
    let ended = |outcome| records.iter().filter(|record| record.outcome == outcome).count();
    assert_eq!((ended(RequestOutcome::Cut), ended(RequestOutcome::Dropped)), (5, 15));
    let dropped = records.iter().find(|record| record.outcome == RequestOutcome::Dropped).unwrap();
    assert_eq!((dropped.client, dropped.first_token_ns), (5, None));
}

#[test]
fn a_trace_is_replayed_at_its_moments_and_then_over() {
    let server = ScriptedServer::start(|_, stream| {
        three_tokens(stream);
        chunk(stream, FINISH);
        end(stream);
    });
    let load = Load::Trace { file: "t.csv".into(), scale: 2.0 };
    let trace: Vec<Nanos> = [0, 40, 40, 200].map(|ms| Nanos(ms * 1_000_000)).into();
    let (driven, records) =
        run_trace(&server.url(), cell(load, Length::Requests(100)), trace, &CancellationToken::new());
    let mut offsets: Vec<u64> =
        records.iter().map(|record| record.scheduled_ns.since(driven.load_start).0 / 1_000_000).collect();
    offsets.sort_unstable();
    assert_eq!(offsets, [0, 20, 20, 100]);
    assert!(records.iter().all(|record| record.outcome.is_success()));
}
