use serde::{Deserialize, Serialize};

use crate::units::Nanos;

/// One line of `steps.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The number of its log. Steps and servers share one count, from 1.
    pub sequence: u32,
    /// Where it stands.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// Its kind, `run` say.
    pub kind: String,
    /// When it began.
    pub started_ns: Nanos,
    /// When it was over.
    pub finished_ns: Nanos,
    /// How it ended.
    pub outcome: StepOutcome,
    /// What was observed, `cached_before_bytes` say.
    pub facts: Vec<Fact>,
    /// Its output, relative to the run directory.
    pub log: Option<String>,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "snake_case")]
pub enum Scope {
    /// Before the first epoch.
    Setup,
    /// Before the servers of an epoch.
    Epoch {
        /// Which.
        epoch: u32,
    },
    /// After the last epoch.
    Teardown,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StepOutcome {
    /// It took effect, and that was checked.
    Done,
    /// Its effect was put on the simulated machine only.
    Simulated,
    /// It failed, and the scenario allows that.
    Warned {
        /// Why.
        reason: String,
    },
    /// It failed.
    Failed {
        /// Why.
        reason: String,
    },
}

/// Something a step observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What, with its unit in the name.
    pub name: String,
    /// The value, as text.
    pub value: String,
}

impl Fact {
    /// A named observation.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}
