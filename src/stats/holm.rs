/// p-values adjusted by Holm's step-down procedure (Holm 1979), in the order
/// given: whoever rejects those at `α` or below errs once or more in the whole
/// family with a chance of at most `α`, however the tests depend on each other.
///
/// The smallest of `m` is multiplied by `m`, the next by `m − 1` and so on;
/// none is smaller than one before it, or larger than 1.
#[expect(clippy::cast_precision_loss, reason = "no family has 2^52 members")]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut rising: Vec<usize> = (0..p_values.len()).collect();
    rising.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 0.0_f64;
    for (place, index) in rising.into_iter().enumerate() {
        let remaining = (p_values.len() - place) as f64;
        least = least.max(p_values[index] * remaining).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::holm;

    #[test]
    fn p_values_are_adjusted_step_by_step_and_never_fall() {
        // By hand; R's p.adjust(c(.01, .04, .03, .005), "holm") says the same.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
    }

    #[test]
    fn one_comparison_is_left_alone_and_nothing_exceeds_one() {
        assert_eq!(holm(&[0.04]), [0.04]);
        assert_eq!(holm(&[0.6, 0.7, 0.0]), [1.0, 1.0, 0.0]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }
}
