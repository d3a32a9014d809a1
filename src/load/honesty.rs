//! The driver's figures about itself.
#![expect(clippy::disallowed_methods, reason = "reads this process's own CPU time")]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::record::ClientHonesty;
use crate::units::Nanos;

const TICK: Duration = Duration::from_millis(10);

/// Watches the driver while it drives.
#[derive(Debug)]
pub(super) struct Honesty {
    clock: Clock,
    started: Nanos,
    cpu_at_start: Option<f64>,
    worst_stall: Arc<AtomicU64>,
    done: CancellationToken,
}

impl Honesty {
    pub(super) fn start(clock: Clock) -> Self {
        let worst_stall = Arc::new(AtomicU64::new(0));
        let done = CancellationToken::new();
        tokio::spawn(tick(clock, Arc::clone(&worst_stall), done.clone()));
        Self { clock, started: clock.now(), cpu_at_start: cpu_seconds(), worst_stall, done }
    }

    pub(super) async fn finish(self, mut lags: Vec<u64>) -> ClientHonesty {
        self.done.cancel();
        // One turn of the loop, so that a stall that is under way is counted.
        tokio::task::yield_now().await;
        let wall = self.clock.now().since(self.started).seconds();
        let cpu = cpu_seconds().zip(self.cpu_at_start).map(|(now, then)| now - then);
        lags.sort_unstable();
        ClientHonesty {
            schedule_lag_p99_ns: nearest_rank(&lags, 99).map(Nanos),
            loop_stall_max_ns: Some(Nanos(self.worst_stall.load(Ordering::Relaxed))),
            cpu_cores: cpu.filter(|_| wall > 0.0).map(|cpu| cpu / wall),
        }
    }
}

/// How late a ticker wakes up is how long the loop was busy with other work.
async fn tick(clock: Clock, worst: Arc<AtomicU64>, done: CancellationToken) {
    loop {
        let due = clock.now().plus(TICK.into());
        tokio::select! {
            () = done.cancelled() => return,
            () = tokio::time::sleep(TICK) => {
                worst.fetch_max(clock.now().since(due).0, Ordering::Relaxed);
            }
        }
    }
}

/// The smallest value that at least `percent` per cent of `sorted` do not
/// exceed.
fn nearest_rank(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// User and system time of this process: fields 14 and 15 of
/// `/proc/self/stat`, in ticks of 1/100 s (proc(5); `USER_HZ` is 100 on every
/// Linux that Rust runs on).
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_of_a_hundred_lags_is_the_last_but_one() {
        let lags: Vec<u64> = (1..=100).collect();
        assert_eq!(nearest_rank(&lags, 99), Some(99));
        assert_eq!(nearest_rank(&lags[..1], 99), Some(1));
        assert_eq!(nearest_rank(&[], 99), None);
    }
}
