use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, in nanoseconds after the run's monotonic origin, or a length of
/// time between two such moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The origin itself.
    pub const ZERO: Self = Self(0);

    /// The length of time from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// The moment `length` after `self`.
    pub fn plus(self, length: Self) -> Self {
        Self(self.0.saturating_add(length.0))
    }

    /// Seconds, for statistics and display.
    #[expect(clippy::cast_precision_loss, reason = "52 bits of nanoseconds are 52 days")]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// From seconds; negative and non-finite values become zero.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
    pub fn from_seconds(seconds: f64) -> Self {
        if seconds.is_finite() { Self((seconds.max(0.0) * 1e9).round() as u64) } else { Self::ZERO }
    }
}

impl From<Duration> for Nanos {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(nanos: Nanos) -> Self {
        Self::from_nanos(nanos.0)
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds();
        if seconds >= 1.0 { write!(f, "{seconds:.1} s") } else { write!(f, "{:.1} ms", seconds * 1e3) }
    }
}
