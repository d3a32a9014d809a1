mod fraction;
mod gpu;
mod look;
mod objective;
mod servers;
mod stopped;
mod validity;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;

use chrono::DateTime;
use indexmap::IndexMap;
use serde_json::json;

use super::{Gap, Measured, Summary, summarize};
use crate::metric::examples::{ended, key, ms, queueing, reply};
use crate::names::{CellId, FactorName, MetricId, PhaseName, RunId, ScenarioName};
use crate::plan::{CellSpec, Plan};
use crate::record::{
    CellEnd, CellKey, ClientHonesty, Environment, Event, EventRecord, Integrity, Manifest, Outcome, Overrides,
    RequestOutcome, RequestRecord, Requests, RunRecord,
};
use crate::scenario::{Expect, Length, Level, Load, Slo, Treatment};
use crate::units::{Nanos, Period};

fn spec(servers: u32, load: Load) -> CellSpec {
    let factor = (FactorName::new("servers").unwrap(), Level::Integer(servers.into()));
    CellSpec {
        treatment: Treatment(IndexMap::from([factor])),
        phase: PhaseName::new("concurrent").unwrap(),
        load,
        find: None,
        max_in_flight: None,
        length: Length::Duration(Period::from_secs(1)),
        warmup: Period::default(),
        drain: Period::default(),
        request: serde_json::from_value(json!({ "prompt": "hello", "max_tokens": 10 })).unwrap(),
        expect: Expect::default(),
        slo: Slo::default(),
        fault: None,
        servers,
    }
}

fn plan(cells: Vec<(&str, CellSpec)>) -> Plan {
    Plan {
        scenario: ScenarioName::new("by_hand").unwrap(),
        title: "By hand".to_owned(),
        seed: 1,
        blocks: 2,
        looks: None,
        baseline: None,
        setup: Vec::new(),
        epochs: Vec::new(),
        teardown: Vec::new(),
        cooldown: None,
        rerun: 0,
        foreign_gpu_processes: Vec::new(),
        calibration: None,
        cells: cells.into_iter().map(|(id, spec)| (CellId::new(id).unwrap(), spec)).collect(),
        prompts: IndexMap::new(),
        traces: IndexMap::new(),
        facts: IndexMap::new(),
    }
}

/// What is recorded, and the requests of each measurement.
type Recorded = (RunRecord, Vec<(CellKey, Requests)>);

fn summed((record, requests): Recorded, plan: &Plan) -> Summary {
    let Ok(summary) = summarize(&record, plan, &[], requests.into_iter().map(Ok::<_, Infallible>));
    summary
}

fn record(repetitions: Vec<(Event, Vec<RequestRecord>)>) -> Recorded {
    let (events, requests): (Vec<_>, Vec<_>) = repetitions.into_iter().unzip();
    let record = RunRecord {
        manifest: Manifest {
            schema_version: 1,
            run_id: RunId::new("one").unwrap(),
            scenario: ScenarioName::new("by_hand").unwrap(),
            title: "By hand".to_owned(),
            runexp: "0.1.0".to_owned(),
            simulated: None,
            seed: 1,
            plan_sha256: String::new(),
            overrides: Overrides::default(),
            environment: Environment::default(),
            declared: None,
            certified: None,
            started: DateTime::default(),
            finished: None,
            outcome: Outcome::Completed,
            sealed: None,
            sessions_before: Vec::new(),
        },
        steps: Vec::new(),
        telemetry: Vec::new(),
        events: events.into_iter().map(|event| EventRecord { at_ns: Nanos::ZERO, event }).collect(),
        integrity: Integrity::default(),
    };
    let measured = requests.iter().filter_map(|all| Some((all.first()?.cell.clone(), all.iter().collect())));
    (record, measured.collect())
}

