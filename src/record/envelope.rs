use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a machine's load driver was seen to take, against servers of its own on
/// loopback. Beyond it nobody knows whose figures a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// When.
    pub made: DateTime<Utc>,
    /// Replies per second, the most of them.
    pub requests_per_s: f64,
    /// Token events per second, the most of them.
    pub events_per_s: f64,
    /// Token events per second, the most at which first tokens were noticed
    /// within 1 ms on average; 0 if they never were.
    pub timely_events_per_s: f64,
}
