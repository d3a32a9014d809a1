//! The statistics behind each kind of claim.

use super::interval::{self, pairs};
use super::{Significance, Verdict};
use crate::metric::Estimator;
use crate::stats::{
    Bounds, Center, Position, Tolerance, clopper_pearson_upper, paired_difference, paired_ratio, position,
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
    if let Some(ratio) = over_published(measured, value, significance) {
        return within(ratio, tolerance.limits(), measured.units.len());
    }
    let limits = Bounds { lower: value - tolerance.below * value.abs(), upper: value + tolerance.above * value.abs() };
    Finding { ratio: None, verdict: verdict(bounds(measured, significance), limits, None) }
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
    if let Some(ratio) = over_published(measured, value, significance) {
        return within(ratio, limits.map(|limit| limit / value), measured.units.len());
    }
    let needs = kills_needed(measured, limits, significance);
    Finding { ratio: None, verdict: verdict(bounds(measured, significance), limits, needs) }
}

/// How many kills without any harm would show that there is at most so much.
fn kills_needed(measured: &Estimate, limits: Bounds, significance: Significance) -> Option<u32> {
    let is_unharmed = measured.by == Estimator::Kills && measured.value <= 0.0;
    let upper = |kills: &u32| clopper_pearson_upper(0, u64::from(*kills), 1.0 - significance.chance());
    let mut more = measured.n.max(1)..=NEEDS_AT_MOST;
    more.find(|kills| upper(kills).is_some_and(|upper| upper <= limits.upper)).filter(|_| is_unharmed)
}

/// The metric is larger here than there by more than the margin, by pairs within
/// blocks: their ratio is above 1 + margin, or their difference above 0 where a
/// ratio has no meaning. What is equal, as two zeros are, is not larger.
pub(super) fn ordering(larger: &Estimate, smaller: &Estimate, margin: f64, significance: Significance) -> Finding {
    if let Some(apart) = apart(larger, smaller, significance) {
        return Finding { ratio: None, verdict: apart };
    }
    let pairs = pairs(larger, smaller);
    let above = |limit: f64| Bounds { lower: limit.next_up(), upper: f64::INFINITY };
    if let Some(ratio) = paired_ratio(&pairs, significance.confidence()) {
        return within(ratio, above(1.0 + margin), pairs.len());
    }
    let difference = paired_difference(&pairs, significance.confidence()).and_then(|difference| difference.bounds);
    Finding { ratio: None, verdict: verdict(difference, above(0.0), None) }
}

/// Of shares whose pairs tell nothing of their spread: one is larger where the
/// bounds of the two do not overlap; each of the two has half of the error
/// (Bonferroni). `None` of all else.
fn apart(larger: &Estimate, smaller: &Estimate, significance: Significance) -> Option<Verdict> {
    if !interval::have_no_spread(larger, smaller, &pairs(larger, smaller)) {
        return None;
    }
    let each = significance.among(2);
    let ends = bounds(larger, each).zip(bounds(smaller, each));
    Some(match ends {
        Some((larger, smaller)) if larger.lower > smaller.upper => Verdict::Reproduced,
        Some((larger, smaller)) if larger.upper < smaller.lower => Verdict::NotReproduced,
        Some(_) | None => Verdict::Inconclusive { needs: None },
    })
}

/// Measured ÷ published; `None` unless all of it is positive.
fn over_published(measured: &Estimate, value: f64, significance: Significance) -> Option<Center> {
    let center = measured.center(significance.confidence())?;
    let least = center.bounds.map_or(center.value, |bounds| bounds.lower.min(center.value));
    (value > 0.0 && least > 0.0).then(|| over(center, value))
}

/// Its interval, each end of which errs as often as a test may.
fn bounds(measured: &Estimate, significance: Significance) -> Option<Bounds> {
    measured.center(significance.confidence())?.bounds
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
