use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::journal::{Journal, Left, Lock, StateError, StateFolder};
use crate::names::RunId;
use crate::process::{self, ForcedShutdown, LeftoverSearch, ProcessError, Trace, Unannounced};
use crate::record::{Certainty, Containment, Leftover, ProcessIdentity, Undo, UndoEntry, UndoState};
use crate::text::{Redaction, with_causes};
use crate::undo::{UndoFailure, UndoLog, UndoStack, by_hand};

/// How long another cleanup of the same run may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// A run could not be watched or undone.
#[derive(Debug, thiserror::Error)]
pub enum WardenError {
    /// There is no journal to be had.
    #[error(transparent)]
    State(#[from] StateError),
    /// Processes cannot be looked for.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The process that does the work could not be started.
    #[error("failed to {what}")]
    Host {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}

/// What undoing a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanedUp {
    /// Where its records are, if it came so far.
    pub run_dir: Option<PathBuf>,
    /// How many effects were taken back.
    pub undone: usize,
    /// What could not be, each with what a person can do.
    pub not_undone: Vec<String>,
    /// Processes that may be the run's or somebody else's, and are alive, with what
    /// a person can do if they are the run's. Nothing is owed for them.
    pub possible: Vec<String>,
}

/// Undoes a run whose own process is dead.
#[derive(Debug)]
pub struct Cleanup<'a> {
    /// Which.
    pub run: &'a RunId,
    /// Children of this process that are no business of the run.
    pub spared: &'a [ProcessIdentity],
    /// Whether there is little time.
    pub forced: &'a ForcedShutdown,
    /// Processes that hold memory of a GPU, if somebody has looked.
    pub on_gpu: &'a [u32],
    /// What nothing that is written may hold.
    pub redaction: &'a Arc<Redaction>,
}

impl Cleanup<'_> {
    /// Waits for the lock of the state folder, then undoes everything.
    ///
    /// The kernel has freed the dead run's lock. A new run may take it first:
    /// it finds the journal, refuses, and frees it again. The host's lock is
    /// held by who calls this, if the dead run had it.
    ///
    /// # Errors
    /// If the journal cannot be had.
    pub async fn take_over(&self, state: &StateFolder) -> Result<CleanedUp, WardenError> {
        let _host = Lock::host_within(state, self.run, PATIENCE).await?;
        let done = self.undo_all(state, false).await;
        if done.as_ref().is_ok_and(|done| !done.not_undone.is_empty()) {
            Journal::conclude(&state.journal(self.run));
        }
        done
    }

    /// Undoes everything, unless somebody has the host's lock.
    ///
    /// # Errors
    /// If the run is alive, or the journal cannot be had.
    pub async fn clean_up(&self, state: &StateFolder) -> Result<CleanedUp, WardenError> {
        let _host = Lock::host(state, self.run)?;
        self.undo_all(state, true).await
    }

    /// Commands that have not ended first, or they would go on where the undo
    /// has been; then the journal, the last effect first; then what is alive
    /// although nobody should be. Whatever fails, the rest is done.
    async fn undo_all(&self, state: &StateFolder, nobody_saw: bool) -> Result<CleanedUp, WardenError> {
        let Some(left) = Left::read(state, self.run)? else {
            self.search(&Containment::Subreaper, None).end(self.forced).await?;
            return Ok(CleanedUp::default());
        };
        let trace = trace(state, self.run, &left, self.on_gpu);
        let containment = containment(&left);
        let search = self.search(containment, Some(&trace));
        let mut problems: Vec<String> = left.damaged.iter().map(ToString::to_string).collect();
        if let Err(error) = process::end_unfinished(self.run.as_str(), &trace, &servers(&left)).await {
            problems.push(format!("a command of the run goes on: {}", with_causes(&error)));
        }
        let mut stack = self.stack(&left);
        let mut failures = stack.unwind().await;
        let undone = left.entries.len() - failures.len();
        match search.end(self.forced).await {
            Ok(()) => drop(process::release(containment)),
            Err(ProcessError::Immortal { processes }) => {
                failures.extend(stack.owe(process::leftovers(processes)));
            }
            Err(error) => {
                problems
                    .push(format!("nobody can tell whether something of the run is alive: {}", with_causes(&error)));
            }
        }
        drop(stack);
        // Who saw the run die is the parent of all that it left.
        let seen = nobody_saw && !left.has_ended;
        let possible = if seen { search.possible().unwrap_or_default() } else { Vec::new() };
        problems.extend(failures.iter().map(by_hand_too));
        if problems.is_empty()
            && let Err(error) = Journal::forget(left.folder())
        {
            problems
                .push(format!("everything is, but not the journal that says what was to be: {}", with_causes(&error)));
        }
        let run_dir = left.header.map(|header| header.run_dir);
        Ok(CleanedUp { run_dir, undone, not_undone: problems, possible: named(possible) })
    }

    fn stack(&self, left: &Left) -> UndoStack<Announce> {
        let run_dir = left.header.as_ref().map(|header| header.run_dir.as_path());
        // What cannot be noted there is undone all the same, and once more by
        // whoever reads it.
        let mut journal = Journal::resume(left).ok().map(|journal| journal.hiding(self.redaction));
        let announce: Announce =
            Box::new(move |entry, state| journal.as_mut().map_or(Ok(()), |journal| journal.write(entry, state)));
        let log = log(run_dir, left.folder()).hiding(self.redaction);
        UndoStack::resumed(left.entries.clone(), log, self.forced.clone(), announce)
    }

    fn search<'s>(&'s self, containment: &'s Containment, trace: Option<&'s Trace>) -> LeftoverSearch<'s> {
        LeftoverSearch { run_id: self.run.as_str(), containment, spared: self.spared, trace }
    }
}

