//! When a repetition's values do not count: one small function per rule.

use super::Validity;
use crate::metric::{self, Window};
use crate::plan::CellSpec;
use crate::record::{CellEnd, RequestOutcome, RequestRecord};
use crate::scenario::PromptCache;
use crate::stats::Sample;
use crate::units::{Nanos, Share};

/// What the rules look at.
pub(super) struct Examined<'a> {
    pub(super) spec: &'a CellSpec,
    pub(super) how: &'a CellEnd,
    pub(super) window: &'a Window<'a>,
}

/// A reason why the values do not count, in a sentence.
type Rule = fn(&Examined<'_>) -> Option<String>;

const RULES: &[Rule] = &[
    not_complete,
    nothing_succeeded,
    too_many_errors,
    too_many_dropped,
    cut_short,
    prompt_cached,
    late_schedule,
    driver_stalled,
];

const ERROR_RATE_LIMIT: f64 = 0.01;
const DROPPED_LIMIT: f64 = 0.01;
const CACHED_LIMIT: f64 = 0.05;
const FULL_LENGTH: f64 = 0.9;
const LAG_FLOOR: Nanos = Nanos(1_000_000);
const LAG_SHARE_OF_TTFT: f64 = 0.01;
const STALL_FLOOR: Nanos = Nanos(100_000_000);
const DELAY_FLOOR: Nanos = Nanos(1_000_000);
/// A third of the margin within which two values count as equal
/// (`verdict::standing`): one stall must not shift a throughput by more.
const STALL_SHARE: f64 = 0.01;
/// That margin: waits for the driver must not shift a time by more.
const MARGIN: f64 = 0.03;
/// In seconds. In a shorter window a single stall of 100 ms, which is let pass,
/// makes a mean wait of more than 1 ms.
const SHORTEST_TO_AVERAGE: f64 = 5.0;

/// Every rule, every reason.
pub(super) fn examine(examined: &Examined<'_>) -> Validity {
    let reasons: Vec<String> = RULES.iter().filter_map(|rule| rule(examined)).collect();
    if reasons.is_empty() { Validity::Valid } else { Validity::Invalid { reasons } }
}

fn not_complete(examined: &Examined<'_>) -> Option<String> {
    match examined.how {
        CellEnd::Complete => None,
        CellEnd::Interrupted => Some("it was interrupted".to_owned()),
        CellEnd::Failed { reason } => Some(format!("it could not go on: {reason}")),
    }
}

fn nothing_succeeded(examined: &Examined<'_>) -> Option<String> {
    examined.window.good().next().is_none().then(|| "no request succeeded".to_owned())
}

/// A fault on purpose makes errors on purpose.
fn too_many_errors(examined: &Examined<'_>) -> Option<String> {
    let rate = metric::find("error_rate")?.in_window(examined.window).ok()?;
    (examined.spec.fault.is_none() && rate > ERROR_RATE_LIMIT)
        .then(|| format!("{} of the requests failed, more than 1 %", percent(rate)))
}

/// What the driver does not send, no server can be blamed for.
fn too_many_dropped(examined: &Examined<'_>) -> Option<String> {
    let dropped = examined.window.sent().filter(|request| request.outcome == RequestOutcome::Dropped).count() as u64;
    let share = as_f64(dropped) / as_f64(examined.window.sent().count() as u64).max(1.0);
    (share > DROPPED_LIMIT)
        .then(|| format!("{} of the requests were dropped at `max_in_flight`, more than 1 %", percent(share)))
}

/// Replies that stop early make a server look fast.
fn cut_short(examined: &Examined<'_>) -> Option<String> {
    let ignored_end = examined.spec.request.ignore_eos.then_some(FULL_LENGTH);
    let expected = examined.spec.expect.output_tokens_at_least.map(Share::fraction);
    let demanded = ignored_end.into_iter().chain(expected).reduce(f64::max)?;
    let whole = examined.window.sent().filter(|request| request.outcome.is_success());
    let found = Sample::new(whole.filter_map(length_of_reply).collect()).ok()?.mean();
    (found < demanded).then(|| {
        format!("replies had {} of the asked tokens on average, less than {}", percent(found), percent(demanded))
    })
}

/// Output tokens ÷ asked tokens.
fn length_of_reply(request: &RequestRecord) -> Option<f64> {
    let tokens = request.usage.output_tokens.unwrap_or_else(|| request.chunks.total_events());
    (request.asked_tokens > 0).then(|| as_f64(tokens) / f64::from(request.asked_tokens))
}

/// Every prompt is to be new, but for what a conversation says again.
fn prompt_cached(examined: &Examined<'_>) -> Option<String> {
    let new = examined.window.sent().filter(|request| request.turn.is_none_or(|turn| turn == 0));
    let counted = new.filter_map(|request| {
        let usage = &request.usage;
        Some((usage.cached_tokens?, usage.prompt_tokens?))
    });
    let (cached, all) =
        counted.fold((0, 0), |sum: (u64, u64), one| (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1)));
    let share = if all == 0 { 0.0 } else { as_f64(cached) / as_f64(all) };
    (examined.spec.request.prompt_cache == PromptCache::Refuse && share > CACHED_LIMIT)
        .then(|| format!("{} of the prompt tokens came from a prompt cache, more than 5 %", percent(share)))
}

