//! From estimates to verdicts: claims, comparisons, decision.
//! Pure.

mod types;

pub use types::{Comparison, Decision, Evidence, Judged, ServingOption, Verdict, Verdicts};
