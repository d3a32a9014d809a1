use std::time::Duration;

use tokio::time::Instant;

use crate::units::Period;

/// How long something may take: the period as declared, for messages, and the
/// moment at which it is over.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    within: Period,
    deadline: Instant,
}

impl Limit {
    /// From now on.
    pub fn from_now(within: Period) -> Self {
        // Some thirty years stand for "for ever": the addition must not overflow.
        let length = within.duration().min(Duration::from_secs(1_000_000_000));
        Self { within, deadline: Instant::now() + length }
    }

    /// As declared.
    pub const fn within(self) -> Period {
        self.within
    }

    /// When it is over.
    pub const fn deadline(self) -> Instant {
        self.deadline
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.deadline
    }
}
