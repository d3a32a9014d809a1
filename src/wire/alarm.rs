use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep};

use crate::clock::Clock;
use crate::units::Nanos;

/// A timer for a moment that moves on with every read.
///
/// It is set only when the moment it was last set for is over, or is too late:
/// while replies come in that is once in the longest allowed silence, not once
/// a read.
#[derive(Debug)]
pub(super) struct Alarm {
    clock: Clock,
    sleep: Pin<Box<Sleep>>,
    set_for: Nanos,
}

impl Alarm {
    pub(super) fn new(clock: Clock, at: Nanos) -> Self {
        let sleep = Box::pin(tokio::time::sleep_until(instant(clock, at)));
        Self { clock, sleep, set_for: at }
    }

    /// Ready once `at` is over.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, at: Nanos) -> Poll<()> {
        if at < self.set_for {
            self.set(at);
        }
        loop {
            ready!(self.sleep.as_mut().poll(context));
            if self.clock.now() >= at {
                return Poll::Ready(());
            }
            self.set(at);
        }
    }

    fn set(&mut self, at: Nanos) {
        self.sleep.as_mut().reset(instant(self.clock, at));
        self.set_for = at;
    }
}

fn instant(clock: Clock, at: Nanos) -> Instant {
    Instant::from_std(clock.instant(at))
}
