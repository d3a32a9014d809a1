use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Declared, Envelope, Environment, Stretch};
use crate::names::{RunId, ScenarioName};

/// Who, what, where, when; `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// First, so that a reader can refuse before it misreads.
    pub schema_version: u32,
    /// The run.
    pub run_id: RunId,
    /// The scenario.
    pub scenario: ScenarioName,
    /// Its title.
    pub title: String,
    /// `runexp`'s version.
    pub runexp: String,
    /// Set if nothing here was measured on real servers.
    pub simulated: Option<Simulation>,
    /// Every random choice follows from it.
    pub seed: u64,
    /// SHA-256 of the plan's decisions.
    pub plan_sha256: String,
    /// What the command line changed in the scenario.
    pub overrides: Overrides,
    /// What was decided before the first effect; absent in runs of before
    /// 2026-11-28.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Declared>,
    /// The machine.
    pub environment: Environment,
    /// What its load driver was seen to take; absent if nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified: Option<Envelope>,
    /// When it, or the last of its sessions, started.
    pub started: DateTime<Utc>,
    /// When the run ended; absent while it runs, or if it was killed.
    pub finished: Option<DateTime<Utc>>,
    /// How the run ended.
    pub outcome: Outcome,
    /// All of `events.jsonl`, which seals the other records; absent while the run
    /// is under way, or if it was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Stretch>,
    /// The sessions before, in order, of a run that was resumed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions_before: Vec<Session>,
}

/// What the manifest of a run said before the run was resumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// SHA-256 of its plan's decisions; a later one may have more blocks.
    pub plan_sha256: String,
    /// What the command line changed in the scenario.
    pub overrides: Overrides,
    /// What was decided before its first effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Declared>,
    /// The machine.
    pub environment: Environment,
    /// When it started.
    pub started: DateTime<Utc>,
    /// When it ended; absent if it was killed.
    pub finished: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Manifest {
    /// All sessions so far, for the manifest of the next.
    pub fn sessions(self) -> Vec<Session> {
        let Self { plan_sha256, overrides, declared, environment, started, finished, outcome, .. } = self;
        let mut sessions_before = self.sessions_before;
        sessions_before.push(Session { plan_sha256, overrides, declared, environment, started, finished, outcome });
        sessions_before
    }

    /// What was decided before the first effect of the first session.
    pub fn first_declared(&self) -> Option<&Declared> {
        self.sessions_before.first().map_or(self.declared.as_ref(), |first| first.declared.as_ref())
    }

    /// When the first session started.
    pub fn first_started(&self) -> DateTime<Utc> {
        self.sessions_before.first().map_or(self.started, |first| first.started)
    }
}

/// The run used a simulated machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// Its name, as given to `--simulate`.
    pub machine: String,
    /// What it models.
    pub title: String,
}

/// What the command line changed in the scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    /// `--set key=value`, as typed.
    pub set: Vec<String>,
    /// `--profile NAME`.
    pub profile: Option<String>,
    /// `--only PATTERN`, as often as given. Written as one text, or null, when
    /// there could only be one.
    #[serde(deserialize_with = "one_or_more")]
    pub only: Vec<String>,
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Several(Vec<String>),
        AtMostOne(Option<String>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Several(several) => several,
        Written::AtMostOne(one) => one.into_iter().collect(),
    })
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// It has not ended yet, or its process was killed.
    Running,
    /// Everything planned was done.
    Completed,
    /// A person or a signal stopped it.
    Interrupted {
        /// `SIGINT` and the like.
        signal: String,
    },
    /// It could not go on.
    Failed {
        /// Why, in a sentence.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::Overrides;

    #[test]
    fn a_manifest_with_one_pattern_or_none_can_still_be_read() {
        let only = |written: &str| {
            let text = format!("{{\"set\": [], \"profile\": null, \"only\": {written}}}");
            serde_json::from_str::<Overrides>(&text).unwrap().only
        };
        assert_eq!(only("null"), [""; 0]);
        assert_eq!(only("\"a\""), ["a"]);
        assert_eq!(only("[\"a\", \"b*\"]"), ["a", "b*"]);
    }
}
