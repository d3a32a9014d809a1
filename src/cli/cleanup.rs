use super::args::CleanupArguments;
use super::exit::{DONE, Failure, TEARDOWN, print};
use super::forget::forget;
use super::secrets;
use super::watched::{conclude, effects, not_undone};
use crate::journal::{Left, Lock, StateFolder};
use crate::names::RunId;
use crate::process::Haste;
use crate::undo::by_hand;
use crate::warden::Cleanup;

/// Undoes what runs have left that are no longer alive.
pub(super) fn cleanup(arguments: &CleanupArguments) -> Result<u8, Failure> {
    let state = StateFolder::open()?;
    let runs: Vec<RunId> = match &arguments.run {
        Some(run) => state.runs()?.into_iter().filter(|left| left == run).collect(),
        None => state.runs()?,
    };
    if runs.is_empty() {
        print("nothing to do");
        return Ok(DONE);
    }
    if let (Some(numbers), Some(run)) = (&arguments.forget, &arguments.run) {
        return forget(&state, run, numbers);
    }
    let mut code = DONE;
    for run in &runs {
        if arguments.dry_run {
            show(&state, run)?;
        } else if undo(&state, run)? {
            code = TEARDOWN;
        }
    }
    Ok(code)
}

/// What would be undone, in order, as a person would type it.
fn show(state: &StateFolder, run: &RunId) -> Result<(), Failure> {
    let _host = Lock::host(state, run)?;
    let left = Left::read(state, run)?.map(|left| left.entries).unwrap_or_default();
    print(format_args!("{run}: {} to undo", effects(left.len())));
    for entry in left.iter().rev() {
        print(format_args!("  {}: {}", entry.sequence, by_hand(&entry.undo)));
    }
    Ok(())
}

/// Says whether anything is left.
fn undo(state: &StateFolder, run: &RunId) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Failure::Host { what: "start the runtime", source })?;
    let redaction = secrets::hide_again(run);
    let cleanup = Cleanup { state, run, spared: &[], haste: &Haste::default() };
    let done = runtime.block_on(cleanup.clean_up())?;
    done.run_dir.iter().for_each(|run_dir| secrets::hide_in_logs(run_dir, redaction.as_ref()));
    print(format_args!("{run}: {} undone", effects(done.undone)));
    conclude("the run was killed, and `runexp cleanup` undid it", &done);
    Ok(not_undone(run, &done))
}
