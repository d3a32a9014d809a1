use super::args::{CheckArguments, Format};
use super::exit::{DONE, Failure, USAGE, print, say};
use super::scenario::{load_file, show_problems};
use crate::scenario::{Problem, Severity};

/// Shows every problem of every file; with `--format json` as one list on
/// stdout, of the objects that [`Problem`] describes.
pub(super) fn check(arguments: &CheckArguments) -> Result<u8, Failure> {
    let mut all: Vec<Problem> = Vec::new();
    for path in &arguments.scenarios {
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
    let (files, errors_told) = (counted(arguments.scenarios.len(), "file"), counted(errors, "error"));
    say(format_args!("checked {files}: {errors_told}, {}", counted(warnings, "warning")));
    Ok(if errors > 0 || (arguments.deny_warnings && warnings > 0) { USAGE } else { DONE })
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
