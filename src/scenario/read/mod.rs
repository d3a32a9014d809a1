//! From tables to the plain types, one file per noun.

pub(super) mod claim;
pub(super) mod design;
pub(super) mod factor;
pub(super) mod phase;
pub(super) mod server;
pub(super) mod step;

use std::path::{Path, PathBuf};

use super::diagnostic::Code;
use super::source::{Finding, Notes, Span};

/// Relative to the scenario's folder.
fn absolute(dir: &Path, path: Option<PathBuf>) -> PathBuf {
    path.map_or_else(|| dir.to_owned(), |path| dir.join(path))
}

/// Notes a regular expression that is none.
fn check_regex(pattern: &str, span: &Span, notes: &Notes) {
    if let Err(error) = regex::Regex::new(pattern) {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        let finding = Finding::new(Code::Value, span.clone(), format!("not a regular expression: {reason}"));
        notes.push(finding.help("'single quotes' keep backslashes as they are"));
    }
}
