//! Statistics on plain `f64`; knows no domain word. Pure.
//!
//! Sources: Kalibera and Jones 2013 for intervals over top-level means only,
//! Welch 1947, Schuirmann 1987 (two one-sided tests), Clopper and Pearson
//! 1934 and Korn and Graubard 1998 (shares), Holm 1979 (families of tests),
//! Hyndman and Fan 1996 (quantiles), Tukey 1958 (jackknife), White 1997 (MSER),
//! Barrett et al. 2017 (classes of warm-up).

mod fairness;
mod holm;
mod interval;
mod jackknife;
mod percentile;
mod pool;
mod power;
mod proportion;
mod ratio;
mod required;
mod sample;
mod share;
mod steadiness;
mod tolerance;
mod warmup;

#[cfg(test)]
pub(crate) mod draws;
#[cfg(test)]
mod tests;

pub use fairness::jain_index;
pub use holm::holm;
pub use interval::{Bounds, Center, geometric_center, loss_center, mean_center, t_quantile};
pub use jackknife::quantile_by_block;
pub use percentile::Percentile;
pub use pool::{Pool, Quantile, pooled_quantile};
pub use power::pairs_for_bound;
pub use proportion::{clopper_pearson_lower, clopper_pearson_upper};
pub use ratio::{log_welch_ratio, paired_difference, paired_ratio, paired_ratio_p};
pub use required::required_n;
pub use sample::{Sample, SampleError};
pub use share::{clustered_share, logit_center, share_of_trials};
pub use steadiness::{Steadiness, steadiness};
pub use tolerance::{Position, Tolerance, position};
pub use warmup::{Truncation, mser};
