//! From summary and verdicts to text, through templates. Pure.
//!
//! ```text
//! Manifest, Plan, Summary, Verdicts ── Context::new ──▶ Context ── render(template) ──▶ text
//! ```
//!
//! One [`Context`] serves both template engines; a file's suffix chooses the
//! engine: `summary.md.j2` is minijinja, `decision.md.hbs` is handlebars, and
//! what stands before the suffix is the name of the document. A new report is
//! a new file and no Rust.

mod context;
mod document;
mod engine;
mod error;
mod figure;
mod text;

pub use context::{
    Absent, CapacityRow, CapacityView, CellRow, ClaimRow, ComparisonRow, Context, CourseRow, Courses, DecisionView,
    EffectRow, EffectsView, EvidenceGroup, EvidenceLine, Fact, FailureRow, Grid, GridRow, Incomplete, InvalidRow,
    NoiseRow, ObjectiveRow, OptionRow, OverridesView, PhaseView, PlanView, ProbeRow, PromptFile, RecordsView,
    RepliesView, RuleRow, RunView, SearchView, Simulated, StepRow, Tally, TreatmentView,
};
pub use document::{builtin, calibration, files, render};
pub use error::RenderError;
pub use figure::{Figure, Note};

#[cfg(test)]
mod tests;
