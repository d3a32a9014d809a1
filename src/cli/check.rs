use std::path::{Path, PathBuf};

use super::args::{CheckArguments, Format};
use super::derive::examined;
use super::exit::{DONE, Failure, USAGE, print, say};
use super::scenario::{load_file, show_problems};
use crate::format::{Problem, Severity};
use crate::report::RecordsView;

/// Shows every problem of every file; with `--format json` as one list on
/// stdout, of the objects that [`Problem`] describes.
pub(super) fn check(arguments: &CheckArguments) -> Result<u8, Failure> {
    let mut all: Vec<Problem> = Vec::new();
    let mut altered = false;
    let (runs, scenarios): (Vec<&PathBuf>, Vec<&PathBuf>) =
        arguments.scenarios.iter().partition(|path| path.join("manifest.json").is_file());
    for run in &runs {
        altered |= !is_as_written(run)?;
    }
    for path in &scenarios {
        let (problems, treatments) = match load_file(path, &arguments.changes) {
            Ok(scenario) => (scenario.warnings.clone(), Some(scenario.treatments().len())),
            Err(problems) => (problems, None),
        };
        if arguments.format == Format::Human {
            show_problems(&problems);
            if let Some(count) = treatments {
                print(format_args!("{}: ok, {}", path.display(), counted(count, "treatment")));
            }
        }
        all.extend(problems.iter().cloned());
    }
    if arguments.format == Format::Json {
        print(serde_json::to_string_pretty(&all)?);
    }
    let warnings = all.iter().filter(|problem| problem.severity() == Severity::Warning).count();
    let errors = all.len() - warnings;
    let (files, errors_told) = (counted(scenarios.len(), "file"), counted(errors, "error"));
    if !scenarios.is_empty() {
        say(format_args!("checked {files}: {errors_told}, {}", counted(warnings, "warning")));
    }
    Ok(if altered || errors > 0 || (arguments.deny_warnings && warnings > 0) { USAGE } else { DONE })
}

/// Tells of a run directory whether it is what the run wrote.
fn is_as_written(run: &Path) -> Result<bool, Failure> {
    let integrity = examined(run)?.record.integrity;
    let records = RecordsView::of(&integrity);
    print(format_args!("{}: {}", run.display(), records.sealing));
    for note in &records.notes {
        say(note);
    }
    Ok(integrity.flaws.is_empty() && integrity.post_hoc.is_empty())
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
