use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::lines::Lines;
use super::{EVENTS, LOGS, PLAN, REQUESTS, SCENARIO, STEPS, StoreError, TELEMETRY, read};
use crate::plan::Plan;
use crate::record::{EventRecord, Manifest};
use crate::units::Nanos;

/// What a run that is to be resumed has left.
#[derive(Clone, Debug)]
pub struct Past {
    /// Who, what, where, when.
    pub manifest: Manifest,
    /// What had been decided.
    pub plan: Plan,
    /// The frozen scenario.
    pub scenario: String,
    /// What happened, in order.
    pub events: Vec<EventRecord>,
    /// The last moment that is recorded.
    pub last: Nanos,
    /// The highest number of a log file.
    pub logs: u32,
}

/// Reads of a run directory what it takes to go on with the run.
///
/// # Errors
/// When a file is missing or damaged, or was written by a newer program.
pub fn past(directory: &Path) -> Result<Past, StoreError> {
    let last = [STEPS, REQUESTS, TELEMETRY, EVENTS].iter().map(|name| last_moment(&directory.join(name)));
    let last = last.collect::<Result<Vec<_>, _>>()?.into_iter().max();
    Ok(Past {
        manifest: read::manifest(directory)?,
        plan: read::json(&directory.join(PLAN))?,
        scenario: read::text(&directory.join(SCENARIO))?,
        events: read::lines(&directory.join(EVENTS))?,
        last: last.unwrap_or_default(),
        logs: logs(&directory.join(LOGS))?,
    })
}

/// When a record was finished, whichever it is.
#[derive(Deserialize)]
struct Moment {
    #[serde(alias = "at_ns")]
    finished_ns: Nanos,
}

/// Lines that tell no moment are torn, or damaged; a reader finds those.
fn last_moment(path: &Path) -> Result<Nanos, StoreError> {
    let (mut lines, mut last) = (Lines::open(path)?, Nanos::ZERO);
    while lines.advance()? {
        if let Ok(Moment { finished_ns }) = serde_json::from_slice(lines.line()) {
            last = last.max(finished_ns);
        }
    }
    Ok(last)
}

/// The number before the first `-` of the names in `logs/`.
fn logs(folder: &Path) -> Result<u32, StoreError> {
    let entries = fs::read_dir(folder).map_err(StoreError::io("read", folder))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let numbers = names.filter_map(|name| name.split_once('-')?.0.parse().ok());
    Ok(numbers.max().unwrap_or_default())
}
