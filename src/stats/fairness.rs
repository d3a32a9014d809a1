use super::Sample;

/// Jain's fairness index, `(Σx)² / (n · Σx²)`: 1 when all get the same, 1/n
/// when one gets everything (Jain, Chiu and Hawe 1984). `None` when nobody got
/// anything.
pub fn jain_index(shares: &Sample) -> Option<f64> {
    let sum: f64 = shares.values().iter().sum();
    let squares: f64 = shares.values().iter().map(|share| share * share).sum();
    (squares > 0.0).then(|| sum * sum / (shares.count() * squares))
}

#[cfg(test)]
mod tests {
    use super::jain_index;
    use crate::stats::Sample;

    #[test]
    fn fairness_runs_from_one_nth_to_one() {
        let index = |values: &[f64]| jain_index(&Sample::new(values.to_vec()).unwrap());
        assert_eq!(index(&[5.0, 5.0, 5.0, 5.0]), Some(1.0));
        assert_eq!(index(&[8.0, 0.0, 0.0, 0.0]), Some(0.25));
        assert_eq!(index(&[0.0, 0.0]), None);
    }
}
