use super::t_quantile;

/// More pairs than anyone would measure.
const MOST: u32 = 10_000;

/// The fewest pairs, of a spread `spread`, whose one-sided bound at `chance`
/// ends within `distance` of their mean with a chance of `power`; both in the
/// same unit, standard deviation and distance. `None` if no number up to 10,000
/// is enough.
///
/// `n ≥ (t₁₋ᵧ + t_power)² s² ÷ d²`, as for trials of non-inferiority: Julious,
/// *Sample sizes for clinical trials with normal data*, Statistics in Medicine
/// 23 (2004).
pub fn pairs_for_bound(spread: f64, distance: f64, chance: f64, power: f64) -> Option<u32> {
    let is_enough = |n: u32| {
        let freedom = f64::from(n) - 1.0;
        let reach = t_quantile(1.0 - chance, freedom)? + t_quantile(power, freedom)?;
        Some(reach * spread / f64::from(n).sqrt() <= distance)
    };
    (2..=MOST).find(|n| is_enough(*n) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::pairs_for_bound;

    /// The normal approximation asks for (1.645 + 1.282)² ÷ d² = 8.6, 34.3 and
    /// 214 pairs; Student's t for some more of few.
    #[test]
    fn pairs_for_a_bound_agree_with_the_normal_approximation_and_a_little_more() {
        let needed = [1.0, 0.5, 0.2].map(|distance| pairs_for_bound(1.0, distance, 0.05, 0.9));
        assert_eq!(needed, [Some(11), Some(36), Some(216)]);
    }

    #[test]
    fn no_number_is_enough_where_there_is_no_distance() {
        assert_eq!(pairs_for_bound(1.0, 0.0, 0.05, 0.9), None);
        assert_eq!(pairs_for_bound(1.0, -0.1, 0.05, 0.9), None);
        assert_eq!(pairs_for_bound(0.0, 0.1, 0.05, 0.9), Some(2));
    }
}
