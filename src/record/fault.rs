//! What became of a server that a fault has hit on purpose.

use serde::{Deserialize, Serialize};

use super::{CellKey, ServerKey};
use crate::units::Nanos;

/// A server, or what computes for it, was killed on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerKilled {
    /// In which cell.
    pub cell: CellKey,
    /// Which.
    pub server: ServerKey,
    /// The processes that were signalled; none where nobody has noted them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pids: Vec<u32>,
}

/// A server killed on purpose was started again by the run, and its readiness
/// check holds. It may have its model still to load: its next good answer tells
/// when it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerRecovered {
    /// In which cell.
    pub cell: CellKey,
    /// Which.
    pub server: ServerKey,
    /// From the kill to readiness.
    pub recovery_ns: Nanos,
}

/// A server that a fault had hit answered a short request of the run's own
/// well. What it answered to the load is among the requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerAnswered {
    /// In which cell.
    pub cell: CellKey,
    /// Which.
    pub server: ServerKey,
    /// When the request was sent.
    pub sent_ns: Nanos,
    /// When the first token of the reply arrived.
    pub first_token_ns: Nanos,
}

/// A server that a fault had hit answered nobody well for as long as the run
/// waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSilent {
    /// In which cell.
    pub cell: CellKey,
    /// Which.
    pub server: ServerKey,
    /// From the kill to the end of patience.
    pub waited_ns: Nanos,
    /// What became of the run's last request to it, in words.
    pub reason: String,
}
