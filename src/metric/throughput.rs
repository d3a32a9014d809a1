use super::reply::{arrivals, count, output_tokens, share};
use super::window::is_good;
use super::{Better, Family, Gap, Measure, MetricDefinition, Unit, UnitValue, Window, reply};
use crate::record::Request;
use crate::units::Nanos;

/// Of the clients of a closed loop.
const FULL_LOAD: f64 = 0.9;
const EMPTY_WINDOW: &str = "the measured window has no length";

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    MetricDefinition {
        id: "output_throughput",
        title: "output throughput",
        unit: Unit::TokensPerSecond,
        better: Better::Higher,
        family: Family::Throughput,
        measure: Measure::Window(output_throughput),
    },
    MetricDefinition {
        id: "output_throughput_steady",
        title: "output throughput at full load",
        unit: Unit::TokensPerSecond,
        better: Better::Higher,
        family: Family::Throughput,
        measure: Measure::Window(output_throughput_steady),
    },
    MetricDefinition {
        id: "request_throughput",
        title: "request throughput",
        unit: Unit::RequestsPerSecond,
        better: Better::Higher,
        family: Family::Throughput,
        measure: Measure::Window(request_throughput),
    },
    MetricDefinition {
        id: "output_tokens_mean",
        title: "tokens per reply, mean",
        unit: Unit::Tokens,
        better: Better::Neither,
        family: Family::Throughput,
        measure: Measure::Window(output_tokens_mean),
    },
];

/// Output tokens that arrived inside the window ÷ window. Not requests ÷
/// makespan, whose tail of draining requests lowers every result at high load.
///
/// A reply's tokens are the server's count spread over its events; of a
/// request that was cut off or failed, each arrived event counts as one token.
pub(super) fn output_throughput(window: &Window<'_>) -> UnitValue {
    share(tokens_within(window, &[(window.start, window.end)]), window.seconds(), EMPTY_WINDOW)
}

/// Output tokens that arrived while at least 0.9 × clients requests were in
/// flight ÷ the length of that time. Closed loops only.
fn output_throughput_steady(window: &Window<'_>) -> UnitValue {
    let clients = window.clients.ok_or_else(|| Gap::not_measured("an open loop has no number of clients to hold"))?;
    let spans = spans_in_flight(window, FULL_LOAD * f64::from(clients));
    share(tokens_within(window, &spans), length(&spans), "the load never reached 90 % of its clients")
}

/// The share of the window in which at least 0.9 × clients requests were in
/// flight; `None` in an open loop and for a window without length.
pub fn share_at_full_load(window: &Window<'_>) -> Option<f64> {
    let spans = spans_in_flight(window, FULL_LOAD * f64::from(window.clients?));
    (window.seconds() > 0.0).then(|| length(&spans) / window.seconds())
}

fn length(spans: &[(Nanos, Nanos)]) -> f64 {
    spans.iter().map(|(start, end)| end.since(*start).seconds()).sum()
}

/// The output tokens that arrived in each of so many equal parts of the window.
pub fn tokens_by_part(window: &Window<'_>, parts: u32) -> Vec<f64> {
    let length = window.end.since(window.start).0.max(1);
    let mut tokens = vec![0.0; parts as usize];
    for (at, count) in window.requests.iter().flat_map(|request| arrivals(&request)) {
        if window.start < at && at <= window.end {
            let part = u128::from(at.since(window.start).0 - 1) * u128::from(parts) / u128::from(length);
            if let Some(part) = usize::try_from(part).ok().and_then(|part| tokens.get_mut(part)) {
                *part += count;
            }
        }
    }
    tokens
}

/// Good requests that finished inside the window ÷ window.
fn request_throughput(window: &Window<'_>) -> UnitValue {
    let inside = |finished: Nanos| window.start < finished && finished <= window.end;
    let finished = window.requests.iter().filter(|request| is_good(request) && inside(request.finished_ns));
    share(count(finished.count() as u64), window.seconds(), EMPTY_WINDOW)
}

/// Mean of the output tokens of good replies.
fn output_tokens_mean(window: &Window<'_>) -> UnitValue {
    reply::mean(window.good().map(|request| count(output_tokens(&request))), "no request succeeded")
}

/// Token events that the driver took inside the window, whatever they stand for.
pub fn events_in_window(window: &Window<'_>) -> u64 {
    let of_request = |request: Request<'_>| {
        let mut now = request.sent_ns;
        let arrivals = request.chunks.iter().map(|(gap, events)| {
            now = now.plus(gap);
            (now, events)
        });
        let inside = arrivals.filter(|(at, _)| window.start < *at && *at <= window.end);
        inside.map(|(_, events)| events).sum::<u64>()
    };
    window.requests.iter().map(of_request).sum()
}

/// Tokens that arrived inside any of the `(start, end]` spans, which are in
/// order and do not overlap. A token is the work of the time before it.
pub(super) fn tokens_within(window: &Window<'_>, spans: &[(Nanos, Nanos)]) -> f64 {
    let inside = |at: Nanos| {
        let next = spans.partition_point(|(_, end)| *end < at);
        spans.get(next).is_some_and(|(start, _)| *start < at)
    };
    let all = window.requests.iter().flat_map(|request| arrivals(&request));
    all.filter(|(at, _)| inside(*at)).map(|(_, tokens)| tokens).sum()
}

/// Spans of the window in which at least `least` requests were in flight.
fn spans_in_flight(window: &Window<'_>, least: f64) -> Vec<(Nanos, Nanos)> {
    let clip = |at: Nanos| at.clamp(window.start, window.end.max(window.start));
    let mut changes: Vec<(Nanos, i32)> = window
        .requests
        .iter()
        .flat_map(|request| [(clip(request.sent_ns), 1), (clip(request.finished_ns), -1)])
        .collect();
    changes.sort_unstable();
    let mut spans = Vec::new();
    let mut in_flight = 0;
    for (position, (at, change)) in changes.iter().enumerate() {
        in_flight += change;
        let until = changes.get(position + 1).map_or(*at, |(next, _)| *next);
        if f64::from(in_flight) >= least && until > *at {
            spans.push((*at, until));
        }
    }
    spans
}
