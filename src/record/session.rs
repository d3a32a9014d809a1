use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Outcome;

/// The beginning of a session, by the manifest as it was written then: a later
/// change of it is told by these hashes, which the first seal of `events.jsonl`
/// holds with all other events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// When the session started, as in the manifest.
    pub started: DateTime<Utc>,
    /// The start of the SHA-256 of each part of the manifest, by its key,
    /// `environment.gpus` say. Parts that are known only at the end have none.
    pub manifest: BTreeMap<String, String>,
}

/// The end of a session, as the manifest tells it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// When.
    pub finished: DateTime<Utc>,
}
