//! `runexp`: a declarative experiment runner for model serving.
//!
//! One street, small rooms:
//!
//! ```text
//! scenarios/x.toml
//!    │ scenario::load          includes, vars, overrides, every problem found at once     reads files only
//!    ▼
//! Scenario ── plan::expand     factors × phases × blocks, every order and send time drawn   PURE
//!    ▼
//! Plan ────── run::execute     setup → epochs → teardown, always                           EFFECTS
//!    │           └ appends records as they happen ▶ results/<scenario>/<run-id>/*.jsonl
//!    ▼
//! store::read                  the run directory, and nothing else                         reads files only
//!    ▼
//! RunRecord ─ summary::summarize   estimates with intervals per cell and metric            PURE
//!    ▼
//! Summary ─── verdict::judge       claims, effects, decision                               PURE
//!    ▼
//! Verdicts ── report::render       templates (minijinja or handlebars), JSON               PURE
//!    ▼
//! cli                          prints, writes files, sets the exit code
//! ```
//!
//! `runexp run` ends by doing exactly what `runexp report <dir>` does: every
//! number in a report comes from disk. Requests may be millions: of these,
//! `store` hands out one measurement at a time, packed, and `summary` lets go
//! of it.

pub mod audit;
pub mod cli;
pub mod clock;
pub mod dialect;
pub mod doctor;
pub mod format;
pub mod handbook;
pub mod host;
pub mod journal;
pub mod load;
pub mod loopback;
pub mod metric;
pub mod names;
pub mod plan;
pub mod process;
pub mod record;
pub mod report;
pub mod run;
pub mod scenario;
pub mod server;
pub mod signal;
pub mod sim;
pub mod stats;
pub mod step;
pub mod store;
pub mod summary;
pub mod telemetry;
pub mod text;
pub mod trust;
pub mod undo;
pub mod units;
pub mod verdict;
pub mod warden;
pub mod wire;
