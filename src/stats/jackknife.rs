//! Quantiles of pooled requests, by what each block adds to them.

use super::pool::{Pool, Quantile, pooled_quantile};
use super::{Sample, t_quantile};

/// The nominal coverage at which an interval is as wide as one of requests that
/// have nothing to do with each other, at least.
const CONFIDENCE: f64 = 0.95;
/// Its quantile of the normal distribution.
const DEVIATE: f64 = 1.959_963_984_540_054;

/// What each of two or more blocks adds to a quantile of all their values, on
/// the log scale and around the quantile: the pseudo-values of the jackknife
/// that leaves out a block, `exp(ln T + (n − 1) · (mean of all ln T₋ⱼ − ln T₋ᵢ))`
/// (Tukey 1958; of quantiles, by groups: Shao and Tu, *The Jackknife and
/// Bootstrap*, 1995). A single block adds the quantile itself.
///
/// Their geometric mean is the quantile, and their log-t interval that of the
/// jackknife. The bias is left in: that of a quantile is known worse than it is
/// large. Blocks that agree by chance are moved apart until the interval is as
/// wide as Woodruff's of so many independent values (1952, "Confidence intervals
/// for medians and other position measures"). `None` where the quantile, or an
/// end of that interval, falls among infinite values, or is not positive.
pub fn quantile_by_block(pools: &[&Pool], share: f64) -> Option<Vec<f64>> {
    let logarithm = |left_out: Option<usize>, share: f64| {
        let kept = pools.iter().enumerate().filter(|(place, _)| Some(*place) != left_out).map(|(_, pool)| *pool);
        match pooled_quantile(kept, share)? {
            Quantile::Finite(value) if value > 0.0 => Some(value.ln()),
            Quantile::Finite(_) | Quantile::Infinite => None,
        }
    };
    let whole = logarithm(None, share)?;
    if pools.len() < 2 {
        return Some(vec![whole.exp()]);
    }
    let without: Option<Vec<f64>> = (0..pools.len()).map(|place| logarithm(Some(place), share)).collect();
    let without = Sample::new(without?).ok()?;
    let beside = DEVIATE * (share * (1.0 - share) / count(pools)).sqrt();
    let least = (logarithm(None, share + beside)? - logarithm(None, share - beside)?) / 2.0;
    let apart = (without.count() - 1.0) * widening(&without, least)?;
    Some(without.values().iter().map(|rest| (whole + apart * (without.mean() - rest)).exp()).collect())
}

/// By how much the blocks are moved apart; 1 where they already are, and where
/// they do not differ at all.
fn widening(without: &Sample, least: f64) -> Option<f64> {
    let blocks = without.count();
    let spread = (blocks - 1.0) * without.standard_deviation()?;
    let half_width = t_quantile(f64::midpoint(1.0, CONFIDENCE), blocks - 1.0)? * spread / blocks.sqrt();
    Some(if half_width > 0.0 { (least / half_width).max(1.0) } else { 1.0 })
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 requests")]
fn count(pools: &[&Pool]) -> f64 {
    pools.iter().map(|pool| pool.count()).sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use super::quantile_by_block;
    use crate::stats::{Pool, Sample, geometric_center};

    /// From 1 to 100 ms, all of it times a factor.
    fn block(factor: f64) -> Pool {
        Pool::new((1..=100).map(|k| f64::from(k) * factor), 0)
    }

    fn interval(pools: &[Pool]) -> [f64; 3] {
        let pools: Vec<&Pool> = pools.iter().collect();
        let units = quantile_by_block(&pools, 0.95).unwrap();
        let center = geometric_center(&Sample::new(units).unwrap(), 0.95).unwrap();
        let bounds = center.bounds.unwrap();
        [center.value, bounds.lower, bounds.upper]
    }

    #[test]
    fn blocks_that_differ_widen_the_interval_of_their_quantile_and_blocks_that_agree_do_not_narrow_it() {
        let [value, lower, upper] = interval(&[block(0.8), block(1.0), block(1.25)]);
        assert!((95.0..125.0).contains(&value) && lower < 80.0 && upper > 125.0, "{lower} {value} {upper}");
        // 300 values: the ranks beside 0.95 are 0.925 and 0.975.
        let [value, lower, upper] = interval(&[block(1.0), block(1.001), block(0.999)]);
        assert!((value - 95.0).abs() < 0.2, "{value}");
        assert!((upper / lower - 97.5 / 92.5).abs() < 0.005, "{lower} to {upper}");
    }

    #[test]
    fn what_never_came_or_took_no_time_has_no_quantile_by_block() {
        let dead = Pool::new([1.0; 9], 9);
        assert_eq!(quantile_by_block(&[&dead, &dead], 0.95), None);
        let instant = Pool::new([0.0; 200], 0);
        assert_eq!(quantile_by_block(&[&instant], 0.95), None);
        assert_eq!(quantile_by_block(&[&Pool::new([2.0; 9], 0)], 0.95).map(|units| units.len()), Some(1));
    }
}
