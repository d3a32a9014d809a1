//! Shares of a whole: never below 0, never above 1.

use super::proportion::{real_lower, real_upper};
use super::{Bounds, Center, Sample, mean_center, t_quantile};

/// Mean of shares with its logit-t interval: Student's t over `ln(x ÷ (1 − x))`
/// and back, so that neither end leaves 0 … 1 (logit intervals: Agresti,
/// *Categorical Data Analysis*; over epochs, as Kalibera and Jones 2013 have
/// the mean). A share of exactly 0 or 1 has no logit: where one occurs, the
/// mean has its plain t interval, cut off at 0 and 1. `None` unless every value
/// lies in 0 … 1.
pub fn logit_center(sample: &Sample, confidence: f64) -> Option<Center> {
    let values = sample.values();
    if values.iter().any(|value| !(0.0..=1.0).contains(value)) {
        return None;
    }
    if values.iter().any(|value| *value <= 0.0 || *value >= 1.0) {
        let center = mean_center(sample, confidence);
        return Some(center.map(|end| end.clamp(0.0, 1.0)));
    }
    let logits = Sample::new(values.iter().map(|value| (value / (1.0 - value)).ln()).collect()).ok()?;
    Some(mean_center(&logits, confidence).map(|logit| 1.0 / (1.0 + (-logit).exp())))
}

/// Share of all hits `Σ hits ÷ Σ trials` over clusters `(hits, trials)` whose
/// trials may depend on each other, with the interval of Korn and Graubard
/// 1998 ("Confidence intervals for proportions with small expected number of
/// positive counts estimated from survey data", Survey Methodology 24):
/// Clopper and Pearson's, of as many independent trials as would scatter as
/// much as the clusters do, fewer by the ratio of the squared quantiles of t,
/// and never more than there are.
///
/// Clusters that do not differ, all of them 0 % say, leave the exact bounds of
/// so many independent trials. A single cluster has no interval. `None` without
/// trials.
pub fn clustered_share(clusters: &[(u64, u64)], confidence: f64) -> Option<Center> {
    let total = |of: fn(&(u64, u64)) -> u64| real(clusters.iter().map(of).sum());
    let (hits, trials) = (total(|one| one.0), total(|one| one.1));
    if trials <= 0.0 || hits > trials {
        return None;
    }
    let share = hits / trials;
    let tail = f64::midpoint(1.0, -confidence);
    let bounds = (clusters.len() > 1).then(|| {
        let effective = effective_trials(clusters, share, trials, tail).unwrap_or(trials);
        exact(share * effective, effective, tail)
    });
    Some(Center { value: share, bounds: bounds.flatten() })
}

/// `p (1 − p)` over the variance of the ratio of sums between clusters.
fn effective_trials(clusters: &[(u64, u64)], share: f64, trials: f64, tail: f64) -> Option<f64> {
    let count = real(clusters.len() as u64);
    let squares: f64 = clusters.iter().map(|(hits, of)| (real(*hits) - share * real(*of)).powi(2)).sum();
    let variance = squares * count / (count - 1.0) / trials.powi(2);
    if variance <= 0.0 {
        return None;
    }
    let (of_trials, of_clusters) = (t_quantile(1.0 - tail, trials - 1.0)?, t_quantile(1.0 - tail, count - 1.0)?);
    Some((share * (1.0 - share) / variance * (of_trials / of_clusters).powi(2)).min(trials))
}

/// Mean of what happened in independent trials, a share of 0 … 1 each, with the
/// exact bounds of Clopper and Pearson 1934 in which their sum stands for the
/// hits. Of whole failures and none these are the binomial bounds; a share in
/// between varies less than whole failures with the same mean would, so that
/// the bounds err on the safe side. One trial has bounds too. `None` without
/// trials, and where a value is no share.
pub fn share_of_trials(trials: &Sample, confidence: f64) -> Option<Center> {
    if trials.values().iter().any(|value| !(0.0..=1.0).contains(value)) {
        return None;
    }
    let (count, sum) = (trials.count(), trials.values().iter().sum::<f64>());
    let bounds = exact(sum, count, f64::midpoint(1.0, -confidence));
    Some(Center { value: sum / count, bounds })
}

/// Both bounds, each of which errs at most `tail` of the time.
fn exact(hits: f64, trials: f64, tail: f64) -> Option<Bounds> {
    let confidence = 1.0 - tail;
    Some(Bounds { lower: real_lower(hits, trials, confidence)?, upper: real_upper(hits, trials, confidence)? })
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 trials")]
const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_bounds(center: Center, expected: [f64; 3]) {
        let bounds = center.bounds.unwrap();
        for (found, expected) in [center.value, bounds.lower, bounds.upper].iter().zip(expected) {
            assert!((found - expected).abs() < 5e-4, "{center:?}, expected {expected}");
        }
    }

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn a_share_of_99_per_cent_has_an_interval_that_ends_below_100() {
        // Logits 3.476, 4.595, 5.293: mean 4.455, s 0.917, t(0.975, 2) = 4.303.
        let center = logit_center(&sample(&[0.97, 0.99, 0.995]), 0.95).unwrap();
        assert_bounds(center, [0.9885, 0.8983, 0.9988]);
        let with_whole = logit_center(&sample(&[0.9, 0.99, 1.0]), 0.95).unwrap();
        assert_bounds(with_whole, [0.9633, 0.8263, 1.0]);
        assert_eq!(logit_center(&sample(&[0.9, 1.1]), 0.95), None);
    }

    #[test]
    fn clusters_that_scatter_more_than_chance_are_worth_fewer_trials() {
        // As many hits in all, evenly and unevenly.
        let width = |clusters: &[(u64, u64)]| {
            let bounds = clustered_share(clusters, 0.95).unwrap().bounds.unwrap();
            bounds.upper - bounds.lower
        };
        let (even, uneven) = (width(&[(16, 20); 5]), width(&[(20, 20), (20, 20), (10, 20), (10, 20), (20, 20)]));
        // R: binom.test(80, 100), 0.708 to 0.873.
        assert!((even - 0.165).abs() < 1e-3, "{even}");
        assert!(uneven > 2.0 * even, "{uneven}");
        assert_eq!(clustered_share(&[(3, 4)], 0.95), Some(Center { value: 0.75, bounds: None }));
        assert_eq!([clustered_share(&[], 0.95), clustered_share(&[(0, 0)], 0.95)], [None, None]);
    }

    #[test]
    fn nothing_in_five_trials_is_no_certainty() {
        // One-sided 95 %: 1 − 0.05^(1/5).
        assert_bounds(share_of_trials(&sample(&[0.0; 5]), 0.9).unwrap(), [0.0, 0.0, 0.4507]);
        assert_bounds(clustered_share(&[(0, 6); 5], 0.9).unwrap(), [0.0, 0.0, 0.0950]);
        // R: binom.test(2, 5), 0.053 to 0.853.
        assert_bounds(share_of_trials(&sample(&[0.0, 1.0, 0.0, 1.0, 0.0]), 0.95).unwrap(), [0.4, 0.0527, 0.8534]);
        assert_bounds(share_of_trials(&sample(&[0.4; 5]), 0.95).unwrap(), [0.4, 0.0527, 0.8534]);
        assert_eq!(share_of_trials(&sample(&[1.5]), 0.95), None);
    }
}
