use serde::{Deserialize, Serialize};

use super::Confidence;
use crate::metric::{Basis, Counted, Estimator, Gap};
use crate::stats::{
    Center, Sample, clustered_share, geometric_center, logit_center, loss_center, mean_center, share_of_trials,
};

/// A metric over the repetitions of a cell: an estimate, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// There is one.
    Estimate(Estimate),
    /// There is none.
    Gap(Gap),
}

impl Measured {
    /// The estimate, if there is one.
    pub const fn estimate(&self) -> Option<&Estimate> {
        match self {
            Self::Estimate(estimate) => Some(estimate),
            Self::Gap(_) => None,
        }
    }
}

/// A mean over repetitions. The unit of replication is one epoch (or phase);
/// requests are never replicates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// What its estimator makes of the repetitions.
    pub value: f64,
    /// Its interval; none at n = 1 ("single run"). Where nothing was hit, or
    /// everything, the end that is not 0 or 1 is the one-sided bound.
    pub interval: Option<Interval>,
    /// Repetitions it stands on.
    pub n: u32,
    /// Valid repetitions of its cell, of which it may lack some; 0 if unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub valid: u32,
    /// One value per valid repetition: block and value. Of a percentile over all
    /// repetitions, what each of them adds to it (pseudo-values).
    pub units: Vec<(u32, f64)>,
    /// How the one comes from the others.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub by: Estimator,
    /// Of a share of requests, what each repetition counted, in the order of
    /// `units`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<Counted>,
    /// Of the interval: 95 %, or more in a run that may stop early.
    #[serde(default, skip_serializing_if = "Confidence::is_default")]
    pub confidence: Confidence,
    /// What its tokens stand on, where that is not the server's count of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_plain(estimator: &Estimator) -> bool {
    *estimator == Estimator::default()
}

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

impl Estimate {
    /// Its repetitions' mean, and an interval of this confidence: at 90 %, each
    /// end errs at most 5 % of the time. `None` if a value is not finite.
    pub fn center(&self, confidence: f64) -> Option<Center> {
        let units = Sample::new(self.units.iter().map(|(_, value)| *value).collect()).ok()?;
        let plain = || geometric_center(&units, confidence).unwrap_or_else(|| mean_center(&units, confidence));
        let found = match self.by {
            Estimator::Mean | Estimator::Pooled => None,
            Estimator::Difference => Some(mean_center(&units, confidence)),
            Estimator::Share => logit_center(&units, confidence),
            Estimator::Loss => loss_center(&units, confidence),
            Estimator::Kills => share_of_trials(&units, confidence),
            Estimator::Requests => {
                let clusters: Vec<(u64, u64)> = self.counted.iter().map(|one| (one.hits, one.of)).collect();
                clustered_share(&clusters, confidence)
            }
        };
        Some(found.unwrap_or_else(plain))
    }

    /// What it was counted of, in words: `378 of 378`, or `0 of 30 requests in 5
    /// kills`.
    pub fn tally(&self) -> Option<String> {
        let Counted { hits, of } = self.all_counted()?;
        match self.by {
            Estimator::Kills => {
                let noun = if self.n == 1 { "kill" } else { "kills" };
                Some(format!("{hits} of {of} requests in {} {noun}", self.n))
            }
            _ => Some(format!("{hits} of {of}")),
        }
    }

    fn all_counted(&self) -> Option<Counted> {
        let add = |all: Counted, one: Counted| Counted { hits: all.hits + one.hits, of: all.of + one.of };
        self.counted.iter().copied().reduce(add)
    }
}
