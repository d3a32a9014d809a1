use statrs::distribution::{Beta, ContinuousCDF};

/// One-sided exact lower bound of a proportion (Clopper and Pearson 1934):
/// the `1 − confidence` quantile of Beta(hits, trials − hits + 1), and 0 when
/// nothing hit. `None` without trials, or with more hits than trials.
pub fn clopper_pearson_lower(hits: u64, trials: u64, confidence: f64) -> Option<f64> {
    real_lower(real(hits), real(trials), confidence)
}

/// One-sided exact upper bound of a proportion: what the lower bound leaves to
/// the misses, and 1 when nothing missed.
pub fn clopper_pearson_upper(hits: u64, trials: u64, confidence: f64) -> Option<f64> {
    real_upper(real(hits), real(trials), confidence)
}

/// The lower bound where hits and trials need not be whole.
pub(super) fn real_lower(hits: f64, trials: f64, confidence: f64) -> Option<f64> {
    let are_possible = trials > 0.0 && (0.0..=trials).contains(&hits);
    let is_confidence = confidence > 0.0 && confidence < 1.0;
    if !(are_possible && is_confidence) {
        return None;
    }
    if hits <= 0.0 {
        return Some(0.0);
    }
    let distribution = Beta::new(hits, trials - hits + 1.0).ok()?;
    Some(distribution.inverse_cdf(1.0 - confidence))
}

/// The upper bound where hits and trials need not be whole.
pub(super) fn real_upper(hits: f64, trials: f64, confidence: f64) -> Option<f64> {
    Some(1.0 - real_lower(trials - hits, trials, confidence)?)
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 trials")]
const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{clopper_pearson_lower, clopper_pearson_upper};

    #[test]
    fn the_bound_of_unbroken_success_has_a_closed_form() {
        // Beta(n, 1) has the distribution function x^n.
        let bound = clopper_pearson_lower(10, 10, 0.95).unwrap();
        assert!((bound - 0.05f64.powf(0.1)).abs() < 1e-9, "{bound}");
    }

    #[test]
    fn the_bound_makes_the_observation_just_unlikely_enough() {
        // 8 of 10: at the bound p, P(X >= 8) = 45 p^8 q^2 + 10 p^9 q + p^10 = 5 %.
        let p = clopper_pearson_lower(8, 10, 0.95).unwrap();
        let q = 1.0 - p;
        let tail = 45.0 * p.powi(8) * q.powi(2) + 10.0 * p.powi(9) * q + p.powi(10);
        assert!((tail - 0.05).abs() < 1e-8, "{tail}");
    }

    #[test]
    fn both_bounds_together_are_the_printed_interval() {
        // R: binom.test(8, 10)$conf.int, 95 % two-sided.
        let (lower, upper) = (clopper_pearson_lower(8, 10, 0.975), clopper_pearson_upper(8, 10, 0.975));
        assert!((lower.unwrap() - 0.443_904_5).abs() < 1e-6, "{lower:?}");
        assert!((upper.unwrap() - 0.974_789_3).abs() < 1e-6, "{upper:?}");
        // The rule of three: nothing in 100 leaves room for 1 − 0.05^(1/100).
        let none = clopper_pearson_upper(0, 100, 0.95).unwrap();
        assert!((none - (1.0 - 0.05f64.powf(0.01))).abs() < 1e-9, "{none}");
    }

    #[test]
    fn impossible_counts_have_no_bound() {
        let bounds = [(0, 0, 0.95), (3, 2, 0.95), (1, 2, 1.0), (0, 5, 0.95)]
            .map(|(hits, trials, confidence)| clopper_pearson_lower(hits, trials, confidence));
        assert_eq!(bounds, [None, None, None, Some(0.0)]);
        assert_eq!([clopper_pearson_upper(3, 2, 0.95), clopper_pearson_upper(5, 5, 0.95)], [None, Some(1.0)]);
    }
}
