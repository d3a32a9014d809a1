use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::lines::Lines;
use super::requests::RequestFile;
use super::{EVENTS, MANIFEST, PLAN, REQUESTS, SCENARIO, STEPS, StoreError, TELEMETRY};
use crate::plan::Plan;
use crate::record::{Integrity, Manifest, RunRecord, SCHEMA_VERSION};

/// Everything a run directory holds that was not derived.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What was observed, but for the requests.
    pub record: RunRecord,
    /// Where the requests stand.
    pub requests: RequestFile,
    /// What was decided before the first effect.
    pub plan: Plan,
    /// The frozen scenario, includes and overrides folded in.
    pub scenario: String,
}

/// Reads a run directory, and nothing else. Of its requests, only which
/// measurement each belongs to.
///
/// A torn last line (the program was killed while writing it) is left out.
///
/// # Errors
/// When a file is missing or damaged, or was written by a newer program.
pub fn read(directory: &Path) -> Result<Stored, StoreError> {
    Ok(Stored {
        record: RunRecord {
            manifest: manifest(directory)?,
            steps: lines(&directory.join(STEPS))?,
            telemetry: lines(&directory.join(TELEMETRY))?,
            events: lines(&directory.join(EVENTS))?,
            integrity: Integrity::default(),
        },
        requests: RequestFile::open(&directory.join(REQUESTS))?,
        plan: plan(directory)?,
        scenario: text(&directory.join(SCENARIO))?,
    })
}

/// Reads the manifest of a run directory, and nothing else.
///
/// # Errors
/// When it is missing or damaged, or was written by a newer program.
pub fn manifest(directory: &Path) -> Result<Manifest, StoreError> {
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let path = directory.join(MANIFEST);
    let text = text(&path)?;
    let damaged = |source| StoreError::Json { path: path.clone(), source };
    let Version { schema_version: found } = serde_json::from_str(&text).map_err(damaged)?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.clone(), found, known: SCHEMA_VERSION });
    }
    serde_json::from_str(&text).map_err(damaged)
}

/// Reads what was decided before the first effect, and nothing else.
///
/// # Errors
/// When it is missing or damaged.
pub fn plan(directory: &Path) -> Result<Plan, StoreError> {
    json(&directory.join(PLAN))
}

pub(super) fn text(path: &Path) -> Result<String, StoreError> {
    fs::read_to_string(path).map_err(StoreError::io("read", path))
}

pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    serde_json::from_str(&text(path)?).map_err(|source| StoreError::Json { path: path.to_owned(), source })
}

pub(super) fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, StoreError> {
    let mut lines = Lines::open(path)?;
    let mut records = Vec::new();
    while lines.advance()? {
        records.extend(lines.record()?);
    }
    Ok(records)
}
