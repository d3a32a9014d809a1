//! Differences between cells, tested together.

use super::Significance;
use super::interval::interval;
use crate::stats::{Bounds, Position, Sample, holm, paired_ratio, paired_ratio_p, position, required_n};
use crate::summary::{Confidence, Interval};

/// Of an interval of one ratio alone, in a run that ends when it was to.
pub(super) const CONFIDENCE: f64 = 0.95;

/// Values of the same block, `(above, below)`.
pub(super) type Pairs = Vec<(f64, f64)>;

/// One ratio of a family.
pub(super) struct Member {
    /// Its interval, for itself alone; none with fewer than two pairs.
    pub(super) interval: Option<Interval>,
    /// Its p-value after Holm's adjustment.
    pub(super) p: Option<f64>,
    pub(super) difference: Difference,
}

/// What pairs say about their ratio.
#[derive(Clone, Copy)]
pub(super) enum Difference {
    Above,
    Below,
    Equivalent,
    Undecided { more_blocks: Option<u32> },
}

/// Tests the ratios of all members at once: the chance of any false difference
/// among them is at most that of `significance`.
/// A difference of less than `margin` makes none. The intervals are `printed` ones.
pub(super) fn test(family: &[Pairs], significance: Significance, printed: Confidence, margin: f64) -> Vec<Member> {
    let raw: Vec<Option<f64>> = family.iter().map(|pairs| paired_ratio_p(pairs)).collect();
    let mut adjusted = holm(&raw.iter().flatten().copied().collect::<Vec<f64>>()).into_iter();
    let members = family.iter().zip(raw).map(|(pairs, raw)| {
        let p = raw.and_then(|_| adjusted.next());
        Member {
            interval: bounds(pairs, printed.share()).map(interval),
            p,
            difference: difference(pairs, p.is_some_and(|p| p <= significance.chance()), significance, margin),
        }
    });
    members.collect()
}

fn bounds(pairs: &[(f64, f64)], confidence: f64) -> Option<Bounds> {
    paired_ratio(pairs, confidence)?.bounds
}

/// Two one-sided tests come first: what makes no difference in practice is
/// none, however certain it is. The margin is as wide on the log scale above 1
/// as below, so that it does not matter which of the two is above the line.
fn difference(pairs: &[(f64, f64)], is_significant: bool, significance: Significance, margin: f64) -> Difference {
    let around_one = Bounds { lower: 1.0 / (1.0 + margin), upper: 1.0 + margin };
    let narrow = bounds(pairs, significance.confidence());
    match paired_ratio(pairs, CONFIDENCE) {
        _ if narrow.is_some_and(|narrow| position(narrow, around_one) == Position::Inside) => Difference::Equivalent,
        Some(ratio) if is_significant && ratio.value > 1.0 => Difference::Above,
        Some(ratio) if is_significant && ratio.value < 1.0 => Difference::Below,
        Some(_) | None => Difference::Undecided { more_blocks: more_blocks(pairs, margin) },
    }
}

/// About how many more pairs would make the interval as narrow as the margin.
fn more_blocks(pairs: &[(f64, f64)], margin: f64) -> Option<u32> {
    let ratios = Sample::new(pairs.iter().map(|(above, below)| above / below).collect()).ok()?;
    let spread = ratios.logarithms()?.standard_deviation()?;
    let needed = required_n(spread, margin.ln_1p(), CONFIDENCE)?;
    needed.checked_sub(u32::try_from(pairs.len()).ok()?).filter(|more| *more > 0)
}
