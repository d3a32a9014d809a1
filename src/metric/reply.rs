//! What follows from one request's record alone.

use super::{Gap, UnitValue};
use crate::record::{Request, RequestOutcome};
use crate::stats::Sample;
use crate::units::Nanos;

/// As a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 of anything")]
pub(super) const fn count(number: u64) -> f64 {
    number as f64
}

/// Generated tokens: the server's count of a whole reply, else one per event.
pub(super) fn output_tokens(request: &Request<'_>) -> u64 {
    let events = request.chunks.total_events();
    match request.outcome {
        RequestOutcome::Success { .. } => request.usage.output_tokens.unwrap_or(events),
        _ => events,
    }
}

/// Arrivals in order, each with the tokens it brought: `output_tokens` spread
/// over the events, so that chunks of several tokens count as what they are.
pub(super) fn arrivals<'a>(request: &Request<'a>) -> impl Iterator<Item = (Nanos, f64)> + use<'a> {
    let events = request.chunks.total_events();
    let tokens_per_event = if events == 0 { 0.0 } else { count(output_tokens(request)) / count(events) };
    let mut now = request.sent_ns;
    request.chunks.iter().map(move |(gap, events)| {
        now = now.plus(gap);
        (now, count(events) * tokens_per_event)
    })
}

/// (last token − first token) ÷ (output tokens − tokens in the first chunk):
/// time per output token, in seconds. Undefined unless tokens follow the first
/// chunk.
pub(super) fn tpot(request: &Request<'_>) -> Option<f64> {
    let length = request.last_token_ns?.since(request.first_token_ns?);
    let (_, in_first_chunk) = arrivals(request).next()?;
    let later_tokens = count(output_tokens(request)) - in_first_chunk;
    (request.chunks.count() > 1 && later_tokens > 0.0).then(|| length.seconds() / later_tokens)
}

/// The mean, or the reason why there are no values.
pub(super) fn mean(values: impl Iterator<Item = f64>, absent: &str) -> UnitValue {
    let sample = Sample::new(values.collect()).map_err(|_| Gap::not_measured(absent))?;
    Ok(sample.mean())
}

/// `part ÷ whole`, or the reason why there is no whole.
pub(super) fn share(part: f64, whole: f64, absent: &str) -> UnitValue {
    if whole > 0.0 { Ok(part / whole) } else { Err(Gap::not_measured(absent)) }
}
