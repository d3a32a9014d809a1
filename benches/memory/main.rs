//! How much memory a run takes as its requests grow in number:
//! `cargo bench --bench memory`, or `cargo bench --bench memory -- 100000` for
//! one number of one's own.
//!
//! 32 clients ask a server in this process that answers at once with 4 tokens.
//! Every record goes through the writer of a real run to `requests.jsonl` in a
//! temporary folder. *Peak* is the process's `VmHWM` (proc(5)) so far, the
//! server's memory with it; *written behind* is how long the writer needed
//! after the last reply, which is what had piled up before it.
//!
//! Goal: flat, and under 200 MB at a million requests.
//!
//! Measured on 2026-11-22 on 2 cores of an AMD EPYC, both busy with other work:
//! a peak of 10 MB after 10 000, after 100 000 and after 1 000 000 requests
//! (668 MB of records in 72 s); the writer was never behind by 10 ms.
#![expect(clippy::disallowed_methods, reason = "a bench is all effects")]

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use runexp::clock::Clock;
use runexp::load::Sink;
use runexp::loopback::{Pace, Traffic, Trial, attempt};
use runexp::names::{RunId, ScenarioName};
use runexp::record::RequestRecord;
use runexp::scenario::Length;
use runexp::store::{Ledger, RunDirectory};
use runexp::units::Period;

const REQUESTS: [u64; 3] = [10_000, 100_000, 1_000_000];
const CLIENTS: u32 = 32;
const TOKENS: u32 = 4;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    // Cargo itself passes `--bench`.
    let chosen: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    println!("{CLIENTS} clients, {TOKENS} tokens a reply; at first the peak is {:.0} MB\n", peak_mb()?);
    println!("| requests | peak (MB) | written (MB) | time (s) | requests/s | written behind (s) |");
    println!("|---|---|---|---|---|---|");
    for requests in if chosen.is_empty() { REQUESTS.to_vec() } else { chosen } {
        row(requests)?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn row(requests: u64) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let directory = RunDirectory::create(folder.path(), &ScenarioName::new("memory")?, &RunId::new("memory")?)?;
    let ledger = Ledger::open(&directory)?;
    let pen = ledger.pen();
    let sink: Sink = Arc::new(move |record: RequestRecord| pen.request(record));
    let trial = Trial {
        pace: Pace::AtOnce,
        tokens: TOKENS,
        load: Traffic::Clients(CLIENTS),
        warmup: Period::default(),
        length: Length::Requests(requests),
    };
    let tried = attempt(&trial, Clock::start(), Some(sink))?;
    let answered = Instant::now();
    ledger.close()?;
    let behind = answered.elapsed();
    let written = fs::metadata(directory.path().join("requests.jsonl"))?.len();
    println!(
        "| {requests} | {:.0} | {:.0} | {:.1} | {:.0} | {:.2} |",
        peak_mb()?,
        written as f64 / 1e6,
        tried.requests as f64 / tried.per_second(tried.requests),
        tried.per_second(tried.requests),
        behind.as_secs_f64(),
    );
    Ok(())
}

/// `VmHWM`: the most memory that was ever resident, in MB.
fn peak_mb() -> Result<f64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}
