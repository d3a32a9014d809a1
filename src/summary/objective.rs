//! Objectives on percentiles of a cell: `slo = { ttft_p95 = "300ms" }`.

use indexmap::IndexMap;

use super::estimate::{Terms, Value, measure, valid};
use super::{Attained, Gap, Measured, Objective, Pools, Repetition, UnitValue, pooled};
use crate::metric::Bounded::{self, E2e, Tpot, Ttft};
use crate::metric::{Estimator, Window};
use crate::names::MetricId;
use crate::scenario::Slo;
use crate::stats::Percentile::{self, P50, P90, P95, P99, P999};
use crate::stats::{Quantile, pooled_quantile};
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
pub(super) fn values(slo: &Slo, window: &Window<'_>, pools: &mut Pools) -> IndexMap<MetricId, UnitValue> {
    let value = |(name, bounded, percentile, limit): (MetricId, Bounded, _, _)| {
        let value = pools.note_objective(&name, bounded.pool(window, limit).map(|pool| (percentile, pool)));
        (name, value)
    };
    declared(slo).map(value).collect()
}

/// Every objective of a cell against all its repetitions.
pub(super) fn judge(slo: &Slo, repetitions: &[Repetition], terms: Terms<'_>) -> Vec<Objective> {
    declared(slo)
        .map(|(name, _, percentile, limit)| {
            let measured = match percentile {
                P50 => measure(repetitions, |one| Some(Value::plain(median(one, &name)?)), Estimator::Mean, terms),
                P90 | P95 | P99 | P999 => pooled::measure(repetitions, |one| one.pools.of_objective(&name), terms),
            };
            let never = |one: &Repetition| match percentile {
                P50 => median(one, &name) == Some(Err(Gap::Unanswered)),
                P90 | P95 | P99 | P999 => one.objectives.get(&name) == Some(&Err(Gap::Unanswered)),
            };
            let unanswered = measured == Measured::Gap(Gap::Unanswered) || valid(repetitions).any(never);
            let attained = if unanswered { Attained::Missed } else { attained(&measured, limit.seconds()) };
            Objective { limit_s: limit.seconds(), measured, attained, name }
        })
        .collect()
}

/// A median of few requests counts too, as one of the repetitions' medians.
fn median(repetition: &Repetition, name: &MetricId) -> Option<UnitValue> {
    let pooled = repetition.pools.of_objective(name)?.as_ref();
    Some(pooled.map_err(Clone::clone).and_then(|(percentile, pool)| {
        match pooled_quantile(std::iter::once(pool), percentile.share()) {
            Some(Quantile::Finite(value)) => Ok(value),
            Some(Quantile::Infinite) => Err(Gap::Unanswered),
            None => Err(Gap::TooFew { n: 0, floor: 1 }),
        }
    }))
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
