//! Objectives on percentiles of a cell: `slo = { ttft_p95 = "300ms" }`.

use indexmap::IndexMap;

use super::estimate::measure;
use super::{Attained, Gap, Measured, Objective, Repetition, UnitValue, Validity};
use crate::metric::Bounded::{self, E2e, Tpot, Ttft};
use crate::metric::{Unit, Window};
use crate::names::MetricId;
use crate::scenario::Slo;
use crate::stats::Percentile::{self, P50, P90, P95, P99};
use crate::units::{Nanos, Period};

/// Every key of `slo` that bounds a percentile.
const fn bounds(slo: &Slo) -> [(&'static str, Bounded, Percentile, Option<Period>); 8] {
    [
        ("ttft_p50", Ttft, P50, slo.ttft_p50),
        ("ttft_p90", Ttft, P90, slo.ttft_p90),
        ("ttft_p95", Ttft, P95, slo.ttft_p95),
        ("ttft_p99", Ttft, P99, slo.ttft_p99),
        ("tpot_p50", Tpot, P50, slo.tpot_p50),
        ("tpot_p95", Tpot, P95, slo.tpot_p95),
        ("e2e_p50", E2e, P50, slo.e2e_p50),
        ("e2e_p95", E2e, P95, slo.e2e_p95),
    ]
}

/// Those that are declared, with their limits.
fn declared(slo: &Slo) -> impl Iterator<Item = (MetricId, Bounded, Percentile, Nanos)> {
    bounds(slo).into_iter().filter_map(|(name, bounded, percentile, limit)| {
        Some((MetricId::new(name).ok()?, bounded, percentile, limit?.duration().into()))
    })
}

/// The percentiles that are bounded, and their limits in seconds.
pub(super) fn limits(slo: &Slo) -> impl Iterator<Item = (MetricId, f64)> {
    declared(slo).map(|(name, _, _, limit)| (name, limit.seconds()))
}

/// The percentiles of one repetition.
pub(super) fn values(slo: &Slo, window: &Window<'_>) -> IndexMap<MetricId, UnitValue> {
    let value =
        |(name, bounded, percentile, limit): (_, Bounded, _, _)| (name, bounded.percentile(window, percentile, limit));
    declared(slo).map(value).collect()
}

/// Every objective of a cell against all its repetitions.
pub(super) fn judge(slo: &Slo, repetitions: &[Repetition], skipped: Option<&str>) -> Vec<Objective> {
    declared(slo)
        .map(|(name, _, _, limit)| {
            let value = |repetition: &'_ Repetition| repetition.objectives.get(&name).cloned();
            let unanswered = repetitions.iter().filter(|one| one.validity == Validity::Valid).filter_map(value);
            let unanswered = unanswered.filter(|value| *value == Err(Gap::Unanswered)).count();
            let measured = measure(repetitions, value, Unit::Seconds, skipped);
            let attained = if unanswered > 0 { Attained::Missed } else { attained(&measured, limit.seconds()) };
            Objective { limit_s: limit.seconds(), measured, attained, name }
        })
        .collect()
}

/// On which side of the limit the 95 % interval lies.
fn attained(measured: &Measured, limit: f64) -> Attained {
    match measured {
        Measured::Gap(Gap::TooFew { .. }) => Attained::TooFewRequests,
        Measured::Gap(_) => Attained::NotMeasured,
        Measured::Estimate(estimate) => match estimate.interval {
            Some(interval) if interval.upper <= limit => Attained::Met,
            Some(interval) if interval.lower > limit => Attained::Missed,
            Some(_) | None => Attained::Undecided,
        },
    }
}
