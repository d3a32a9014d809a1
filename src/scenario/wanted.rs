//! The files that a scenario only names: prompts and arrivals, which are read,
//! and Compose files, which must be there.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::diagnostic::Code;
use super::files::read_text;
use super::prompt::PromptLine;
use super::prompt_file::{Lines, check_use, read_prompts};
use super::source::{FileRole, Finding, Notes, WantedFile};
use super::trace;
use crate::units::Nanos;

/// The largest file of prompts or arrivals.
const MOST_DATA_BYTES: u64 = 64 << 20;
/// Bad lines shown of one file of prompts or arrivals.
pub(super) const BAD_LINES_SHOWN: usize = 3;
/// Where the paths of these files start.
const SCENARIO_FOLDER: &str = "the scenario's folder";

/// What the files hold, by path.
#[derive(Default)]
pub(super) struct Held {
    pub(super) prompts: IndexMap<PathBuf, Vec<PromptLine>>,
    /// Each moment is counted from the first of its file.
    pub(super) traces: IndexMap<PathBuf, Vec<Nanos>>,
}

/// Reads every prompt file and every trace of arrivals, and checks that the
/// others are there.
pub(super) fn read_wanted(wanted: &[WantedFile], dir: &Path, notes: &Notes) -> Held {
    let mut prompts: IndexMap<PathBuf, Lines> = IndexMap::new();
    let mut traces = IndexMap::new();
    for file in wanted {
        let shown = file.shown(dir);
        match &file.role {
            FileRole::Compose if file.path.is_file() => {}
            FileRole::Compose => {
                let message = format!("there is no file `{shown}`");
                let finding = Finding::new(Code::Unreadable, file.span.clone(), message);
                notes.push(finding.help(format!("paths are relative to {SCENARIO_FOLDER}")));
            }
            FileRole::Prompts(usage) => {
                let lines = prompts.entry(file.path.clone()).or_insert_with(|| read_prompts(file, &shown, notes));
                check_use(usage, lines, file, &shown, notes);
            }
            FileRole::Trace => {
                traces.entry(file.path.clone()).or_insert_with(|| read_trace(file, &shown, notes));
            }
        }
    }
    Held { prompts: prompts.into_iter().map(|(path, lines)| (path, lines.lines)).collect(), traces }
}

/// A file that a phase names; what keeps it from being read is noted.
pub(super) fn read_data(file: &WantedFile, shown: &str, notes: &Notes) -> Option<String> {
    let complain = |error: super::files::ReadError| {
        let finding = Finding::new(Code::Unreadable, file.span.clone(), error.to_string());
        notes.push(finding.help(error.advice(SCENARIO_FOLDER)));
    };
    read_text(&file.path, shown, MOST_DATA_BYTES).map_err(complain).ok()
}

pub(super) fn is_json_lines(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
}

fn read_trace(file: &WantedFile, shown: &str, notes: &Notes) -> Vec<Nanos> {
    let Some(text) = read_data(file, shown, notes) else { return Vec::new() };
    let moments = trace::parse(&text, is_json_lines(&file.path)).unwrap_or_else(|bad| {
        for line in bad.iter().take(BAD_LINES_SHOWN) {
            let message = format!("{shown}:{}: {}", line.number, line.reason);
            let finding = Finding::new(Code::Trace, file.span.clone(), message);
            notes.push(finding.help("each line is one arrival: {\"timestamp\": milliseconds}, or seconds in a `.csv`"));
        }
        Vec::new()
    });
    if moments.is_empty() && text.trim().is_empty() {
        let finding = Finding::new(Code::Trace, file.span.clone(), format!("`{shown}` holds no arrival"));
        notes.push(finding.help("write one arrival a line; blank lines do not count"));
    }
    moments
}
