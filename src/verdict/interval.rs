//! Between the statistics and estimates.

use crate::metric::Estimator;
use crate::stats::{Bounds, Center, Sample, log_welch_ratio, paired_ratio};
use crate::summary::{CellSummary, Estimate, Gap, Interval, Measured};

pub(super) fn interval(Bounds { lower, upper }: Bounds) -> Interval {
    Interval { lower, upper }
}

/// The estimate of a metric in a cell.
pub(super) fn estimate<'a>(cell: &'a CellSummary, metric: &str) -> Result<&'a Estimate, Gap> {
    match cell.estimates.iter().find(|(id, _)| id.as_str() == metric) {
        Some((_, Measured::Estimate(estimate))) => Ok(estimate),
        Some((_, Measured::Gap(gap))) => Err(gap.clone()),
        None => Err(Gap::not_measured(format!("there is no metric `{metric}`"))),
    }
}

/// The values of the repetitions, as a sample; `None` if one is not finite.
pub(super) fn sample(estimate: &Estimate) -> Option<Sample> {
    Sample::new(estimate.units.iter().map(|(_, value)| *value).collect()).ok()
}

/// A metric's ratio between two cells, and the pairs or repetitions it stands
/// on: paired within blocks where two or more are shared, else of the unpaired
/// means. `None` unless every value is positive.
pub(super) fn ratio(above: &Estimate, below: &Estimate, confidence: f64) -> Option<(Center, usize)> {
    let pairs = pairs(above, below);
    if let Some(by_bounds) = of_counts(above, below, &pairs, confidence) {
        return by_bounds;
    }
    if pairs.len() > 1 {
        return Some((paired_ratio(&pairs, confidence)?, pairs.len()));
    }
    let repetitions = above.units.len().min(below.units.len());
    Some((log_welch_ratio(&sample(above)?, &sample(below)?, confidence)?, repetitions))
}

/// Whether nothing can be said of shares by the spread of their pairs: of kills,
/// which are few, and of requests that were all counted alike.
pub(super) fn have_no_spread(above: &Estimate, below: &Estimate, pairs: &[(f64, f64)]) -> bool {
    let are = |by: Estimator| above.by == by && below.by == by;
    let alike = pairs.windows(2).all(|pair| (pair[0].0 - pair[0].1).total_cmp(&(pair[1].0 - pair[1].1)).is_eq());
    are(Estimator::Kills) || (are(Estimator::Requests) && alike)
}

/// Where that is so, the ratio of the two shares with the bounds that follow
/// from theirs, of which each pair has half of the error (Bonferroni); `None`
/// inside where there is no ratio to speak of.
#[expect(clippy::option_option, reason = "whether it is so, and whether there is a ratio, are two questions")]
fn of_counts(
    above: &Estimate,
    below: &Estimate,
    pairs: &[(f64, f64)],
    confidence: f64,
) -> Option<Option<(Center, usize)>> {
    if !have_no_spread(above, below, pairs) {
        return None;
    }
    let each = f64::midpoint(1.0, confidence);
    let (above, below) = (above.center(each)?, below.center(each)?);
    let ends = above.bounds.zip(below.bounds).filter(|(_, below)| below.lower > 0.0);
    let bounds =
        ends.map(|(above, below)| Bounds { lower: above.lower / below.upper, upper: above.upper / below.lower });
    let is_ratio = above.value > 0.0 && below.value > 0.0;
    Some(is_ratio.then_some((Center { value: above.value / below.value, bounds }, pairs.len())))
}

/// Values of the same block, `(above, below)`; each block counts once.
pub(super) fn pairs(above: &Estimate, below: &Estimate) -> Vec<(f64, f64)> {
    let first_of_block = |estimate: &Estimate, block: u32| {
        estimate.units.iter().find_map(|(other, value)| (*other == block).then_some(*value))
    };
    let mut blocks: Vec<u32> = above.units.iter().map(|(block, _)| *block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks.iter().filter_map(|block| first_of_block(above, *block).zip(first_of_block(below, *block))).collect()
}
