//! The run's monotonic origin: the only place where time enters.
#![expect(clippy::disallowed_methods, reason = "this room is where time enters")]

mod paced;

use std::time::Instant;

use chrono::{DateTime, Utc};
use rustix::time::{ClockId, clock_gettime};

use crate::units::Nanos;
pub use paced::{Paced, Turn};

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

    /// What other clocks say now.
    pub fn hands(&self) -> Hands {
        let tries = (0..TRIES).map(|_| {
            let (before, wall) = (read(ClockId::Monotonic), read(ClockId::Realtime));
            let (boot, after) = (read(ClockId::Boottime), read(ClockId::Monotonic));
            (after - before, Hands { monotonic: i128::midpoint(before, after), boot, wall })
        });
        // Whoever is not run for a while between two looks sees them differ.
        tries.min_by_key(|(took, _)| *took).map(|(_, hands)| hands).unwrap_or_default()
    }
}

/// The clocks are looked at so often, of which the quickest look counts.
const TRIES: u32 = 3;

/// Clocks that run alike unless the machine sleeps or somebody sets one, in
/// nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hands {
    monotonic: i128,
    boot: i128,
    wall: i128,
}

impl Hands {
    /// How long the machine slept since `then`, and how far the wall clock was
    /// set, forwards or back.
    pub fn since(self, then: Self) -> (Nanos, Nanos) {
        let ran = self.monotonic - then.monotonic;
        let passed = self.boot - then.boot;
        let apart = |nanos: i128| Nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        (apart((passed - ran).max(0)), apart((self.wall - then.wall - passed).abs()))
    }
}

fn read(id: ClockId) -> i128 {
    let time = clock_gettime(id);
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::{Clock, Hands, Nanos};

    #[test]
    fn a_sleep_and_a_step_of_the_wall_clock_are_told_apart() {
        let at = |monotonic, boot, wall| Hands { monotonic, boot, wall };
        let start = at(1_000, 5_000, 90_000);
        assert_eq!(at(2_000, 6_000, 91_000).since(start), (Nanos(0), Nanos(0)));
        assert_eq!(at(2_000, 9_000, 94_000).since(start), (Nanos(3_000), Nanos(0)));
        assert_eq!(at(2_000, 6_000, 90_300).since(start), (Nanos(0), Nanos(700)));
        assert_eq!(at(2_000, 9_000, 94_050).since(start), (Nanos(3_000), Nanos(50)));
    }

    #[test]
    fn the_clocks_of_this_machine_are_real_ones() {
        let clock = Clock::start();
        let (first, second) = (clock.hands(), clock.hands());
        assert!(first.monotonic > 0 && first.boot >= first.monotonic && first.wall > first.boot);
        assert!(second.monotonic >= first.monotonic);
    }
}
