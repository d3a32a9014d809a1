//! What a person and a program are told of a run that has ended.

use std::path::Path;

use super::args::{Format, RunArguments};
use super::derive::{Derived, derive};
use super::exit::{CONTRADICTED, DONE, Failure, NOTHING_VALID, SETUP, TEARDOWN, interrupted, print, say};
use super::invalid::nothing_valid;
use crate::names::RunId;
use crate::record::Outcome;
use crate::run::{Finished, Interrupt, Remains};
use crate::store::RunDirectory;
use crate::text::with_causes;

/// The third signal: nothing is waited for.
pub(super) fn left(directory: &RunDirectory, run_id: &RunId, interrupt: &Interrupt) -> u8 {
    say(format_args!("left as it is; to undo it: `runexp cleanup {run_id}`"));
    print(directory.path().display());
    interrupted(interrupt.signal().unwrap_or_default())
}

/// Tells what a run came to, makes its report, and says by which exit code.
pub(super) fn conclude(
    arguments: &RunArguments,
    directory: &RunDirectory,
    run_id: &RunId,
    finished: &Finished,
) -> Result<u8, Failure> {
    match finished.remains {
        Remains::Nothing => {}
        Remains::Kept => say(format_args!("kept as it is; to undo it: `runexp cleanup {run_id}`")),
        Remains::Owed => say(format_args!("not all is undone; to try again: `runexp cleanup {run_id}`")),
    }
    if let Outcome::Failed { reason } = &finished.outcome {
        say(format_args!("error: {reason}"));
    }
    if let Some(error) = &finished.unrecorded {
        say(format_args!("error: not all is in the records: {}", with_causes(error)));
    }
    let derived = derive(directory.path(), &[]);
    let code = match &derived {
        Ok(derived) => code(arguments, finished, derived),
        Err(_) if !finished.not_undone.is_empty() => TEARDOWN,
        Err(failure) => failure.code(),
    };
    if let Err(failure) = &derived {
        failure.print();
    }
    // What was measured is whole, whatever became of its report.
    announce(arguments, directory.path(), finished, derived.as_ref().ok(), code)?;
    Ok(code)
}

fn code(arguments: &RunArguments, finished: &Finished, derived: &Derived) -> u8 {
    match &finished.outcome {
        _ if !finished.not_undone.is_empty() => TEARDOWN,
        _ if finished.unrecorded.is_some() => SETUP,
        Outcome::Interrupted { signal } => interrupted(signal),
        Outcome::Failed { .. } | Outcome::Running => SETUP,
        Outcome::Completed if !derived.anything_valid() => NOTHING_VALID,
        Outcome::Completed if !arguments.gate.lets_pass(&derived.verdicts) => CONTRADICTED,
        Outcome::Completed => DONE,
    }
}

fn announce(
    arguments: &RunArguments,
    path: &Path,
    finished: &Finished,
    derived: Option<&Derived>,
    code: u8,
) -> Result<(), Failure> {
    if let Some(derived) = derived.filter(|_| code == NOTHING_VALID) {
        say(nothing_valid(&derived.summary));
    }
    let files = derived.map_or(&[][..], |derived| &derived.files);
    if !arguments.quiet && !files.is_empty() {
        say(format_args!("report: {}", files.join(" ")));
    }
    match arguments.format {
        Format::Human => {
            derived.into_iter().flat_map(|derived| &derived.noise).for_each(print);
            print(path.display());
        }
        Format::Json => print(serde_json::to_string(&serde_json::json!({
            "run_dir": path,
            "outcome": finished.outcome,
            "not_undone": finished.not_undone,
            "files": files,
            "exit_code": code,
        }))?),
    }
    Ok(())
}
