use super::reply::{self, count};
use super::window::is_good;
use super::{Better, Family, Gap, Measure, MetricDefinition, Unit, UnitValue, Window};
use crate::record::{Request, RequestOutcome};
use crate::stats::{Percentile, Pool, Quantile, Sample, pooled_quantile};
use crate::units::Nanos;

/// Of the good replies.
const NOT_STREAMED_LIMIT: f64 = 0.01;

/// A latency of each request, and what is told of them all.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    of: fn(&Request<'_>) -> Vec<f64>,
    told: Told,
}

#[derive(Clone, Copy, Debug)]
enum Told {
    Mean,
    Percentile(Percentile),
    PercentileWithFailures(Percentile),
}

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    latency("ttft_p50", "time to first token, median", ttft, Told::Percentile(Percentile::P50)),
    latency("ttft_p90", "time to first token, p90", ttft, Told::Percentile(Percentile::P90)),
    latency("ttft_p95", "time to first token, p95", ttft, Told::Percentile(Percentile::P95)),
    latency("ttft_p99", "time to first token, p99", ttft, Told::Percentile(Percentile::P99)),
    latency("ttft_mean", "time to first token, mean", ttft, Told::Mean),
    latency(
        "ttft_p95_incl_failures",
        "time to first token, p95, failures never answer",
        ttft,
        Told::PercentileWithFailures(Percentile::P95),
    ),
    latency(
        "ttft_p99_incl_failures",
        "time to first token, p99, failures never answer",
        ttft,
        Told::PercentileWithFailures(Percentile::P99),
    ),
    latency("ttfo_p50", "time to first token that is not reasoning, median", ttfo, Told::Percentile(Percentile::P50)),
    latency(
        "ttft_scheduled_p50",
        "first token after the scheduled moment, median",
        ttft_scheduled,
        Told::Percentile(Percentile::P50),
    ),
    latency(
        "ttft_scheduled_p95",
        "first token after the scheduled moment, p95",
        ttft_scheduled,
        Told::Percentile(Percentile::P95),
    ),
    latency(
        "ttft_scheduled_p99",
        "first token after the scheduled moment, p99",
        ttft_scheduled,
        Told::Percentile(Percentile::P99),
    ),
    latency("e2e_p50", "whole request, median", e2e, Told::Percentile(Percentile::P50)),
    latency("e2e_p95", "whole request, p95", e2e, Told::Percentile(Percentile::P95)),
    latency(
        "e2e_p95_incl_failures",
        "whole request, p95, failures never answer",
        e2e,
        Told::PercentileWithFailures(Percentile::P95),
    ),
    latency(
        "e2e_p99_incl_failures",
        "whole request, p99, failures never answer",
        e2e,
        Told::PercentileWithFailures(Percentile::P99),
    ),
    latency(
        "e2e_scheduled_p50",
        "whole request from the scheduled moment, median",
        e2e_scheduled,
        Told::Percentile(Percentile::P50),
    ),
    latency(
        "e2e_scheduled_p95",
        "whole request from the scheduled moment, p95",
        e2e_scheduled,
        Told::Percentile(Percentile::P95),
    ),
    latency("tpot_p50", "time per output token, median", tpot, Told::Percentile(Percentile::P50)),
    latency("tpot_p95", "time per output token, p95", tpot, Told::Percentile(Percentile::P95)),
    latency("inter_chunk_p50", "gap between chunks, median", inter_chunk, Told::Percentile(Percentile::P50)),
    latency("inter_chunk_p99", "gap between chunks, p99", inter_chunk, Told::Percentile(Percentile::P99)),
];

