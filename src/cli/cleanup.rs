use super::args::CleanupArguments;
use super::exit::{DONE, Failure, TEARDOWN, print};
use super::forget::forget;
use super::secrets;
use super::supervised::{conclude, effects, not_undone};
use crate::journal::{Left, Lock, StateFolder};
use crate::names::RunId;
use crate::process::{ForcedShutdown, LeftoverSearch, leftovers};
use crate::record::Leftover;
use crate::store;
use crate::telemetry;
use crate::undo::by_hand;
use crate::warden::{Cleanup, containment, trace};

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
    let _lock = Lock::state(state, run)?;
    let Some(left) = Left::read(state, run)? else { return Ok(()) };
    print(format_args!("{run}: {} to undo", effects(left.entries.len())));
    for entry in left.entries.iter().rev() {
        print(format_args!("  {}: {}", entry.sequence, by_hand(&entry.undo)));
    }
    for damage in &left.damaged {
        print(format_args!("  {damage}"));
    }
    let trace = trace(state, run, &left, &on_gpu());
    let search =
        LeftoverSearch { run_id: run.as_str(), containment: containment(&left), spared: &[], trace: Some(&trace) };
    let possible = if left.has_ended { Vec::new() } else { search.possible()? };
    for (which, processes) in [("of the run", leftovers(search.find()?)), ("perhaps of the run", possible)] {
        for Leftover { process, user, program } in processes {
            print(format_args!("  alive, {which}: `{}` (pid {}, user {user})", program.escape_debug(), process.pid));
        }
    }
    Ok(())
}

/// Processes that hold memory of a GPU, as far as somebody tells.
fn on_gpu() -> Vec<u32> {
    let found = telemetry::open().probe.processes().into_result().unwrap_or_default();
    found.into_iter().map(|process| process.pid).collect()
}

/// Says whether anything is left.
fn undo(state: &StateFolder, run: &RunId) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Failure::Host { what: "start the runtime", source })?;
    let redaction = secrets::hide_again(run);
    let cleanup =
        Cleanup { run, spared: &[], forced: &ForcedShutdown::default(), on_gpu: &on_gpu(), redaction: &redaction };
    let done = runtime.block_on(cleanup.clean_up(state))?;
    done.run_dir.iter().for_each(|run_dir| store::redact_logs(run_dir, &redaction));
    print(format_args!("{run}: {} undone", effects(done.undone)));
    conclude("the run was killed, and `runexp cleanup` undid it", &done);
    Ok(not_undone(run, &done))
}
