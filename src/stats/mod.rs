//! Statistics on plain `f64`; knows no domain word. Pure.
//!
//! Sources: Kalibera and Jones 2013 for intervals over top-level means only,
//! Welch 1947, Schuirmann 1987 (two one-sided tests), Clopper and Pearson
//! 1934, Hyndman and Fan 1996 (quantiles), White 1997 (MSER).

mod fairness;
mod interval;
mod percentile;
mod proportion;
mod ratio;
mod required;
mod sample;
mod tolerance;
mod warmup;

pub use fairness::jain_index;
pub use interval::{Bounds, Center, geometric_center, mean_center, t_quantile};
pub use percentile::Percentile;
pub use proportion::clopper_pearson_lower;
pub use ratio::{log_welch_ratio, paired_difference, paired_ratio};
pub use required::required_n;
pub use sample::{Sample, SampleError};
pub use tolerance::{Position, Tolerance, position};
pub use warmup::{Truncation, mser};