/// A repetition with a window of `seconds` from the origin.
fn repetition(
    cell: &str,
    block: u32,
    (clients, seconds): (Option<u32>, u64),
    end: CellEnd,
    requests: Vec<RequestRecord>,
) -> (Event, Vec<RequestRecord>) {
    let event = Event::CellFinished {
        cell: key(cell, block),
        load_start_ns: Nanos::ZERO,
        window_start_ns: Nanos::ZERO,
        window_end_ns: ms(1_000 * seconds),
        clients,
        servers: 1,
        end,
        client: ClientHonesty::default(),
    };
    let mut next: BTreeMap<u32, u64> = BTreeMap::new();
    let of_cell = |request: RequestRecord| {
        let due = next.entry(request.client).or_default();
        let sequence = std::mem::replace(due, *due + 1);
        RequestRecord { cell: key(cell, block), sequence, ..request }
    };
    (event, requests.into_iter().map(of_cell).collect())
}

/// Tables of the estimates, without the metrics whose gap everyone shares.
fn shown(summary: &Summary) -> String {
    let mut text = String::new();
    for (id, cell) in &summary.cells {
        writeln!(text, "{id}").unwrap();
        for repetition in &cell.repetitions {
            let outcomes = serde_json::to_string(&repetition.outcomes).unwrap();
            writeln!(text, "  block {}: {:?} {outcomes}", repetition.block, repetition.validity).unwrap();
        }
        for (metric, measured) in &cell.estimates {
            match measured {
                Measured::Estimate(estimate) => {
                    let ends = estimate.interval.map(|ends| format!("{:.3} … {:.3}", ends.lower, ends.upper));
                    let interval = ends.unwrap_or_else(|| "single run".to_owned());
                    writeln!(text, "  {metric} {:.3} ({interval}) n={}", estimate.value, estimate.n).unwrap();
                }
                Measured::Gap(gap) if metric.as_str().contains("throughput") || metric.as_str() == "ttft_p50" => {
                    writeln!(text, "  {metric}: {gap}").unwrap();
                }
                Measured::Gap(_) => {}
            }
        }
    }
    text
}

/// One client gets 10 and 12 tokens a second; two clients get 8 each, once.
/// The third cell was never run.
fn small_run() -> (Recorded, Plan) {
    let plan = plan(vec![
        ("servers=1/concurrent/clients=1", spec(1, Load::Clients(1))),
        ("servers=1/concurrent/clients=2", spec(1, Load::Clients(2))),
        ("servers=3/concurrent/clients=2", spec(3, Load::Clients(2))),
    ]);
    let (one, two) = ("servers=1/concurrent/clients=1", "servers=1/concurrent/clients=2");
    let record = record(vec![
        repetition(one, 0, (Some(1), 1), CellEnd::Complete, vec![reply(0, 0, &[100; 10])]),
        repetition(two, 0, (Some(2), 1), CellEnd::Complete, vec![reply(0, 0, &[125; 8]), reply(1, 0, &[125; 8])]),
        repetition(one, 1, (Some(1), 1), CellEnd::Complete, vec![reply(0, 0, &[75; 12])]),
        repetition(
            two,
            1,
            (Some(2), 1),
            CellEnd::Interrupted,
            vec![ended(reply(0, 0, &[125; 4]), RequestOutcome::Interrupted)],
        ),
    ]);
    (record, plan)
}

