use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Environment;

/// The seam between two sessions of a run. Moments count on over it: the first
/// of a session is later than the last of the one before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    /// When, by the wall clock.
    pub wall: DateTime<Utc>,
    /// So many of the plan's epochs, from the first, were whole and are kept.
    pub kept: u32,
    /// Epochs, by their number in the records, that were begun since: what was
    /// measured in them does not count, for their block is measured again.
    pub void: Vec<u32>,
    /// The machine, which is the same as before.
    pub environment: Box<Environment>,
}
