/// A percentile that may be printed, with the values it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Percentile {
    /// The median.
    P50,
    /// The 90th.
    P90,
    /// The 95th.
    P95,
    /// The 99th.
    P99,
    /// The 99.9th.
    P999,
}

impl Percentile {
    /// 0.99 for [`Percentile::P99`].
    pub const fn share(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }

    /// Fewer values than this say too little about it: the least number of
    /// which, with 99 % certainty, two or more lie beyond the percentile.
    ///
    /// `q^n + n (1 − q) q^(n − 1) ≤ 0.01`, the early stopping rule of `MLPerf`
    /// Inference (its policies, "Early Stopping Criterion"; confidence 0.99).
    pub const fn floor(self) -> usize {
        match self {
            Self::P50 => 11,
            Self::P90 => 64,
            Self::P95 => 130,
            Self::P99 => 662,
            Self::P999 => 6636,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Percentile::{P50, P90, P95, P99, P999};

    #[test]
    fn every_floor_is_the_least_number_that_fulfils_its_formula() {
        for percentile in [P50, P90, P95, P99, P999] {
            let share = percentile.share();
            let at_most_one_beyond = |n: usize| {
                let n = i32::try_from(n).unwrap();
                share.powi(n) + f64::from(n) * (1.0 - share) * share.powi(n - 1)
            };
            assert!(at_most_one_beyond(percentile.floor()) <= 0.01, "{percentile:?}");
            assert!(at_most_one_beyond(percentile.floor() - 1) > 0.01, "{percentile:?}");
        }
    }
}
