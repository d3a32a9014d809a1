use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use super::Remains;
use crate::clock::Clock;
use crate::journal::{Header, Journal, Lock, StateError, StateFolder};
use crate::names::RunId;
use crate::plan::{self, Plan};
use crate::process::{self, SpareFiles, Unannounced};
use crate::record::{Containment, Environment, Event, EventRecord, UndoEntry, UndoState};
use crate::scenario::{ServerOrigin, StepKind};
use crate::store::{Pen, RunDirectory};

/// The right to change this host: nobody else does, and nothing is left of
/// earlier runs. A run that changes nothing needs only the latter.
#[derive(Debug)]
pub struct Guard {
    state: StateFolder,
    host: Option<Lock>,
    gpus: Vec<Lock>,
    run: RunId,
}

impl Guard {
    /// Takes it for a run.
    ///
    /// # Errors
    /// If another run is alive, or an earlier one has not been undone.
    pub fn take(run: &RunId, plan: &Plan) -> Result<Self, StateError> {
        let state = StateFolder::open()?;
        let (run, gpus) = (run.clone(), Vec::new());
        if changes_nothing(plan) {
            // What a run at work has announced is none of what earlier runs left.
            if let Ok(idle) = Lock::state(&state, &run) {
                state.is_clean(&idle)?;
            }
            return Ok(Self { state, host: None, gpus, run });
        }
        let host = Lock::host(&state, &run)?;
        state.is_clean(&host)?;
        Ok(Self { state, host: Some(host), gpus, run })
    }

    /// The host's lock, for the process above to hold too; `None` if the run needs
    /// none.
    pub fn lock(&self) -> Option<BorrowedFd<'_>> {
        self.host.as_ref().and_then(Lock::descriptor)
    }

    /// Who has the host's lock without being a run, and so keeps nobody out who
    /// is root.
    pub fn squatter(&self) -> Option<&str> {
        self.host.as_ref().and_then(Lock::squatter)
    }

    /// Locks the GPUs, which two hosts may share where they are containers.
    pub(super) fn lock_gpus(&mut self, machine: &Environment) -> Result<(), StateError> {
        if self.host.is_none() {
            return Ok(());
        }
        let mut uuids: Vec<&str> = machine.gpus.iter().map(|gpu| gpu.uuid.as_str()).collect();
        // In one order everywhere, or two runs could wait for each other.
        uuids.sort_unstable();
        for uuid in uuids {
            self.gpus.push(Lock::gpu(&self.state, uuid, &self.run)?);
        }
        Ok(())
    }

    /// Holds together what this process will start, and begins the journal.
    pub(super) fn begin(self, directory: &RunDirectory, dir: &Path) -> Result<(Guarded, Option<Journal>), StateError> {
        let Self { state, host, gpus, run } = self;
        let Some(host) = host else {
            let guarded = Guarded { containment: Containment::ProcessGroup, folder: None, _locks: (None, gpus) };
            return Ok((guarded, None));
        };
        SpareFiles::can_be_kept().map_err(|source| StateError::TooFewFiles { source })?;
        let containment = process::contain(run.as_str());
        let header = Header::new(run, directory.path().to_owned(), process::absolute(dir), containment.clone());
        let journal = Journal::create(&state, &host, &header).inspect_err(|_| {
            // The first error tells more than an empty control group.
            let _ = process::release(&containment);
        })?;
        let journal = journal.hiding(directory.redaction());
        let folder = journal.folder().to_owned();
        Ok((Guarded { containment, folder: Some(folder), _locks: (Some(host), gpus) }, Some(journal)))
    }
}

/// A run that may change the host. Its locks are free when this is dropped.
pub(super) struct Guarded {
    pub(super) containment: Containment,
    /// Of its journal, if it may change anything.
    folder: Option<PathBuf>,
    _locks: (Option<Lock>, Vec<Lock>),
}

impl Guarded {
    /// Gives up what need not be held any longer. What is kept stays held
    /// together, and what is owed remembered.
    pub(super) fn end(self, remains: Remains) -> Result<(), StateError> {
        if remains != Remains::Kept {
            // An empty control group that stays costs nothing and stops nobody.
            let _ = process::release(&self.containment);
        }
        match &self.folder {
            Some(folder) if remains == Remains::Nothing => Journal::forget(folder),
            Some(folder) => {
                Journal::conclude(folder);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Whether it only measures what is there: no server of its own, and no step
/// but such as look.
fn changes_nothing(plan: &Plan) -> bool {
    let mut servers = plan.epochs.iter().flat_map(|epoch| &epoch.servers);
    let mut steps = plan::steps(plan).into_iter().map(|(_, step)| step);
    servers.all(|server| matches!(server.origin, ServerOrigin::Url { .. }))
        && steps.all(|step| matches!(step.kind, StepKind::Look(_)))
}

/// Hears of every undo before the effect it belongs to.
pub(super) type Announce = Box<dyn FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced> + Send>;

/// Tells the journal first, which refuses what it cannot keep, then the records.
pub(super) fn announce(mut journal: Option<Journal>, clock: Clock, pen: Pen) -> Announce {
    Box::new(move |entry, state| {
        if let Some(journal) = &mut journal {
            journal.write(entry, state)?;
        }
        let UndoEntry { sequence, undo } = entry.clone();
        pen.event(EventRecord { at_ns: clock.now(), event: Event::Undo { sequence, undo, state: state.clone() } });
        Ok(())
    })
}
