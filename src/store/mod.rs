//! The run directory: appends records as they happen, reads them back.
//! Effects.
#![expect(clippy::disallowed_methods, reason = "this room writes and reads the run directory")]

mod abandoned;
mod append;
mod examine;
mod follow;
mod hashing;
mod ledger;
mod lines;
mod log_redactor;
mod manifest_parts;
mod past;
mod read;
mod requests;
mod sealer;
mod torn;
mod write;

use std::io;
use std::path::{Path, PathBuf};

pub use abandoned::conclude;
pub use examine::examine;
pub use ledger::{Ledger, Pen};
pub use log_redactor::{LogRedactor, redact_logs};
pub use manifest_parts::manifest_parts;
pub use past::{Past, past};
pub use read::{Stored, manifest, plan, read};
pub use requests::RequestFile;
pub use write::RunDirectory;

const MANIFEST: &str = "manifest.json";
const PLAN: &str = "plan.json";
const SCENARIO: &str = "scenario.toml";
const STEPS: &str = "steps.jsonl";
const REQUESTS: &str = "requests.jsonl";
const TELEMETRY: &str = "telemetry.jsonl";
const EVENTS: &str = "events.jsonl";
const LOGS: &str = "logs";
/// What a run leaves that nothing can make again.
const RECORDS: [&str; 7] = [MANIFEST, PLAN, SCENARIO, STEPS, REQUESTS, TELEMETRY, EVENTS];

/// The run directory cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system says no.
    #[error("failed to {verb} `{}`", path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`.
        verb: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{}` is damaged", path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line before the last one does not hold what it should.
    #[error("`{}` line {line} column {column} is damaged: {what}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Where in it.
        column: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A newer program wrote it.
    #[error(
        "`{}` has schema version {found}, and this runexp reads up to {known}; use a newer runexp", path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// A derived file would take the place of a record.
    #[error("`{name}` is a record of the run, which no report may replace; call the template something else")]
    IsRecord {
        /// The file.
        name: String,
    },
    /// Another process appends to it.
    #[error("`{}` is being written by another run", path.display())]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// The record format has no such value.
    #[error("a record cannot be written")]
    Unwritable(#[source] serde_json::Error),
}

/// What is wrong, without serde's own "at line 1 column 7", which counts inside
/// one line of the file.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

impl StoreError {
    fn line(path: &Path, line: usize, error: &serde_json::Error) -> Self {
        Self::Line { path: path.to_owned(), line, column: error.column(), what: without_place(error) }
    }

    fn io(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { verb, path, source }
    }
}
