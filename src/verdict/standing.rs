//! How the fastest way to serve stands to the others.

use super::interval::{interval, pairs};
use super::{AgainstBest, ServingOption, Standing};
use crate::stats::{Bounds, Position, paired_ratio, position};
use crate::summary::Estimate;

/// The practical margin δ: a difference of less makes none.
const MARGIN: f64 = 0.03;
/// The same in words.
pub(super) const MARGIN_WORDS: &str = "3 %";

/// An option's throughput over the best one's, paired within blocks.
pub(super) fn against(option: &Estimate, best: &Estimate) -> AgainstBest {
    let pairs = pairs(option, best);
    let bounds = |confidence| paired_ratio(&pairs, confidence).and_then(|center| center.bounds);
    AgainstBest {
        ratio: paired_ratio(&pairs, 0.95).map_or(option.value / best.value, |center| center.value),
        interval: bounds(0.95).map(interval),
        blocks: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
        standing: bounds(0.9).zip(bounds(0.95)).map_or(Standing::Undecided, |(narrow, wide)| standing(narrow, wide)),
    }
}

/// From the 90 % and the 95 % interval of other ÷ best. The margin is as wide
/// on the log scale above 1 as below, so that it does not matter which of the
/// two is above the line.
fn standing(narrow: Bounds, wide: Bounds) -> Standing {
    let margin = Bounds { lower: 1.0 / (1.0 + MARGIN), upper: 1.0 + MARGIN };
    if position(narrow, margin) == Position::Inside {
        Standing::Equivalent
    } else if wide.upper < 1.0 {
        Standing::Leads
    } else {
        Standing::Undecided
    }
}

/// How the leading group stands to all others: it leads only if the best leads
/// over each of them. One option alone has nothing to stand against.
pub(super) fn of_group(options: &[ServingOption]) -> Standing {
    let standings = || options.iter().filter_map(ServingOption::standing);
    if options.len() < 2 || standings().any(|standing| standing == Standing::Undecided) {
        Standing::Undecided
    } else if standings().all(|standing| standing == Standing::Equivalent) {
        Standing::Equivalent
    } else {
        Standing::Leads
    }
}
