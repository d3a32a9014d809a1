//! Wakes the open loop at its scheduled moments.
#![expect(clippy::disallowed_methods, reason = "a thread of its own, since the runtime's timer ticks in milliseconds")]

use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::clock::Clock;
use crate::host;
use crate::units::Nanos;

/// How long the pacer sleeps at most before it looks whether anybody still
/// listens.
const NAP: Duration = Duration::from_millis(20);

/// Sends each moment when it has come, from a thread that [wakes when it is
/// due](host::wake_when_due). Tokio's timer rounds up to the next millisecond, which alone
/// would break the limit on schedule lag.
///
/// The channel is unbounded, so a slow receiver cannot delay the next moment;
/// it holds at most one entry a request. The thread ends with the moments, or
/// when the receiver is dropped.
pub(super) fn pace(clock: Clock, moments: impl Iterator<Item = Nanos> + Send + 'static) -> UnboundedReceiver<Nanos> {
    let (come, moments_come) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        host::wake_when_due();
        for moment in moments {
            loop {
                let left: Duration = moment.since(clock.now()).into();
                if left.is_zero() {
                    break;
                }
                if come.is_closed() {
                    return;
                }
                std::thread::sleep(left.min(NAP));
            }
            if come.send(moment).is_err() {
                return;
            }
        }
    });
    moments_come
}
