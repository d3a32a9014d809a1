//! The run's monotonic origin: the only place where time enters.
#![expect(clippy::disallowed_methods, reason = "this room is where time enters")]

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::units::Nanos;

/// A monotonic origin and the wall-clock time it was taken at.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    started: DateTime<Utc>,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        Self { origin: Instant::now(), started: Utc::now() }
    }

    /// Time since the origin.
    pub fn now(&self) -> Nanos {
        self.origin.elapsed().into()
    }

    /// The moment `offset` after the origin, for deadlines.
    pub fn instant(&self, offset: Nanos) -> Instant {
        self.origin + std::time::Duration::from(offset)
    }

    /// Wall-clock time of the origin.
    pub const fn started(&self) -> DateTime<Utc> {
        self.started
    }

    /// Wall-clock time now.
    pub fn wall(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
