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

/// Tokens that were generated and sent: the server's count of a whole reply,
/// else of its chunks, else one per event.
pub(super) fn output_tokens(request: &Request<'_>) -> u64 {
    let seen = || request.chunks.total_tokens().unwrap_or_else(|| request.chunks.total_events());
    match request.outcome {
        RequestOutcome::Success { .. } => request.usage.visible_tokens().unwrap_or_else(seen),
        _ => seen(),
    }
}

/// Arrivals in order, each with the tokens it brought: `output_tokens` spread
/// over the chunks as the server counts them, or else as their text is long if
/// they hold several, or else as their events are many.
pub(super) fn arrivals<'a>(request: &Request<'a>) -> impl Iterator<Item = (Nanos, f64)> + use<'a> {
    let weights = || request.chunks.weights().map(count);
    let whole: f64 = weights().sum();
    let tokens_per_weight = if whole > 0.0 { count(output_tokens(request)) / whole } else { 0.0 };
    let mut now = request.sent_ns;
    request.chunks.iter().zip(weights()).map(move |((gap, _), weight)| {
        now = now.plus(gap);
        (now, weight * tokens_per_weight)
    })
}

/// (last token − first token) ÷ (output tokens − tokens in the first chunk):
/// time per output token, in seconds. Undefined unless tokens follow the first
/// chunk.
pub(super) fn tpot(request: &Request<'_>) -> Option<f64> {
    let length = request.last_token_ns?.since(request.first_token_ns?);
    // The server may count a last token that it never sends; what is counted
    // chunk by chunk has all come.
    let later_tokens = match request.chunks.total_tokens() {
        Some(tokens) => count(tokens) - count(request.chunks.weights().next()?),
        None => count(output_tokens(request)) - arrivals(request).next()?.1,
    };
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
