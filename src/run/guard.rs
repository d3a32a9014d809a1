use std::path::PathBuf;
use std::sync::Arc;

use super::Remains;
use crate::clock::Clock;
use crate::journal::{Header, Journal, Lock, StateError, StateFolder};
use crate::names::RunId;
use crate::process::{self, SpareFiles, Unannounced};
use crate::record::{Containment, Environment, Event, EventRecord, UndoEntry, UndoState};
use crate::store::{Pen, RunDirectory};
use crate::text::Redaction;

/// The right to change this host: nobody else does, and nothing is left of
/// earlier runs.
#[derive(Debug)]
pub struct Guard {
    state: StateFolder,
    host: Lock,
    gpus: Vec<Lock>,
    run: RunId,
}

impl Guard {
    /// Takes it for a run.
    ///
    /// # Errors
    /// If another run is alive, or an earlier one has not been undone.
    pub fn take(run: &RunId) -> Result<Self, StateError> {
        let state = StateFolder::open()?;
        let host = Lock::host(&state, run)?;
        state.is_clean(&host)?;
        Ok(Self { state, host, gpus: Vec::new(), run: run.clone() })
    }

    /// Locks the GPUs, which two hosts may share where they are containers.
    pub(super) fn lock_gpus(&mut self, machine: &Environment) -> Result<(), StateError> {
        let mut uuids: Vec<&str> = machine.gpus.iter().map(|gpu| gpu.uuid.as_str()).collect();
        // In one order everywhere, or two runs could wait for each other.
        uuids.sort_unstable();
        for uuid in uuids {
            self.gpus.push(Lock::gpu(&self.state, uuid, &self.run)?);
        }
        Ok(())
    }

    /// Holds together what this process will start, and begins the journal.
    pub(super) fn begin(self, directory: &RunDirectory) -> Result<(Guarded, Journal), StateError> {
        let Self { state, host, gpus, run } = self;
        SpareFiles::can_be_kept().map_err(|source| StateError::TooFewFiles { source })?;
        let containment = process::contain(run.as_str());
        let header = Header::new(run, directory.path().to_owned(), containment.clone());
        let journal = Journal::create(&state, &host, &header).inspect_err(|_| {
            // The first error tells more than an empty control group.
            let _ = process::release(&containment);
        })?;
        let folder = journal.folder().to_owned();
        Ok((Guarded { containment, folder, _locks: (host, gpus) }, journal))
    }
}

/// A run that may change the host. Its locks are free when this is dropped.
pub(super) struct Guarded {
    pub(super) containment: Containment,
    folder: PathBuf,
    _locks: (Lock, Vec<Lock>),
}

impl Guarded {
    /// Gives up what need not be held any longer. What is kept stays held
    /// together, and what is owed remembered.
    pub(super) fn end(self, remains: Remains) -> Result<(), StateError> {
        if remains != Remains::Kept {
            // An empty control group that stays costs nothing and stops nobody.
            let _ = process::release(&self.containment);
        }
        if remains == Remains::Nothing { Journal::forget(&self.folder) } else { Ok(()) }
    }
}

/// Hears of every undo before the effect it belongs to.
pub(super) type Announce = Box<dyn FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced> + Send>;

/// Tells the journal first, which refuses what it cannot keep, then the records.
pub(super) fn announce(mut journal: Option<Journal>, clock: Clock, pen: Pen, redaction: Arc<Redaction>) -> Announce {
    Box::new(move |entry, state| {
        let state = &hidden(state, &redaction);
        if let Some(journal) = &mut journal {
            journal.write(entry, state)?;
        }
        let UndoEntry { sequence, undo } = entry.clone();
        pen.event(EventRecord { at_ns: clock.now(), event: Event::Undo { sequence, undo, state: state.clone() } });
        Ok(())
    })
}

/// Why something failed may quote what a command has said.
fn hidden(state: &UndoState, redaction: &Redaction) -> UndoState {
    match state {
        UndoState::Failed { reason } => UndoState::Failed { reason: redaction.hide(reason).into_owned() },
        UndoState::Intent | UndoState::Done | UndoState::Undone | UndoState::GivenUp => state.clone(),
    }
}