const fn latency(
    id: &'static str,
    title: &'static str,
    of: fn(&Request<'_>) -> Vec<f64>,
    told: Told,
) -> MetricDefinition {
    let measure = Measure::Latency(Latency { of, told });
    MetricDefinition { id, title, unit: Unit::Seconds, better: Better::Lower, family: Family::Latency, measure }
}

impl Latency {
    /// Percentiles are type 7, and high ones a gap under their sample floor. A
    /// median has none: its interval is over the repetitions' medians, however
    /// few requests each of these stands on.
    pub(super) fn in_window(self, window: &Window<'_>) -> UnitValue {
        if self.lacks_streams(window) {
            return Err(Gap::NotStreamed);
        }
        let of_good = || window.good().flat_map(|request| (self.of)(&request));
        match self.told {
            Told::Mean => reply::mean(of_good(), "no request succeeded"),
            Told::Percentile(Percentile::P50) => {
                let median = Sample::new(of_good().collect()).map(|values| values.into_quantile(0.5));
                median.map_err(|_| Gap::not_measured(absence(window)))
            }
            Told::Percentile(percentile) | Told::PercentileWithFailures(percentile) => {
                percentile_of(&self.pool(window)?, percentile)
            }
        }
    }

    /// The percentile that is taken over all repetitions together: every one but
    /// the median, of which single repetitions hold too few requests.
    pub(super) const fn pooled(self) -> Option<Percentile> {
        match self.told {
            Told::Mean | Told::Percentile(Percentile::P50) => None,
            Told::Percentile(percentile) | Told::PercentileWithFailures(percentile) => Some(percentile),
        }
    }

    /// What one repetition has for it.
    pub(super) fn pool(self, window: &Window<'_>) -> Result<Pool, Gap> {
        if self.lacks_streams(window) {
            return Err(Gap::NotStreamed);
        }
        match self.told {
            Told::Mean | Told::Percentile(_) => Ok(Pool::new(window.good().flat_map(|request| (self.of)(&request)), 0)),
            Told::PercentileWithFailures(_) => {
                let (values, unanswered) = self.with_failures(window);
                Ok(Pool::new(values, unanswered))
            }
        }
    }

    /// Whether too many good replies have no such time because they came as one
    /// body each: the others would speak for another workload.
    fn lacks_streams(self, window: &Window<'_>) -> bool {
        let lacks = |request: &Request<'_>| request.not_streamed && (self.of)(request).is_empty();
        let (lacking, all) = window
            .good()
            .fold((0_u64, 0_u64), |(lacking, all), request| (lacking + u64::from(lacks(&request)), all + 1));
        count(lacking) > NOT_STREAMED_LIMIT * count(all)
    }

    /// Values of the requests that have one, and how many have none because
    /// they failed or were still unanswered when the driver cut them off.
    fn with_failures(self, window: &Window<'_>) -> (Vec<f64>, u64) {
        let mut values = Vec::new();
        let mut unanswered = 0;
        for request in window.sent().filter(|request| *request.outcome != RequestOutcome::Interrupted) {
            let answered = is_good(&request) || *request.outcome == RequestOutcome::Cut;
            let found = if answered { (self.of)(&request) } else { Vec::new() };
            unanswered += u64::from(found.is_empty());
            values.extend(found);
        }
        (values, unanswered)
    }
}

/// The percentile of one repetition alone.
pub fn percentile_of(pool: &Pool, percentile: Percentile) -> UnitValue {
    let (n, floor) = (pool.count(), percentile.floor() as u64);
    if n < floor {
        return Err(Gap::TooFew { n, floor });
    }
    match pooled_quantile(std::iter::once(pool), percentile.share()) {
        Some(Quantile::Finite(value)) => Ok(value),
        Some(Quantile::Infinite) | None => Err(Gap::Unanswered),
    }
}

/// Why no request has such a time.
fn absence(window: &Window<'_>) -> &'static str {
    if window.good().next().is_some() { "no request has such a time" } else { "no request succeeded" }
}

fn between(later: Option<Nanos>, earlier: Nanos) -> Vec<f64> {
    later.map(|later| later.since(earlier).seconds()).into_iter().collect()
}

/// Last token, of a reply that came whole.
fn whole(request: &Request<'_>) -> Option<Nanos> {
    request.last_token_ns.filter(|_| request.outcome.is_success())
}

/// First chunk with content, reasoning or a tool call − sent.
fn ttft(request: &Request<'_>) -> Vec<f64> {
    between(request.first_token_ns, request.sent_ns)
}

/// First content that is not reasoning − sent.
fn ttfo(request: &Request<'_>) -> Vec<f64> {
    between(request.first_output_token_ns, request.sent_ns)
}

/// First token − scheduled: in an open loop a late driver, or a full server,
/// cannot hide waiting time (coordinated omission).
fn ttft_scheduled(request: &Request<'_>) -> Vec<f64> {
    between(request.first_token_ns, request.scheduled_ns)
}

/// Last token − sent.
fn e2e(request: &Request<'_>) -> Vec<f64> {
    between(whole(request), request.sent_ns)
}

/// Last token − scheduled.
fn e2e_scheduled(request: &Request<'_>) -> Vec<f64> {
    between(whole(request), request.scheduled_ns)
}

/// (last token − first token) ÷ (output tokens − tokens in the first chunk),
/// per request; undefined, not 0, unless tokens follow the first chunk.
fn tpot(request: &Request<'_>) -> Vec<f64> {
    reply::tpot(request).into_iter().collect()
}

/// Gaps between chunks with content, pooled over requests. A chunk may hold
/// several tokens, so this is not an inter-token latency.
fn inter_chunk(request: &Request<'_>) -> Vec<f64> {
    request.chunks.iter().skip(1).map(|(gap, _)| gap.seconds()).collect()
}
