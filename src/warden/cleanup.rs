use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::journal::{Journal, Left, Lock, StateError, StateFolder};
use crate::names::RunId;
use crate::process::{self, Haste, ProcessError, Strays, Unannounced};
use crate::record::{Containment, ProcessIdentity, UndoEntry, UndoState};
use crate::undo::{UndoLog, UndoStack, by_hand};

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
    #[error("failed to {what}: {source}")]
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
}

/// Undoes a run whose own process is dead.
#[derive(Debug)]
pub struct Cleanup<'a> {
    /// Where its journal is.
    pub state: &'a StateFolder,
    /// Which.
    pub run: &'a RunId,
    /// Children of this process that are no business of the run.
    pub spared: &'a [ProcessIdentity],
    /// Whether there is little time.
    pub haste: &'a Haste,
}

impl Cleanup<'_> {
    /// Waits for the host's lock, then undoes everything.
    ///
    /// The kernel has freed the dead run's lock. A new run may take it first:
    /// it finds the journal, refuses, and frees it again.
    ///
    /// # Errors
    /// If the journal cannot be had.
    pub async fn take_over(&self) -> Result<CleanedUp, WardenError> {
        let _host = Lock::host_within(self.state, self.run, PATIENCE).await?;
        self.undo_all().await
    }

    /// Undoes everything, unless somebody has the host's lock.
    ///
    /// # Errors
    /// If the run is alive, or the journal cannot be had.
    pub async fn clean_up(&self) -> Result<CleanedUp, WardenError> {
        let _host = Lock::host(self.state, self.run)?;
        self.undo_all().await
    }

    /// Commands that have not ended first, or they would go on where the undo
    /// has been; then the journal, the last effect first; then what is alive
    /// although nobody should be. Whatever fails, the rest is done.
    async fn undo_all(&self) -> Result<CleanedUp, WardenError> {
        let Some(left) = Left::read(self.state, self.run)? else {
            self.end_strays(&Containment::Subreaper).await?;
            return Ok(CleanedUp::default());
        };
        let unfinished = process::end_unfinished(self.run.as_str()).await;
        let mut done = self.unwind(&left).await;
        if let Err(error) = unfinished {
            done.not_undone.push(format!("a command of the run goes on: {error}"));
        }
        let containment = left.header.as_ref().map_or(&Containment::Subreaper, |header| &header.containment);
        match self.end_strays(containment).await {
            Ok(()) => drop(process::release(containment)),
            Err(error) => done.not_undone.push(format!("what the run has started is {error}")),
        }
        if done.not_undone.is_empty()
            && let Err(error) = Journal::forget(left.folder())
        {
            done.not_undone.push(format!("everything is, but not the journal that says what was to be: {error}"));
        }
        Ok(done)
    }

    async fn unwind(&self, left: &Left) -> CleanedUp {
        let run_dir = left.header.as_ref().map(|header| header.run_dir.clone());
        // What cannot be noted there is undone all the same, and once more by
        // whoever reads it.
        let mut journal = Journal::resume(left).ok();
        let announce = move |entry: &UndoEntry, state: &UndoState| -> Result<(), Unannounced> {
            journal.as_mut().map_or(Ok(()), |journal| journal.write(entry, state))
        };
        let log = log(run_dir.as_deref(), left.folder());
        let mut stack = UndoStack::resumed(left.entries.clone(), log, self.haste.clone(), announce);
        let failures = stack.unwind().await;
        let not_undone: Vec<String> = failures
            .iter()
            .map(|failure| format!("{failure}; to do it by hand: `{}`", by_hand(&failure.entry.undo)))
            .collect();
        CleanedUp { run_dir, undone: left.entries.len() - not_undone.len(), not_undone }
    }

    async fn end_strays(&self, containment: &Containment) -> Result<(), ProcessError> {
        Strays { run_id: self.run.as_str(), containment, spared: self.spared }.end(self.haste).await
    }
}

/// What undo commands say goes where the run's own did, if that is still there,
/// else beside the journal.
fn log(run_dir: Option<&Path>, folder: &Path) -> UndoLog {
    let own = run_dir.map(|run_dir| run_dir.join("logs")).filter(|logs| logs.is_dir());
    let own = own.map(|logs| logs.join("000-undo.log"));
    UndoLog::first_of(own.into_iter().chain([Journal::undo_log(folder)]))
}
