use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CellKey;
use crate::names::RunId;

/// What was decided before the first effect, by its hashes: whatever is changed
/// later, a claim say, is told by them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// SHA-256 of `scenario.toml`.
    pub scenario_sha256: String,
    /// SHA-256 of `plan.json`.
    pub plan_sha256: String,
    /// The start of the SHA-256 of each part of the scenario, by its key:
    /// `claim.faster`, `decision.rule.0`.
    pub parts: BTreeMap<String, String>,
}

/// What records were written since the seal before, or the begin of the run.
///
/// It stands in `events.jsonl`, whose own end the manifest seals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Counts from 0.
    pub number: u32,
    /// The run that it belongs to.
    pub run: RunId,
    /// Of `steps.jsonl`.
    pub steps: Stretch,
    /// Of `telemetry.jsonl`.
    pub telemetry: Stretch,
    /// Of `events.jsonl`, the seal before among them.
    pub events: Stretch,
    /// Of `requests.jsonl`, measurement by measurement.
    pub requests: Vec<SealedRequests>,
}

/// The requests of one measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRequests {
    /// Which.
    pub cell: CellKey,
    /// Their lines.
    #[serde(flatten)]
    pub stretch: Stretch,
}

/// Lines of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// How many.
    pub lines: u64,
    /// SHA-256 of all of them, each with its end.
    pub sha256: String,
    /// The start of the SHA-256 of the first, so that it is found where lines
    /// before it are missing; empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first: String,
    /// The same of the last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last: String,
}

/// Whether the records of a run are as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrity {
    /// Whether anything would tell if they were not.
    pub sealing: Sealing,
    /// What was found.
    pub flaws: Vec<Flaw>,
    /// What of the scenario is not as it was declared before the run, in
    /// sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_hoc: Vec<String>,
}

/// Whether records are sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sealing {
    /// The run is older than seals.
    #[default]
    None,
    /// It is under way or was killed: what follows the last seal has none.
    Open,
    /// All of it is.
    Whole,
}

/// Something in the records that is not as it was written, or cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    /// The file.
    pub file: String,
    /// What, in words that go on after the file's name.
    pub what: String,
    /// Which measurements it touches.
    pub touches: Touches,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.file, self.what)
    }
}

/// Which measurements a flaw touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touches {
    /// All, for nobody knows which not.
    All,
    /// Those of these epochs.
    Epochs(Vec<u32>),
    /// Those of this epoch and all that came later.
    From(u32),
    /// One.
    Cell(CellKey),
    /// None: what is measured is as it was, but not what is made of it.
    Nothing,
}

impl Touches {
    /// Whether it touches this one.
    pub fn concerns(&self, key: &CellKey) -> bool {
        match self {
            Self::All => true,
            Self::Epochs(epochs) => epochs.contains(&key.epoch),
            Self::From(epoch) => key.epoch >= *epoch,
            Self::Cell(cell) => (&cell.cell, cell.block, cell.epoch) == (&key.cell, key.block, key.epoch),
            Self::Nothing => false,
        }
    }
}
