//! From records to estimates: per cell and metric a value with its interval,
//! or the reason why there is none. Pure.

mod types;

pub use types::{CellSummary, Estimate, Gap, Interval, Measured, Repetition, Summary, UnitValue, Validity};