#[test]
fn a_small_run_has_estimates_and_says_where_it_has_none() {
    let (record, plan) = small_run();
    insta::assert_snapshot!(shown(&summed(record, &plan)), @r#"
    servers=1/concurrent/clients=1
      block 0: Valid {"success":1}
      block 1: Valid {"success":1}
      output_throughput 10.954 (3.440 … 34.885) n=2
      output_throughput_steady 11.547 (1.857 … 71.815) n=2
      request_throughput 1.000 (1.000 … 1.000) n=2
      output_tokens_mean 10.954 (3.440 … 34.885) n=2
      scaling_efficiency 1.000 (1.000 … 1.000) n=2
      token_count_mismatch 0.000 (0.000 … 0.000) n=2
      ttft_p50 0.087 (0.014 … 0.539) n=2
      ttft_mean 0.087 (0.014 … 0.539) n=2
      ttfo_p50 0.087 (0.014 … 0.539) n=2
      ttft_scheduled_p50 0.087 (0.014 … 0.539) n=2
      e2e_p50 0.949 (0.486 … 1.853) n=2
      e2e_scheduled_p50 0.949 (0.486 … 1.853) n=2
      tpot_p50 0.087 (0.014 … 0.539) n=2
      inter_chunk_p50 0.087 (0.014 … 0.539) n=2
      error_rate 0.000 (0.000 … 0.776) n=2
      valid_rate 1.000 (0.224 … 1.000) n=2
      fairness_clients 1.000 (1.000 … 1.000) n=2
      fairness_servers 1.000 (1.000 … 1.000) n=2
      system_throughput_ratio: it takes a run on a second machine
    servers=1/concurrent/clients=2
      block 0: Valid {"success":2}
      block 1: Invalid { reasons: [Reason { rule: NotComplete, text: "it was interrupted" }, Reason { rule: NothingSucceeded, text: "no request succeeded" }] } {"interrupted":1}
      output_throughput 16.000 (single run) n=1
      output_throughput_steady 16.000 (single run) n=1
      request_throughput 2.000 (single run) n=1
      output_tokens_mean 8.000 (single run) n=1
      scaling_efficiency 0.800 (single run) n=1
      token_count_mismatch 0.000 (single run) n=1
      ttft_p50 0.125 (single run) n=1
      ttft_mean 0.125 (single run) n=1
      ttfo_p50 0.125 (single run) n=1
      ttft_scheduled_p50 0.125 (single run) n=1
      e2e_p50 1.000 (single run) n=1
      e2e_scheduled_p50 1.000 (single run) n=1
      tpot_p50 0.125 (single run) n=1
      inter_chunk_p50 0.125 (single run) n=1
      error_rate 0.000 (single run) n=1
      valid_rate 1.000 (single run) n=1
      fairness_clients 1.000 (single run) n=1
      fairness_servers 1.000 (single run) n=1
      system_throughput_ratio: it takes a run on a second machine
    servers=3/concurrent/clients=2
      output_throughput: not run
      output_throughput_steady: not run
      request_throughput: not run
      ttft_p50: not run
      system_throughput_ratio: not run
    "#);
}

#[test]
fn the_trap_of_the_guide_is_visible_in_the_summary() {
    let plan = plan(vec![("queue", spec(1, Load::Clients(3)))]);
    let record = record(vec![repetition("queue", 0, (Some(3), 30), CellEnd::Complete, queueing())]);
    let summary = summed(record, &plan);
    let error = summary.cells[0].estimates.iter().find(|(metric, _)| metric.as_str() == "overlap_error");
    let error = error.unwrap().1.estimate().unwrap();
    assert!((error.value - 2.0).abs() < 1e-9, "{error:?}");
}

#[test]
fn several_processes_are_held_against_one_at_the_same_load() {
    let load = || Load::Clients(2);
    let plan = plan(vec![("one", spec(1, load())), ("three", spec(3, load()))]);
    let of = |cell, block, gaps: &[u64]| {
        repetition(cell, block, (Some(2), 1), CellEnd::Complete, vec![reply(0, 0, gaps), reply(1, 0, gaps)])
    };
    // 16 tokens a second against 20, and in block 1 against nothing.
    let record = record(vec![of("one", 0, &[100; 10]), of("three", 0, &[125; 8]), of("three", 1, &[125; 8])]);
    let summary = summed(record, &plan);
    let values = |cell: usize| {
        let of_each = summary.cells[cell].repetitions.iter();
        let metric = MetricId::new("context_switch_overhead").unwrap();
        of_each.map(|repetition| repetition.values[&metric].clone()).collect::<Vec<_>>()
    };
    assert_eq!(values(0), [Err(Gap::not_measured("it takes more than one server process"))]);
    let missing = "the cell it is held against has no valid repetition in this block";
    assert_eq!(values(1), [Ok(1.0 - 16.0 / 20.0), Err(Gap::not_measured(missing))]);
}

#[test]
fn a_summary_reads_back_as_it_was_written() {
    let plan = plan(vec![("queue", spec(1, Load::Clients(3))), ("idle", spec(1, Load::Clients(1)))]);
    let record = record(vec![repetition("queue", 0, (Some(3), 30), CellEnd::Complete, queueing())]);
    let summary = summed(record, &plan);
    let written = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&written).unwrap(), summary);
}