type Announce = Box<dyn FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced>>;

/// How a run was held together. If nobody knows, its processes are told by what
/// else there is.
pub fn containment(left: &Left) -> &Containment {
    left.header.as_ref().map_or(&Containment::Subreaper, |header| &header.containment)
}

/// What tells the processes of a run whose journal this is.
pub fn trace(state: &StateFolder, run: &RunId, left: &Left, on_gpu: &[u32]) -> Trace {
    let (known, looked_ago) = state.remembered(run);
    let looked_ticks = looked_ago.and_then(|ago| process::ticks_before(ago).ok());
    let on_gpu = on_gpu.iter().copied().collect();
    let Some(header) = &left.header else { return Trace { known, looked_ticks, on_gpu, ..Trace::default() } };
    let runner = header.runner.as_ref().filter(|runner| process::boot_id().is_ok_and(|boot| boot == runner.boot_id));
    Trace {
        known,
        looked_ticks,
        started_ticks: runner.map(|runner| runner.start_ticks),
        logs: Some(header.run_dir.join("logs")),
        folders: header.dir.iter().chain([&header.run_dir]).cloned().collect(),
        on_gpu,
    }
}

/// The servers of a run: they are asked to stop, and not killed at once.
fn servers(left: &Left) -> Vec<u32> {
    let server = |entry: &UndoEntry| match &entry.undo {
        Undo::StopProcess { process: Some(process), .. } => Some(process.pid),
        _ => None,
    };
    left.entries.iter().filter_map(server).collect()
}

/// Each with the command by which a person can end it.
fn named(possible: Vec<Leftover>) -> Vec<String> {
    let told = possible.into_iter().map(|leftover| {
        let Leftover { program, user, process } = &leftover;
        let named = format!("`{}` (pid {}, user {user})", program.escape_debug(), process.pid);
        let undo = Undo::EndProcesses { processes: vec![leftover], certainty: Certainty::Possible };
        format!("{named}; if it is: `{}`", by_hand(&undo))
    });
    told.collect()
}

fn by_hand_too(failure: &UndoFailure) -> String {
    format!("{}; to do it by hand: `{}`", failure.told(), failure.help())
}

/// What undo commands say goes where the run's own did, if that is still there,
/// else beside the journal.
fn log(run_dir: Option<&Path>, folder: &Path) -> UndoLog {
    let own = run_dir.map(|run_dir| run_dir.join("logs")).filter(|logs| logs.is_dir());
    let own = own.map(|logs| logs.join("000-undo.log"));
    UndoLog::first_of(own.into_iter().chain([Journal::undo_log(folder)]))
}
