//! Whether the load was what it was to be, and the server at its pace.

use super::{Examined, MARGIN, percent};
use crate::metric;
use crate::summary::ThroughputCourse;

/// At full load for less of a window than this, its mean is that of a mixture.
const LEAST_AT_FULL_LOAD: f64 = 0.8;

pub(super) fn short_of_load(examined: &Examined<'_>) -> Option<String> {
    let share = metric::share_at_full_load(examined.window)?;
    // A server that refuses everything at once has broken another rule.
    let was_served = examined.window.good().next().is_some();
    (was_served && examined.spec.fault.is_none() && share < LEAST_AT_FULL_LOAD).then(|| {
        format!(
            "at least 90 % of the clients had a request in flight for only {} of the window, less than {}",
            percent(share),
            percent(LEAST_AT_FULL_LOAD)
        )
    })
}

pub(super) fn not_settled(examined: &Examined<'_>) -> Option<String> {
    let (what, seconds, off) = match examined.course.filter(|_| examined.spec.fault.is_none())? {
        ThroughputCourse::WarmUp { seconds, off } => ("warmed up", seconds, off),
        ThroughputCourse::Slowdown { seconds, off } => ("slowed down", seconds, off),
        ThroughputCourse::Steady | ThroughputCourse::Unsettled | ThroughputCourse::TooFewTokens => return None,
    };
    (off.abs() > MARGIN).then(|| {
        let (off, way) = (percent(off.abs()), if off < 0.0 { "below" } else { "above" });
        // On to the next half second: nobody knows it better.
        let enough = ((examined.spec.warmup.duration().as_secs_f64() + seconds) * 2.0).ceil() / 2.0;
        format!(
            "the server {what} for {seconds:.1} s of the window: its mean is {off} {way} what it settled at, more than 3 %, \
             and a warm-up of {enough:.1} s would do"
        )
    })
}
