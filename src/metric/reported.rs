use super::reply::{count, output_tokens, share};
use super::throughput::output_throughput;
use super::{Better, Family, Gap, Measure, MetricDefinition, Unit, UnitValue, Window, reply};
use crate::record::Request;
use crate::units::Nanos;

const NO_RATE: &str = "the servers report no decode time";

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    MetricDefinition {
        id: "sum_of_request_rates",
        title: "sum of request rates (not a throughput)",
        unit: Unit::TokensPerSecond,
        better: Better::Neither,
        family: Family::Reported,
        measure: Measure::Window(sum_of_request_rates),
    },
    MetricDefinition {
        id: "overlap_error",
        title: "what the sum of rates adds to the truth",
        unit: Unit::Excess,
        better: Better::Neither,
        family: Family::Reported,
        measure: Measure::Window(overlap_error),
    },
    MetricDefinition {
        id: "individual_rate",
        title: "decode rate per request, mean",
        unit: Unit::TokensPerSecond,
        better: Better::Higher,
        family: Family::Reported,
        measure: Measure::Window(individual_rate),
    },
    MetricDefinition {
        id: "decode_rate",
        title: "decode rate per token",
        unit: Unit::TokensPerSecond,
        better: Better::Higher,
        family: Family::Reported,
        measure: Measure::Window(decode_rate),
    },
    MetricDefinition {
        id: "prefill_rate",
        title: "prefill rate of uncached prompt tokens",
        unit: Unit::TokensPerSecond,
        better: Better::Higher,
        family: Family::Reported,
        measure: Measure::Window(prefill_rate),
    },
    MetricDefinition {
        id: "token_count_mismatch",
        title: "server's token counts against events",
        unit: Unit::Share,
        better: Better::Neither,
        family: Family::Reported,
        measure: Measure::Window(token_count_mismatch),
    },
];

/// The server's own decode rate of one reply: as stated, or output tokens ÷
/// decode time (`eval_count ÷ eval_duration`).
fn decode_rate_of(request: &Request<'_>) -> Option<f64> {
    let usage = &request.usage;
    let seconds = usage.decode_ns.map(Nanos::seconds).filter(|seconds| *seconds > 0.0);
    usage.decode_per_s.or_else(|| Some(count(usage.output_tokens?) / seconds?))
}

/// Where a reply holds several choices, a server's counts and times are of one of
/// them: the rate of none, and not of the reply.
fn one_choice(window: &Window<'_>) -> Result<(), Gap> {
    let has_several = window.good().any(|request| request.has_choices && decode_rate_of(&request).is_some());
    let reason = "replies hold several choices (`n`), and the server's decode rate is of one";
    if has_several { Err(Gap::not_measured(reason)) } else { Ok(()) }
}

/// Clients × [`individual_rate`], which is how the guide adds up its "total".
/// It equals the throughput only if every client decodes all the time; a
/// server that queues reports N times the truth. Closed loops only.
fn sum_of_request_rates(window: &Window<'_>) -> UnitValue {
    let clients = window.clients.ok_or_else(|| Gap::not_measured("an open loop has no number of clients to add up"))?;
    Ok(f64::from(clients) * individual_rate(window)?)
}

/// [`sum_of_request_rates`] ÷ [`output_throughput`] − 1.
fn overlap_error(window: &Window<'_>) -> UnitValue {
    let truth = output_throughput(window)?;
    Ok(share(sum_of_request_rates(window)?, truth, "no token arrived inside the window")? - 1.0)
}

/// Mean over good replies of the server's own decode rate.
fn individual_rate(window: &Window<'_>) -> UnitValue {
    one_choice(window)?;
    reply::mean(window.good().filter_map(|request| decode_rate_of(&request)), NO_RATE)
}

/// Σ output tokens ÷ Σ decode time over good replies, both as the server
/// counts: long replies weigh more than in [`individual_rate`].
fn decode_rate(window: &Window<'_>) -> UnitValue {
    one_choice(window)?;
    ratio_of_sums(window, NO_RATE, |request| {
        let tokens = count(request.usage.output_tokens?);
        let seconds = request.usage.decode_ns.map(Nanos::seconds);
        Some((tokens, seconds.or_else(|| Some(tokens / decode_rate_of(request)?))?))
    })
}

/// Σ uncached prompt tokens ÷ Σ prefill time over good replies, both as the
/// server counts. A server that tells nothing of its cache is taken to have
/// used none.
fn prefill_rate(window: &Window<'_>) -> UnitValue {
    ratio_of_sums(window, "the servers report no prefill time", |request| {
        let usage = &request.usage;
        let uncached = usage.prompt_tokens?.saturating_sub(usage.cached_tokens.unwrap_or(0));
        Some((count(uncached), usage.prefill_ns?.seconds()))
    })
}

/// Σ |server's count − events| ÷ Σ server's count over good replies.
fn token_count_mismatch(window: &Window<'_>) -> UnitValue {
    ratio_of_sums(window, "the servers report no token counts", |request| {
        request.usage.output_tokens?;
        let tokens = output_tokens(request);
        Some((count(tokens.abs_diff(request.chunks.total_events())), count(tokens)))
    })
}

fn ratio_of_sums(window: &Window<'_>, absent: &str, parts: fn(&Request<'_>) -> Option<(f64, f64)>) -> UnitValue {
    let (above, below) = window
        .good()
        .filter_map(|request| parts(&request))
        .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    share(above, below, absent)
}
