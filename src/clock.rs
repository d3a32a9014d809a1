//! The run's monotonic origin: the only place where time enters.
#![expect(clippy::disallowed_methods, reason = "this room is where time enters")]

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::units::Nanos;

/// A monotonic origin and the wall-clock time it was taken at.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    /// What the origin counts as: what is recorded goes on where an earlier
    /// session of a run has ended.
    offset: Nanos,
    started: DateTime<Utc>,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        Self::start_at(Nanos::ZERO)
    }

    /// Starts now, and calls this moment `offset`: a run that is resumed counts
    /// on from its last record, so that no two of its moments are the same.
    pub fn start_at(offset: Nanos) -> Self {
        Self { origin: Instant::now(), offset, started: Utc::now() }
    }

    /// Time since the origin of the run.
    pub fn now(&self) -> Nanos {
        self.offset.plus(self.origin.elapsed().into())
    }

    /// The moment `offset` after the origin, for deadlines.
    pub fn instant(&self, offset: Nanos) -> Instant {
        self.origin + std::time::Duration::from(offset.since(self.offset))
    }

    /// Wall-clock time when it was started.
    pub const fn started(&self) -> DateTime<Utc> {
        self.started
    }

    /// Wall-clock time now.
    pub fn wall(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
