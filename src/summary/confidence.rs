use std::fmt;

use serde::{Deserialize, Serialize};

/// How often intervals like this one cover the truth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence(f64);

/// 95 %.
impl Default for Confidence {
    fn default() -> Self {
        Self(0.95)
    }
}

impl Confidence {
    /// Of the intervals of a run that ends at one of so many looks: together, at
    /// whichever of them it ends, they miss the truth in at most 5 % of runs
    /// (Bonferroni).
    pub(super) fn over(looks: u32) -> Self {
        Self(1.0 - (1.0 - Self::default().0) / f64::from(looks.max(1)))
    }

    /// As a share of one.
    pub const fn share(self) -> f64 {
        self.0
    }

    /// That of the interval whose one end errs as often, as the other cannot err.
    pub(super) fn one_sided(self) -> f64 {
        2.0f64.mul_add(self.0, -1.0)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// `95 %`, `98.3 %`.
impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = format!("{:.1}", 100.0 * self.0);
        write!(f, "{} %", percent.strip_suffix(".0").unwrap_or(&percent))
    }
}

#[cfg(test)]
mod tests {
    use super::Confidence;

    #[test]
    fn each_look_of_a_run_has_its_share_of_what_intervals_may_miss() {
        assert_eq!([0, 1, 2, 3].map(|looks| Confidence::over(looks).to_string()), ["95 %", "95 %", "97.5 %", "98.3 %"]);
        assert!((Confidence::default().one_sided() - 0.9).abs() < 1e-12);
    }
}
