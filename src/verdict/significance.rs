use std::fmt;

use serde::{Deserialize, Serialize};

use crate::summary::Summary;

/// The chance of all false differences of a run together, and of each
/// one-sided test of a claim.
const CHANCE: f64 = 0.05;

/// How often a test may err.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Significance(f64);

/// 5 %.
impl Default for Significance {
    fn default() -> Self {
        Self(CHANCE)
    }
}

impl Significance {
    /// Of every test of a run. All looks at its data share one chance of 5 %
    /// (Bonferroni; error spending, Lan and `DeMets` 1983), whatever was done
    /// because of what was seen.
    ///
    /// A run that may stop early has fixed its looks, and each has the same
    /// share. Any other may be extended by `--resume`, nobody knows how often:
    /// the first look has half of the 5 %, and each further one half of what the
    /// one before it had.
    pub(super) fn of(summary: &Summary) -> Self {
        let seen = u32::try_from(summary.seen_after().len()).unwrap_or(u32::MAX);
        let parts = match summary.planned_looks {
            0 => 2_f64.powi(i32::try_from(seen.saturating_add(1)).unwrap_or(i32::MAX)),
            planned => f64::from(planned.saturating_add(seen)),
        };
        Self(CHANCE / parts)
    }

    /// The share of each of so many tests.
    #[expect(clippy::cast_precision_loss, reason = "few tests")]
    pub(super) fn among(self, tests: usize) -> Self {
        Self(self.0 / tests.max(1) as f64)
    }

    /// The chance.
    pub const fn chance(self) -> f64 {
        self.0
    }

    /// Of the interval that does the same as two one-sided tests (Schuirmann
    /// 1987): 90 % at 5 %.
    pub(super) fn confidence(self) -> f64 {
        1.0 - 2.0 * self.0
    }
}

/// The confidence of the interval, in words: `90 %`, `96.7 %`.
impl fmt::Display for Significance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = format!("{:.1}", 100.0 * self.confidence());
        write!(f, "{} %", percent.strip_suffix(".0").unwrap_or(&percent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_significance_is_shown_as_the_interval_that_does_the_same() {
        let shown = [1, 2, 3, 4].map(|tests| Significance::default().among(tests).to_string());
        assert_eq!(shown, ["90 %", "95 %", "96.7 %", "97.5 %"]);
    }
}
