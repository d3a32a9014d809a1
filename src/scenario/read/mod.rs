//! From tables to the plain types, one file per noun.

pub(super) mod audit;
mod changes;
pub(super) mod claim;
mod declared;
pub(super) mod design;
pub(super) mod factor;
mod fault;
pub(super) mod find;
mod header;
pub(super) mod phase;
mod placement;
pub(super) mod question;
mod ready;
mod request;
pub(super) mod rule;
pub(super) mod server;
pub(super) mod step;
pub(super) mod telemetry;
pub(super) mod traffic;
pub(super) mod zip;

use std::path::PathBuf;

use super::files::referenced_file::Folder;
use crate::format::{Code, Finding, Node, Notes, Span, spelling};
use crate::names::MetricId;

/// Relative to the scenario's folder.
fn absolute(dir: &Folder<'_>, path: Option<PathBuf>) -> PathBuf {
    path.map_or_else(|| dir.path().to_owned(), |path| dir.join(path))
}

/// Notes a command without a program.
pub(super) fn check_argv(argv: &[String], node: &Node, notes: &Notes) {
    if argv.first().is_none_or(String::is_empty) {
        let finding = Finding::new(Code::Bounds, node.span.clone(), "a command without a program");
        notes.push(finding.help("write it like [\"program\", \"argument\"]"));
    }
}

/// A metric that there is; one that there is not is noted at its place.
fn known_metric(metric: &str, place: Span, known: &[&str], notes: &Notes) -> Option<MetricId> {
    if known.contains(&metric) {
        return MetricId::new(metric).ok();
    }
    let finding = Finding::new(Code::UnknownReference, place, format!("there is no metric `{metric}`"));
    notes.push(finding.maybe_help(spelling::advice(metric, known.iter().copied())));
    None
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
