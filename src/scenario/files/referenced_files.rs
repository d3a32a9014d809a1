//! The files that a scenario only names: prompts and arrivals, which are read,
//! and Compose files, which must be there.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::super::model::prompt::PromptLine;
use super::csv::BadLine;
use super::file_facts::FileFacts;
use super::prompt_file::{Lines, check_use, read_prompts};
use super::referenced_file::{FileRole, PromptUse, ReferencedFile};
use super::trace::{self, Trace};
use crate::format::{Code, Finding, Notes, ReadError, read_text};
use crate::text::with_causes;
use crate::trust;
use crate::units::Nanos;

/// The largest file of prompts or arrivals.
const MOST_DATA_BYTES: u64 = 64 << 20;
/// Bad lines shown of one file of prompts or arrivals.
pub(in crate::scenario) const BAD_LINES_SHOWN: usize = 3;
/// Where the paths of these files start.
const SCENARIO_FOLDER: &str = "the scenario's folder";

/// What the files hold, by path.
#[derive(Default)]
pub(in crate::scenario) struct Held {
    pub(in crate::scenario) prompts: IndexMap<PathBuf, Vec<PromptLine>>,
    /// Each moment is counted from the first of its file.
    pub(in crate::scenario) traces: IndexMap<PathBuf, Vec<Nanos>>,
    /// What each was taken for.
    pub(in crate::scenario) facts: IndexMap<PathBuf, FileFacts>,
}

/// Reads every prompt file and every trace of arrivals, and checks that the
/// others are there.
pub(in crate::scenario) fn read_referenced(files: &[ReferencedFile], dir: &Path, notes: &Notes) -> Held {
    let mut read = Read::default();
    for file in files {
        let shown = file.shown(dir);
        match &file.role {
            // Docker opens it by its name, which must lead there for others too.
            FileRole::Compose if file.path.is_file() => notes.doubt(trust::doubt(&file.path).ok().flatten()),
            FileRole::Compose => {
                let message = format!("there is no file `{shown}`");
                let finding = Finding::new(Code::Unreadable, file.span.clone(), message);
                notes.push(finding.help(format!("paths are relative to {SCENARIO_FOLDER}")));
            }
            FileRole::Prompts(usage) => read.prompts(usage, file, &shown, notes),
            FileRole::Trace => {
                read.traces.entry(file.path.clone()).or_insert_with(|| read_trace(file, &shown, notes));
            }
        }
    }
    read.held()
}

#[derive(Default)]
struct Read {
    prompts: IndexMap<PathBuf, Lines>,
    /// None where one could not be read.
    traces: IndexMap<PathBuf, Option<Trace>>,
}

impl Read {
    /// Reads a prompt file, unless another phase has it too. One that is the
    /// trace of its phase is named after that.
    fn prompts(&mut self, usage: &PromptUse, file: &ReferencedFile, shown: &str, notes: &Notes) {
        let note = |code, message: String, help: &str| {
            notes.push(Finding::new(code, file.span.clone(), message).help(help));
        };
        let trace = self.traces.get(&file.path).filter(|_| usage.follows_trace);
        match trace {
            Some(None) => return,
            Some(Some(trace)) if !trace.asks => {
                let message = format!("`{shown}` says when to ask, but neither what nor how much");
                return note(Code::Trace, message, "give the request a `prompt`, `prompts` or `prompt_tokens`");
            }
            _ => {}
        }
        let lines = self.prompts.entry(file.path.clone()).or_insert_with(|| read_prompts(usage, file, shown, notes));
        if lines.declared != usage.format {
            let message = format!("`{shown}` has another `format` in another phase");
            note(Code::Choice, message, "a file is of one format");
        }
        check_use(usage, lines, file, shown, notes);
        let (prompts, facts) = (lines.prompts.len(), lines.facts.as_ref());
        if let (Some(Some(trace)), Some(facts)) = (trace, facts)
            && trace.moments.len() != prompts
            && prompts > 0
        {
            let message = format!("`{shown}` has {} arrivals and {prompts} prompts{facts}", trace.moments.len());
            note(Code::Trace, message, "each arrival must be one prompt: take out the others");
        }
    }

    fn held(self) -> Held {
        let mut held = Held::default();
        for (path, lines) in self.prompts {
            held.facts.extend(lines.facts.map(|facts| (path.clone(), facts)));
            held.prompts.insert(path, lines.prompts);
        }
        for (path, trace) in self.traces {
            let Some(Trace { moments, facts, .. }) = trace else { continue };
            held.facts.insert(path.clone(), facts);
            held.traces.insert(path, moments);
        }
        held
    }
}

/// A file that a phase names; what keeps it from being read is noted.
pub(in crate::scenario) fn read_data(file: &ReferencedFile, shown: &str, notes: &Notes) -> Option<String> {
    let complain = |error: ReadError| {
        let finding = Finding::new(Code::Unreadable, file.span.clone(), with_causes(&error));
        notes.push(finding.help(error.advice(SCENARIO_FOLDER)));
    };
    read_text(&file.path, shown, MOST_DATA_BYTES, notes).map_err(complain).ok().map(|(_, text)| text)
}

fn read_trace(file: &ReferencedFile, shown: &str, notes: &Notes) -> Option<Trace> {
    let text = read_data(file, shown, notes)?;
    let note = |message: String, help: &str| {
        notes.push(Finding::new(Code::Trace, file.span.clone(), message).help(help));
    };
    match trace::parse(&text, &file.path) {
        Ok(trace) if trace.moments.is_empty() => {
            let message = format!("`{shown}` holds no arrival{}", trace.facts);
            note(message, "write one arrival a line; blank lines do not count");
            None
        }
        Ok(trace) => Some(trace),
        Err(bad) => {
            for BadLine { line, column, reason } in bad.iter().take(BAD_LINES_SHOWN) {
                let column = column.map(|column| format!(":{column}")).unwrap_or_default();
                let help = "each line is one arrival: {\"timestamp\": milliseconds}, or seconds in a `.csv`";
                note(format!("{shown}:{line}{column}: {reason}"), help);
            }
            None
        }
    }
}
