//! A run as a person starts it: the work is done by a second process, and this
//! one sees to it that everything is undone whatever becomes of that.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::args::{Format, RunArguments};
use super::exit::{Failure, SETUP, TEARDOWN, print, say};
use super::resume::Earlier;
use super::run::new_run_id;
use super::secrets;
use crate::clock::Clock;
use crate::journal::{Left, StateFolder};
use crate::names::RunId;
use crate::store;
use crate::warden::{self, CleanedUp, Ended};

pub(super) fn run(words: &[OsString], arguments: &RunArguments) -> Result<u8, Failure> {
    let run = match &arguments.resume {
        Some(run) => Earlier::run_id(run, &arguments.results)?,
        None => new_run_id(Clock::start())?,
    };
    let format = arguments.format;
    let mut arguments = words.get(1..).unwrap_or_default().to_vec();
    // Behind `run`, before anything that could follow a `--`.
    arguments.insert(1, format!("--runner={run}").into());
    let redaction = OnceCell::new();
    // Asked for when the run is dead, before anything is said or undone.
    let hidden = || Arc::clone(redaction.get_or_init(|| secrets::hide_again(&run)));
    match warden::watch(&arguments, &run, &|line| say(line), &hidden)? {
        Ended::Exited(code) => Ok(u8::try_from(code).unwrap_or(SETUP)),
        Ended::Died { how, done } => {
            done.run_dir.iter().for_each(|run_dir| store::redact_logs(run_dir, &hidden()));
            Ok(report(&run, &format!("the run died: {how}"), &done, format))
        }
        Ended::Left { how } => {
            say(format_args!("error: the run is dead: {how}"));
            say(format_args!("left as it is; to undo it: `runexp cleanup {run}`"));
            let left = StateFolder::open().and_then(|state| Left::read(&state, &run)).ok().flatten();
            let header = left.and_then(|left| left.header);
            announce(header.map(|header| header.run_dir).as_deref(), &[], TEARDOWN, format);
            Ok(TEARDOWN)
        }
    }
}

fn report(run: &RunId, how: &str, done: &CleanedUp, format: Format) -> u8 {
    say(format_args!("error: {how}; {} undone", effects(done.undone)));
    conclude(how, done);
    let code = if not_undone(run, done) { TEARDOWN } else { SETUP };
    announce(done.run_dir.as_deref(), &done.not_undone, code, format);
    code
}

/// The run directory is told however a run ends, if it came so far.
fn announce(run_dir: Option<&Path>, not_undone: &[String], code: u8, format: Format) {
    match (format, run_dir) {
        (Format::Human, Some(run_dir)) => print(run_dir.display()),
        (Format::Human, None) => {}
        (Format::Json, run_dir) => {
            print(serde_json::json!({ "run_dir": run_dir, "not_undone": not_undone, "exit_code": code }));
        }
    }
}

/// Says in the records how a run has ended that could not say so itself.
pub(super) fn conclude(how: &str, done: &CleanedUp) {
    if let Some(directory) = &done.run_dir {
        // It may have died before there were records, or they are gone by now.
        let _ = store::conclude(directory, how, Clock::start().wall());
    }
}

/// Says what could not be undone, and what is alive that may be of the run or of
/// somebody else; says whether anything is owed.
pub(super) fn not_undone(run: &RunId, done: &CleanedUp) -> bool {
    for problem in &done.not_undone {
        say(format_args!("error: not undone: {problem}"));
    }
    for process in &done.possible {
        say(format_args!(
            "note: alive, begun while the run was there and left by its parents, perhaps of the run: {process}"
        ));
    }
    if !done.not_undone.is_empty() {
        say(format_args!("help: when the cause is gone, `runexp cleanup {run}` tries again; `--forget` gives it up"));
    }
    !done.not_undone.is_empty()
}

pub(super) fn effects(count: usize) -> String {
    format!("{count} effect{}", if count == 1 { "" } else { "s" })
}
