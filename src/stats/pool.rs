//! Values of one block, kept so that those of all blocks can be pooled.

use std::collections::BTreeMap;

/// More values than these are kept as counts of values alike.
const EXACT: usize = 4_096;
/// Values that are alike differ by less than this factor.
const ALIKE: f64 = 1.001;

/// Positive values of one block, and how many never came to an end.
///
/// Few are kept as they are. Of many, only how many lie within 0.1 % of each
/// other, as a `DDSketch` does (Masson, Rim and Lee 2019): its quantiles are
/// then off by 0.05 % at most, and its size does not grow with the values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pool {
    kept: Kept,
    infinite: u64,
}

#[derive(Clone, Debug, PartialEq)]
enum Kept {
    Values(Vec<f64>),
    /// By `⌊log of the value to the base of `ALIKE`⌋`.
    Alike(BTreeMap<i64, u64>),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Values(Vec::new())
    }
}

/// A quantile of values of which some are infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantile {
    /// It is this.
    Finite(f64),
    /// It falls among the infinite ones.
    Infinite,
}

impl Pool {
    /// From values, and the number of those that are infinite.
    pub fn new(values: impl IntoIterator<Item = f64>, infinite: u64) -> Self {
        let mut kept = Kept::default();
        for value in values {
            match &mut kept {
                Kept::Values(values) if values.len() < EXACT => values.push(value),
                Kept::Values(values) => {
                    let mut alike = BTreeMap::new();
                    values.iter().copied().chain([value]).for_each(|value| note(&mut alike, value));
                    kept = Kept::Alike(alike);
                }
                Kept::Alike(alike) => note(alike, value),
            }
        }
        Self { kept, infinite }
    }

    /// How many values there are, infinite ones too.
    pub fn count(&self) -> u64 {
        let finite = match &self.kept {
            Kept::Values(values) => values.len() as u64,
            Kept::Alike(alike) => alike.values().sum(),
        };
        finite + self.infinite
    }

    fn weighted(&self) -> Vec<(f64, u64)> {
        match &self.kept {
            Kept::Values(values) => values.iter().map(|value| (*value, 1)).collect(),
            Kept::Alike(alike) => alike.iter().map(|(place, count)| (middle(*place), *count)).collect(),
        }
    }
}

/// The quantile at `share` of all values of all pools, linear between order
/// statistics: type 7 of Hyndman and Fan (1996). `None` without values.
pub fn pooled_quantile<'a>(pools: impl Iterator<Item = &'a Pool>, share: f64) -> Option<Quantile> {
    let (mut finite, mut infinite) = (Vec::new(), 0);
    for pool in pools {
        finite.extend(pool.weighted());
        infinite += pool.infinite;
    }
    finite.sort_by(|one, other| one.0.total_cmp(&other.0));
    let all = finite.iter().map(|(_, count)| count).sum::<u64>() + infinite;
    let (place, part) = rank(share, all.checked_sub(1)?);
    let at = |place: u64| {
        let mut before = 0;
        finite.iter().find(|(_, count)| {
            before += count;
            before > place
        })
    };
    let ends = if part > 0.0 { (at(place), at(place + 1)) } else { (at(place), at(place)) };
    Some(match ends {
        (Some((below, _)), Some((above, _))) => Quantile::Finite(below + part * (above - below)),
        _ => Quantile::Infinite,
    })
}

/// Between which two of the values from 0 to `last`: the lower, and how far on.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a position among values that are in memory"
)]
fn rank(share: f64, last: u64) -> (u64, f64) {
    let rank = share.clamp(0.0, 1.0) * last as f64;
    (rank.floor() as u64, rank.fract())
}

#[expect(clippy::cast_possible_truncation, reason = "logarithms of finite values are small")]
fn note(alike: &mut BTreeMap<i64, u64>, value: f64) {
    let place = if value > 0.0 { (value.ln() / ALIKE.ln()).floor() as i64 } else { i64::MIN };
    *alike.entry(place).or_default() += 1;
}

#[expect(clippy::cast_precision_loss, reason = "logarithms of finite values are small")]
fn middle(place: i64) -> f64 {
    if place == i64::MIN { 0.0 } else { ((place as f64 + 0.5) * ALIKE.ln()).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(pools: &[Pool], share: f64) -> Option<Quantile> {
        pooled_quantile(pools.iter(), share)
    }

    #[test]
    fn a_quantile_of_pools_is_that_of_all_their_values() {
        let pools = [Pool::new(vec![4.0, 1.0], 0), Pool::default(), Pool::new(vec![3.0, 2.0], 0)];
        // R: quantile(c(4, 1, 3, 2), c(0, .5, .9, 1)).
        for (share, expected) in [(0.0, 1.0), (0.5, 2.5), (0.9, 3.7), (1.0, 4.0)] {
            assert_eq!(quantile(&pools, share), Some(Quantile::Finite(expected)));
        }
        assert_eq!(quantile(&[Pool::default()], 0.5), None);
    }

    #[test]
    fn values_that_never_came_stand_behind_all_others() {
        let pools = [Pool::new(vec![1.0, 2.0, 3.0], 0), Pool::new(Vec::new(), 2)];
        let found = [0.5, 0.6, 1.0].map(|share| quantile(&pools, share).unwrap());
        assert_eq!(found, [Quantile::Finite(3.0), Quantile::Infinite, Quantile::Infinite]);
        assert_eq!(pools.map(|pool| pool.count()), [3, 2]);
    }

    #[test]
    fn many_values_are_kept_by_their_likeness_and_lose_a_twentieth_of_a_per_cent() {
        let values: Vec<f64> = (1..=20_000).map(|k| f64::from(k) * 1e-4).collect();
        let pool = Pool::new(values, 0);
        let Kept::Alike(alike) = &pool.kept else { panic!("{pool:?}") };
        assert!(alike.len() < 10_000, "{}", alike.len());
        assert_eq!(pool.count(), 20_000);
        for (share, expected) in [(0.5, 1.0), (0.95, 1.9), (0.99, 1.98)] {
            let Some(Quantile::Finite(found)) = quantile(std::slice::from_ref(&pool), share) else { panic!() };
            assert!((found / expected - 1.0).abs() < 6e-4, "{found}, expected {expected}");
        }
    }
}
