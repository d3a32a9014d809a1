//! Whether the driver was asked for more than this machine was seen to give.

use super::{Examined, as_f64};
use crate::metric;
use crate::record::{Envelope, RequestOutcome};

const AGAIN: &str = "`runexp doctor` finds out anew what that is";

pub(super) fn beyond_envelope(examined: &Examined<'_>) -> Option<String> {
    let window = examined.window;
    let Envelope { made, requests_per_s, events_per_s, timely_events_per_s } = window.client.certified?;
    let seconds = Some(window.seconds()).filter(|seconds| *seconds > 0.0)?;
    let asked = window.sent().filter(|request| *request.outcome != RequestOutcome::Dropped).count();
    let tokens = metric::events_in_window(window);
    let (requests, events) = (as_f64(asked as u64) / seconds, as_f64(tokens) / seconds);
    let day = made.format("%Y-%m-%d");
    let found = |what: &str, much: f64, limit: f64, of: &str| {
        let (told, most) = (rate(much), rate(limit));
        (much > limit).then(|| format!("{what} at {told} per second, more than the {most} {of} on {day}; {AGAIN}"))
    };
    found("requests were sent", requests, requests_per_s, "that this machine's driver took")
        .or_else(|| found("token events came", events, events_per_s, "that this machine's driver took"))
        .or_else(|| {
            let of = "up to which it noticed first tokens within 1 ms";
            found("token events came", events, timely_events_per_s, of)
        })
}

/// Few with a digit more.
fn rate(per_second: f64) -> String {
    if per_second < 100.0 { format!("{per_second:.1}") } else { format!("{per_second:.0}") }
}
