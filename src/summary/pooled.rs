//! Percentiles over the requests of all repetitions.

use indexmap::IndexMap;

use super::estimate::{Terms, estimate, gap, valid};
use super::{Estimate, Gap, Measured, Repetition, UnitValue};
use crate::metric::{self, Estimator};
use crate::names::MetricId;
use crate::stats::{Percentile, Pool, quantile_by_block};

/// What one repetition has for a percentile.
pub(super) type Pooled = Result<(Percentile, Pool), Gap>;

/// What one repetition has for every percentile over all of them. These are not
/// written into a summary, and two are alike whatever they hold.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    metrics: IndexMap<MetricId, Pooled>,
    objectives: IndexMap<MetricId, Pooled>,
}

impl PartialEq for Pools {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Pools {
    /// Keeps what there is for a metric, and gives its value in this repetition
    /// alone; nothing for a metric that is not pooled.
    pub(super) fn note(&mut self, id: &MetricId, pooled: Option<Pooled>) -> Option<UnitValue> {
        let pooled = pooled?;
        let value = alone(&pooled);
        self.metrics.insert(id.clone(), pooled);
        Some(value)
    }

    /// The same for an objective.
    pub(super) fn note_objective(&mut self, id: &MetricId, pooled: Pooled) -> UnitValue {
        let value = alone(&pooled);
        self.objectives.insert(id.clone(), pooled);
        value
    }

    pub(super) fn of_metric(&self, id: &MetricId) -> Option<&Pooled> {
        self.metrics.get(id)
    }

    pub(super) fn of_objective(&self, id: &MetricId) -> Option<&Pooled> {
        self.objectives.get(id)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn alone(pooled: &Pooled) -> UnitValue {
    pooled.as_ref().map_err(Clone::clone).and_then(|(percentile, pool)| metric::percentile_of(pool, *percentile))
}

/// The percentile of the requests of all valid repetitions, from its floor on,
/// with a jackknife over repetitions. Percentiles of single repetitions would
/// be too small by up to a quarter where these hold a few dozen requests.
pub(super) fn measure<'a>(
    repetitions: &'a [Repetition],
    of: impl Fn(&'a Repetition) -> Option<&'a Pooled>,
    Terms { skipped, confidence }: Terms<'_>,
) -> Measured {
    let (mut pools, mut missing) = (Vec::new(), None);
    for (block, pooled) in valid(repetitions).filter_map(|one| Some((one.block, of(one)?))) {
        match pooled {
            Ok((percentile, pool)) => pools.push((block, *percentile, pool)),
            Err(gap) => missing = missing.or(Some(gap.clone())),
        }
    }
    let Some((_, percentile, _)) = pools.first() else {
        return Measured::Gap(missing.unwrap_or_else(|| gap(repetitions, skipped)));
    };
    let valid = u32::try_from(valid(repetitions).count()).unwrap_or(u32::MAX);
    match units(&pools, *percentile) {
        Err(gap) => Measured::Gap(gap),
        Ok(units) => {
            let n = u32::try_from(units.len()).unwrap_or(u32::MAX);
            let estimate =
                estimate(Estimate { n, valid, units, by: Estimator::Pooled, confidence, ..Estimate::default() });
            estimate.map_or_else(|| Measured::Gap(Gap::Unanswered), Measured::Estimate)
        }
    }
}

/// What each repetition adds to the percentile.
fn units(pools: &[(u32, Percentile, &Pool)], percentile: Percentile) -> Result<Vec<(u32, f64)>, Gap> {
    let n = pools.iter().map(|(_, _, pool)| pool.count()).sum();
    let floor = percentile.floor() as u64;
    if n < floor {
        return Err(Gap::TooFew { n, floor });
    }
    // One that holds no request adds nothing.
    let held = || pools.iter().filter(|(_, _, pool)| pool.count() > 0);
    let of_each: Vec<&Pool> = held().map(|(_, _, pool)| *pool).collect();
    let units = quantile_by_block(&of_each, percentile.share()).ok_or(Gap::Unanswered)?;
    Ok(held().map(|(block, _, _)| *block).zip(units).collect())
}