/// Only an open loop has a schedule to keep.
fn late_schedule(examined: &Examined<'_>) -> Option<String> {
    let lag = examined.window.client.schedule_lag_p99_ns?;
    let limit = Nanos::from_seconds(LAG_SHARE_OF_TTFT * median_ttft(examined)).max(LAG_FLOOR);
    (examined.spec.load.is_open() && lag > limit)
        .then(|| format!("the driver started requests {lag} late at p99, more than {limit}"))
}

/// What a stall of s seconds can falsify in a window of W seconds.
///
/// Every client may be waiting when it comes, and each loses at most s of its
/// W seconds, so throughput and mean duration are off by at most s / W. That
/// must stay within 1 %. A stall of 100 ms is let pass all the same: it is more
/// than that of a window under 10 s, which is for trying out.
///
/// A time to first token is off by what its own arrival waits. The mean wait of
/// an arrival is Σ s² / 2W over all stalls, which is what the driver's ticker
/// averages; many short stalls, as of a driver that shares its core, tell there
/// too. That must stay within the margin of the median time to first token, or
/// under 1 ms.
///
/// So one stall of 150 ms leaves a window of 60 s as it is (0.25 % of it; 0.2 ms
/// on average), while one of 400 ms spoils a window of 2 s (20 %; 40 ms). A high
/// percentile may still hold a stall that is let pass: `loop_stall_max` tells.
fn driver_stalled(examined: &Examined<'_>) -> Option<String> {
    let Window { client, .. } = examined.window;
    let stall = client.loop_stall_max_ns?;
    let limit = Nanos::from_seconds(STALL_SHARE * examined.window.seconds()).max(STALL_FLOOR);
    if stall > limit {
        return Some(format!("the driver stalled for {stall}, more than {limit}"));
    }
    let delay = client.loop_delay_mean_ns?;
    let limit = Nanos::from_seconds(MARGIN * median_ttft(examined)).max(DELAY_FLOOR);
    (examined.window.seconds() >= SHORTEST_TO_AVERAGE && delay > limit)
        .then(|| format!("what arrived waited {delay} for the driver on average, more than {limit}"))
}

/// In seconds; 0 if nothing succeeded.
fn median_ttft(examined: &Examined<'_>) -> f64 {
    let waits = examined.window.good().filter_map(|request| Some(request.first_token_ns?.since(request.sent_ns)));
    Sample::new(waits.map(Nanos::seconds).collect()).map_or(0.0, |waits| waits.quantile(0.5))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 tokens")]
const fn as_f64(count: u64) -> f64 {
    count as f64
}
