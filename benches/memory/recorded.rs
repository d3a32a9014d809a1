//! A run directory of many requests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use runexp::clock::Clock;
use runexp::load::Sink;
use runexp::loopback::{Pace, Traffic, Trial, Tried, attempt};
use runexp::names::{CellId, RunId};
use runexp::plan::{Choices, Plan, digest, expand};
use runexp::record::{
    CellKey, Environment, Event, EventRecord, Manifest, Outcome, Overrides, RequestRecord, SCHEMA_VERSION,
};
use runexp::scenario::{Bindings, Length, LoadOptions, load_frozen};
use runexp::store::{Ledger, Pen, RunDirectory};
use runexp::units::Period;

use super::Failure;

pub(super) const CLIENTS: u32 = 32;
pub(super) const TOKENS: u32 = 4;

/// A run directory, and what it took to write it.
pub(super) struct Recorded {
    pub(super) directory: RunDirectory,
    /// Size of `requests.jsonl`.
    pub(super) bytes: f64,
    /// Time of the load.
    pub(super) seconds: f64,
    /// Requests in that time.
    pub(super) per_second: f64,
    /// Time of the writer after the last reply.
    pub(super) behind: Duration,
}

/// Drives one load, and records its requests as those of so many repetitions
/// of a cell, one after the other.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(super) fn record(folder: &Path, requests: u64, repetitions: u32) -> Result<Recorded, Failure> {
    let scenario = scenario(repetitions);
    let plan = planned(&scenario)?;
    let cell = plan.cells.keys().next().ok_or("the plan has no cell")?.clone();
    let clock = Clock::start();
    let manifest = manifest(&plan, clock)?;
    let directory = RunDirectory::create(folder, &plan.scenario, &manifest.run_id)?;
    directory.write_decisions(&scenario, &plan)?;
    directory.write_manifest(&manifest)?;
    let ledger = Ledger::open(&directory, &manifest.run_id)?;
    let pen = ledger.pen();
    let trial = Trial {
        pace: Pace::AtOnce,
        tokens: TOKENS,
        load: Traffic::Clients(CLIENTS),
        warmup: Period::default(),
        length: Length::Requests(requests),
    };
    let each = requests.div_ceil(repetitions.into());
    let tried = attempt(&trial, clock, Some(sink(pen.clone(), cell.clone(), each)))?;
    let answered = Instant::now();
    finish(&pen, &tried, &cell, repetitions);
    drop(pen);
    ledger.close(clock.now())?;
    let behind = answered.elapsed();
    let bytes = fs::metadata(directory.path().join("requests.jsonl"))?.len() as f64;
    let per_second = tried.per_second(tried.requests);
    Ok(Recorded { directory, bytes, seconds: tried.requests as f64 / per_second, per_second, behind })
}

/// The first `each` requests are the first repetition's, and so on.
fn sink(pen: Pen, cell: CellId, each: u64) -> Sink {
    let count = AtomicU64::new(0);
    Arc::new(move |record: RequestRecord| {
        let nth = count.fetch_add(1, Ordering::Relaxed);
        let block = u32::try_from(nth / each).unwrap_or(u32::MAX);
        pen.request(RequestRecord { cell: key(&cell, block), ..record });
    })
}

fn key(cell: &CellId, block: u32) -> CellKey {
    CellKey { cell: cell.clone(), block, epoch: block, probe: None }
}

/// Every repetition has the window of the whole load.
fn finish(pen: &Pen, tried: &Tried, cell: &CellId, repetitions: u32) {
    let driven = &tried.driven;
    for block in 0..repetitions {
        let event = Event::CellFinished {
            cell: key(cell, block),
            load_start_ns: driven.load_start,
            window_start_ns: driven.window_start,
            window_end_ns: driven.window_end,
            clients: Some(CLIENTS),
            servers: 1,
            end: driven.end.clone(),
            client: driven.health.clone(),
        };
        pen.event(EventRecord { at_ns: driven.window_end, event });
    }
}

fn scenario(repetitions: u32) -> String {
    format!(
        r#"
schema = 1
name = "memory"
title = "Many requests"

[design]
repetitions = {repetitions}

[[server]]
name = "loopback"
api = "openai"
url = "http://127.0.0.1:1"
model = "loopback"

[[phase]]
name = "loopback"
clients = {CLIENTS}
duration = "1s"
request = {{ prompt = "Say something.", max_tokens = {TOKENS} }}
"#
    )
}

fn planned(scenario: &str) -> Result<Plan, Failure> {
    let scenario = load_frozen(scenario, &LoadOptions { set: &[], profile: None, metrics: &[], times: &[] })?;
    let bindings = Bindings { run_id: "memory".to_owned(), run_dir: PathBuf::from("/"), ports: Vec::new() };
    Ok(expand(&scenario, &Choices { bindings: &bindings, seed: None, only: &[] })?)
}

fn manifest(plan: &Plan, clock: Clock) -> Result<Manifest, Failure> {
    Ok(Manifest {
        schema_version: SCHEMA_VERSION,
        run_id: RunId::new("memory")?,
        scenario: plan.scenario.clone(),
        title: plan.title.clone(),
        runexp: env!("CARGO_PKG_VERSION").to_owned(),
        simulated: None,
        seed: plan.seed,
        plan_sha256: digest(plan),
        overrides: Overrides::default(),
        declared: None,
        environment: Environment::default(),
        started: clock.started(),
        finished: None,
        outcome: Outcome::Completed,
        sealed: None,
        certified: None,
        sessions_before: Vec::new(),
    })
}
