//! How much better one option may be than another.

use super::interval::{interval, pairs};
use super::serving::{AgainstFirst, Over, Standing};
use super::{Significance, family};
use crate::metric::Better;
use crate::stats::{Sample, paired_ratio, pairs_for_bound};
use crate::summary::{Estimate, Interval};

/// With what chance the advised number of blocks is to be enough.
const POWER: f64 = 0.9;

/// What is held against what: one figure, two options.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    pub(super) better: Better,
    pub(super) margin: f64,
    /// Of each one-sided bound: the chance of the run among all rivals.
    pub(super) chance: Significance,
}

impl Bar {
    /// An option against the first one.
    pub(super) fn against(self, first: &Estimate, option: &Estimate) -> AgainstFirst {
        let blocks = pairs(option, first);
        let of_means = option.value / first.value;
        let at_most = self.at_most(first, option);
        AgainstFirst {
            ratio: paired_ratio(&blocks, family::CONFIDENCE).map_or(of_means, |center| center.value),
            interval: over(option, first).map(|over| over.interval),
            at_most,
            blocks: u32::try_from(blocks.len()).unwrap_or(u32::MAX),
            standing: self.standing(at_most),
        }
    }

    fn standing(self, at_most: Option<f64>) -> Standing {
        match at_most {
            Some(advantage) if advantage < 0.0 => Standing::Behind,
            Some(advantage) if advantage < self.margin => Standing::NoBetter,
            Some(_) | None => Standing::Open,
        }
    }

    /// The upper bound of an option's advantage over another, 0.03 for 3 %.
    /// What has no ratio is bounded only where the option has nothing at all of
    /// what is to be high.
    pub(super) fn at_most(self, other: &Estimate, option: &Estimate) -> Option<f64> {
        let advantages = self.advantages(other, option);
        let Some(center) = paired_ratio(&advantages, self.chance.confidence()) else {
            let has_none = self.better != Better::Lower && option.units.iter().all(|(_, value)| *value <= 0.0);
            return (has_none && other.units.len() > 1 && other.value > 0.0).then_some(-1.0);
        };
        Some(center.bounds?.upper - 1.0)
    }

    /// Pairs within blocks whose ratio is above 1 where the option is better.
    fn advantages(self, other: &Estimate, option: &Estimate) -> Vec<(f64, f64)> {
        match self.better {
            Better::Lower => pairs(other, option),
            Better::Higher | Better::Neither => pairs(option, other),
        }
    }

    /// In about how many blocks the bound of a rival would lie below the margin
    /// with a chance of 90 %, if its ratio and spread stay as they are.
    pub(super) fn blocks(self, first: &Estimate, rival: &Estimate) -> Option<u32> {
        let ratios = self.advantages(first, rival).into_iter().map(|(above, below)| above / below).collect();
        let logarithms = Sample::new(ratios).ok()?.logarithms()?;
        let distance = self.margin.ln_1p() - logarithms.mean();
        pairs_for_bound(logarithms.standard_deviation()?, distance, self.chance.chance(), POWER)
    }
}

/// One figure over another within shared blocks, with an interval as that of the
/// figures.
pub(super) fn over(above: &Estimate, below: &Estimate) -> Option<Over> {
    let center = paired_ratio(&pairs(above, below), above.confidence.share())?;
    let interval: Interval = interval(center.bounds?);
    Some(Over { ratio: center.value, interval })
}
