//! From estimates to verdicts: claims, comparisons, plausibility, decision.
//! Pure.

mod types;

pub use types::{Comparison, Decision, Evidence, Judged, Plausibility, ServingOption, Verdict, Verdicts};
