//! The statistics behind each kind of claim.

use super::interval::{self, pairs, sample};
use super::{Significance, Verdict};
use crate::stats::{
    Bounds, Center, Position, Tolerance, geometric_center, mean_center, paired_difference, paired_ratio, position,
};
use crate::summary::Estimate;

/// More repetitions than this are no advice.
pub(super) const NEEDS_AT_MOST: u32 = 1_000;

/// What was found about a claim.
pub(super) struct Finding {
    /// Measured ÷ published.
    pub(super) ratio: Option<Center>,
    pub(super) verdict: Verdict,
}

/// The metric has this value. A value that is not positive has no logarithm:
/// then the plain mean is held against `value ± tolerance × |value|`.
pub(super) fn absolute(measured: &Estimate, value: f64, tolerance: Tolerance, significance: Significance) -> Finding {
    if let Some(ratio) = geometric_over(measured, value, significance) {
        return within(ratio, tolerance.limits(), measured.units.len());
    }
    let limits = Bounds { lower: value - tolerance.below * value.abs(), upper: value + tolerance.above * value.abs() };
    Finding { ratio: None, verdict: verdict(plain_bounds(measured, significance), limits, None) }
}

/// The metric's ratio has this value: paired within blocks where two or more
/// are shared, else of the unpaired means.
pub(super) fn ratio(
    above: &Estimate,
    below: &Estimate,
    value: f64,
    tolerance: Tolerance,
    significance: Significance,
) -> Finding {
    match interval::ratio(above, below, significance.confidence()).filter(|_| value > 0.0) {
        Some((ratio, repetitions)) => within(over(ratio, value), tolerance.limits(), repetitions),
        None => Finding { ratio: None, verdict: Verdict::Inconclusive { needs: None } },
    }
}

/// The metric lies within limits, of which one is infinite and the other is
/// the published value.
pub(super) fn bounded(measured: &Estimate, value: f64, limits: Bounds, significance: Significance) -> Finding {
    match geometric_over(measured, value, significance) {
        Some(ratio) => within(ratio, limits.map(|limit| limit / value), measured.units.len()),
        None => Finding { ratio: None, verdict: verdict(plain_bounds(measured, significance), limits, None) },
    }
}

/// The metric is larger here than there by more than the margin, by pairs within
/// blocks: their ratio is above 1 + margin, or their difference above 0 where a
/// ratio has no meaning. What is equal, as two zeros are, is not larger.
pub(super) fn ordering(larger: &Estimate, smaller: &Estimate, margin: f64, significance: Significance) -> Finding {
    let pairs = pairs(larger, smaller);
    match paired_ratio(&pairs, significance.confidence()) {
        Some(ratio) => {
            let limits = Bounds { lower: 1.0 + margin, upper: f64::INFINITY };
            Finding { ratio: None, ..within(ratio, limits, pairs.len()) }
        }
        None => Finding { ratio: None, ..above(larger, smaller, significance) },
    }
}

/// The metric is larger here than there, however little, with the ratio if it has
/// a meaning.
pub(super) fn above(larger: &Estimate, smaller: &Estimate, significance: Significance) -> Finding {
    let pairs = pairs(larger, smaller);
    let above = |limit: f64| Bounds { lower: limit.next_up(), upper: f64::INFINITY };
    if let Some(ratio) = paired_ratio(&pairs, significance.confidence()) {
        return within(ratio, above(1.0), pairs.len());
    }
    let difference = paired_difference(&pairs, significance.confidence()).and_then(|difference| difference.bounds);
    Finding { ratio: None, verdict: verdict(difference, above(0.0), None) }
}

/// Measured ÷ published; `None` unless all of it is positive.
fn geometric_over(measured: &Estimate, value: f64, significance: Significance) -> Option<Center> {
    let center = geometric_center(&sample(measured)?, significance.confidence())?;
    (value > 0.0).then(|| over(center, value))
}

fn plain_bounds(measured: &Estimate, significance: Significance) -> Option<Bounds> {
    mean_center(&sample(measured)?, significance.confidence()).bounds
}

fn over(center: Center, value: f64) -> Center {
    Center { value: center.value / value, bounds: center.bounds.map(|bounds| bounds.map(|end| end / value)) }
}

fn within(ratio: Center, limits: Bounds, repetitions: usize) -> Finding {
    Finding { ratio: Some(ratio), verdict: verdict(ratio.bounds, limits, needs(ratio, limits, repetitions)) }
}

/// Without an interval nothing is concluded.
fn verdict(bounds: Option<Bounds>, limits: Bounds, needs: Option<u32>) -> Verdict {
    match bounds.map(|bounds| position(bounds, limits)) {
        Some(Position::Inside) => Verdict::Reproduced,
        Some(Position::Outside) => Verdict::NotReproduced,
        Some(Position::Across) => Verdict::Inconclusive { needs },
        None => Verdict::Inconclusive { needs: None },
    }
}

/// About how many repetitions would bring the interval, which shrinks with
/// their root, clear of the nearer limit if the ratio stays where it is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "few repetitions, and bounded above"
)]
fn needs(ratio: Center, limits: Bounds, repetitions: usize) -> Option<u32> {
    let bounds = ratio.bounds?;
    let half_width = (bounds.upper / bounds.lower).ln() / 2.0;
    let distance = |limit: f64| (ratio.value / limit.max(0.0)).ln().abs();
    let nearer = distance(limits.lower).min(distance(limits.upper));
    let needed = (repetitions as f64 * (half_width / nearer).powi(2)).ceil();
    (needed.is_finite() && needed <= f64::from(NEEDS_AT_MOST)).then_some(needed as u32)
}
