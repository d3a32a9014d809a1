//! From records to estimates: per cell and metric a value with its interval,
//! or the reason why there is none. Pure.

mod types;

pub use crate::metric::{Gap, UnitValue};
pub use types::{CellSummary, Estimate, Interval, Measured, Repetition, Summary, Validity};
