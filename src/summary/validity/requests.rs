//! What became of the requests.

use super::super::answers::failures;
use super::{Examined, as_f64, percent};
use crate::metric;
use crate::record::{CellEnd, Request, RequestOutcome};
use crate::scenario::{PromptCache, length_tolerance};
use crate::stats::Sample;
use crate::units::Share;

const ERROR_RATE_LIMIT: f64 = 0.01;
const DROPPED_LIMIT: f64 = 0.01;
const CACHED_LIMIT: f64 = 0.05;
const FULL_LENGTH: f64 = 0.9;

pub(super) fn not_complete(examined: &Examined<'_>) -> Option<String> {
    match examined.how {
        CellEnd::Complete => None,
        CellEnd::Interrupted => Some("it was interrupted".to_owned()),
        CellEnd::Failed { reason } => Some(format!("it could not go on: {reason}")),
    }
}

pub(super) fn nothing_succeeded(examined: &Examined<'_>) -> Option<String> {
    let said = || failures(examined.window).map(|told| format!(": {told}")).unwrap_or_default();
    examined.window.good().next().is_none().then(|| format!("no request succeeded{}", said()))
}

/// A fault on purpose makes errors on purpose.
pub(super) fn errors(examined: &Examined<'_>) -> Option<String> {
    let rate = metric::find("error_rate")?.in_window(examined.window).ok()?;
    // Where nothing succeeded, that rule has told it.
    let has_good = examined.window.good().next().is_some();
    (examined.spec.fault.is_none() && rate > ERROR_RATE_LIMIT).then(|| {
        let told = failures(examined.window).filter(|_| has_good);
        let said = told.map(|told| format!(": {told}")).unwrap_or_default();
        format!("{} of the requests failed, more than 1 %{said}", percent(rate))
    })
}

/// What the driver does not send, no server can be blamed for.
pub(super) fn dropped(examined: &Examined<'_>) -> Option<String> {
    let count = examined.window.sent().filter(|request| *request.outcome == RequestOutcome::Dropped).count() as u64;
    let share = as_f64(count) / as_f64(examined.window.sent().count() as u64).max(1.0);
    (share > DROPPED_LIMIT)
        .then(|| format!("{} of the requests were dropped at `max_in_flight`, more than 1 %", percent(share)))
}

/// Replies that stop early make a server look fast.
pub(super) fn cut_short(examined: &Examined<'_>) -> Option<String> {
    let ignored_end = examined.spec.request.ignores_end().then_some(FULL_LENGTH);
    let expected = examined.spec.expect.output_tokens_at_least.map(Share::fraction);
    let demanded = ignored_end.into_iter().chain(expected).reduce(f64::max)?;
    let whole = examined.window.counted().filter(|request| request.outcome.is_success());
    let found = Sample::new(whole.filter_map(|request| length_of_reply(&request)).collect()).ok()?.mean();
    (found < demanded).then(|| {
        format!("replies had {} of the asked tokens on average, less than {}", percent(found), percent(demanded))
    })
}

/// Output tokens ÷ asked tokens.
fn length_of_reply(request: &Request<'_>) -> Option<f64> {
    let tokens = request.usage.output_tokens.unwrap_or_else(|| request.chunks.total_events());
    (request.asked_tokens > 0).then(|| as_f64(tokens) / f64::from(request.asked_tokens))
}

/// Every prompt is to be new, but for what a conversation says again.
pub(super) fn prompt_cached(examined: &Examined<'_>) -> Option<String> {
    let new = examined.window.counted().filter(|request| request.turn.is_none_or(|turn| turn == 0));
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

/// A prompt that was made for a number of tokens must have it, as the server
/// counts.
pub(super) fn prompt_length(examined: &Examined<'_>) -> Option<String> {
    let synthetic = examined.window.good().filter_map(|request| Some((request.asked_prompt_tokens?, request)));
    let counts: Option<Vec<(u32, f64)>> =
        synthetic.map(|(asked, request)| Some((asked, as_f64(request.usage.prompt_tokens?)))).collect();
    let Some(counts) = counts else {
        return Some("the server did not count the tokens of every prompt".to_owned());
    };
    let mean = |of: fn((u32, f64)) -> f64| Some(Sample::new(counts.iter().copied().map(of).collect()).ok()?.mean());
    let off = mean(|(asked, counted)| (counted - f64::from(asked)).abs())?;
    let limit = mean(|(asked, _)| length_tolerance(asked))?;
    let (asked, counted) = (mean(|(asked, _)| f64::from(asked))?, mean(|(_, counted)| counted)?);
    (off > limit).then(|| {
        format!("prompts of {asked:.1} tokens were counted as {counted:.1}: off by {off:.1} on average, more than {limit:.1}")
    })
}
