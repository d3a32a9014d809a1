//! How much memory a run and its report take as requests grow in number:
//! `cargo bench --bench memory`, or `cargo bench --bench memory -- 100000 1`
//! for a number of requests, and of repetitions they belong to, of one's own.
//!
//! 32 clients ask a server in this process that answers at once with 4 tokens.
//! Every record goes through the writer of a real run to `requests.jsonl` in a
//! temporary run directory. *Peak* is the process's `VmHWM` (proc(5)) so far,
//! the server's memory with it; *written behind* is how long the writer needed
//! after the last reply, which is what had piled up before it. Then a process
//! of its own does what `runexp report` does with that directory, and tells its
//! peak and its time.
//!
//! Goal: flat over repetitions, and under 200 MB at a million requests, be they
//! all of one repetition. Of that one a report keeps some 50 bytes a request,
//! and the values of one metric at a time.
//!
//! Measured on 2026-11-25 on 2 virtual cores of an AMD EPYC, three runs:
//!
//! | requests | repetitions | peak (MB) | requests/s | report: peak (MB) | report: time (s) |
//! |---|---|---|---|---|---|
//! | 10 000 | 1 | 11, 11, 10 | 32 426, 34 747, 51 232 | 12, 12, 13 | 0.2, 0.2, 0.2 |
//! | 100 000 | 1 | 12, 12, 11 | 34 337, 34 307, 32 151 | 20, 20, 20 | 1.2, 1.2, 1.4 |
//! | 1 000 000 | 1 | 12, 12, 12 | 32 023, 33 388, 33 446 | 133, 125, 125 | 11.3, 12.3, 10.2 |
//! | 1 000 000 | 100 | 13, 13, 12 | 31 352, 33 975, 36 643 | 15, 16, 15 | 12.8, 10.0, 9.0 |
//!
//! On 2026-11-26 on a machine twice as fast, three runs: 12 MB, and 122 to 131
//! for the report of a million requests of one repetition.
//!
//! The writer was never behind by 10 ms. Replies of more tokens take more: three
//! or four bytes for the gap before each further chunk, and at least eight while
//! the percentiles of the gaps are found.
#![expect(clippy::disallowed_methods, reason = "a bench is all effects")]

mod recorded;

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use recorded::{Recorded, record};

/// Requests, and the repetitions of one cell that they belong to.
const RUNS: [(u64, u32); 4] = [(10_000, 1), (100_000, 1), (1_000_000, 1), (1_000_000, 100)];
/// Makes this program a report's process.
const REPORT: &str = "report";

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    // Cargo itself passes `--bench`.
    let words: Vec<OsString> = std::env::args_os().filter(|word| word != "--bench").collect();
    if words.get(1).is_some_and(|word| word == REPORT) {
        let _ = runexp::cli::main(words.into_iter());
        eprintln!("{}", peak_mb()?);
        return Ok(());
    }
    let chosen: Vec<u64> = words.iter().filter_map(|word| word.to_str()?.parse().ok()).collect();
    let runs = match *chosen {
        [requests] => vec![(requests, 1)],
        [requests, repetitions] => vec![(requests, u32::try_from(repetitions)?)],
        _ => RUNS.to_vec(),
    };
    println!(
        "{} clients, {} tokens a reply; at first the peak is {:.0} MB\n",
        recorded::CLIENTS,
        recorded::TOKENS,
        peak_mb()?
    );
    println!(
        "| requests | repetitions | peak (MB) | written (MB) | time (s) | requests/s | written behind (s) \
         | report: peak (MB) | report: time (s) |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    runs.into_iter().try_for_each(|(requests, repetitions)| row(requests, repetitions))
}

fn row(requests: u64, repetitions: u32) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let Recorded { directory, bytes, seconds, per_second, behind } = record(folder.path(), requests, repetitions)?;
    let peak = peak_mb()?;
    let (report_peak, report_time) = report(directory.path())?;
    println!(
        "| {requests} | {repetitions} | {peak:.0} | {:.0} | {seconds:.1} | {per_second:.0} | {:.2} | {report_peak:.0} | {:.1} |",
        bytes / 1e6,
        behind.as_secs_f64(),
        report_time.as_secs_f64(),
    );
    Ok(())
}

/// The peak, in MB, and the time of a process that reports on a run.
fn report(directory: &Path) -> Result<(f64, Duration), Failure> {
    let begun = Instant::now();
    let told = Command::new(std::env::current_exe()?).arg(REPORT).arg(directory).stdin(Stdio::null()).output()?;
    let said = String::from_utf8(told.stderr)?;
    let peak = said.trim().parse().map_err(|_| said)?;
    Ok((peak, begun.elapsed()))
}

/// `VmHWM`: the most memory that was ever resident, in MB.
fn peak_mb() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}
