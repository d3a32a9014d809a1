use std::path::{Path, PathBuf};

use crate::journal::{Header, Journal, Lock, StateError, StateFolder};
use crate::names::{NameError, RunId};
use crate::process::{ForcedShutdown, Unannounced, Undoing as _};
use crate::record::{Containment, Undo, UndoEntry, UndoState};
use crate::text::with_causes;
use crate::undo::UndoStack;

/// Why a daemon must not be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// A run is at work or not undone, or nobody can tell.
    #[error(transparent)]
    State(#[from] StateError),
    /// It could not be ended if this process were killed.
    #[error(transparent)]
    Unannounced(#[from] Unannounced),
    /// The folder's name cannot be that of a journal.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Refusal {
    pub(super) fn help(&self) -> String {
        match self {
            Self::State(StateError::Locked { .. } | StateError::Squatted { .. }) => {
                "examine it again when that has ended".to_owned()
            }
            Self::State(error) => error.help().unwrap_or_else(|| "no run could begin either".to_owned()),
            Self::Unannounced(_) | Self::Name(_) => "no run could begin either".to_owned(),
        }
    }
}

type Announce = Box<dyn FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced>>;

/// The right to start a daemon: no run is at work or to be undone, and what is
/// started stands in a journal first, so that `runexp cleanup` ends it where
/// this process is killed before it can.
pub(super) struct Guard {
    undo: UndoStack<Announce>,
    journal: PathBuf,
    /// What was registered before is removed by its owner, if that lives.
    own: u32,
    _host: Lock,
}

impl Guard {
    /// For what has to do with a private folder, whose name the journal bears.
    pub(super) fn take(state: &StateFolder, folder: &Path) -> Result<Self, Refusal> {
        let run = RunId::new(folder.file_name().unwrap_or_default().to_string_lossy())?;
        let host = Lock::host(state, &run)?;
        state.is_clean(&host)?;
        let header = Header::new(run, folder.to_owned(), folder.to_owned(), Containment::Subreaper);
        let mut journal = Journal::create(state, &host, &header)?;
        let path = journal.folder().to_owned();
        let announce: Announce = Box::new(move |entry, undo| journal.write(entry, undo));
        // Nobody waits for what was started only to be ended.
        let forced = ForcedShutdown::default();
        forced.raise();
        let mut undo = UndoStack::new(folder.join("undo.log"), forced, announce);
        undo.register(Undo::RemoveDir { path: folder.to_owned() }).inspect_err(|_| {
            // The first error tells more; nothing was announced that could be missed.
            let _ = Journal::forget(&path);
        })?;
        Ok(Self { own: undo.mark(), undo, journal: path, _host: host })
    }

    /// Announces a daemon.
    pub(super) fn announce(&mut self, undo: Undo) -> Result<(), Refusal> {
        self.undo.register(undo)?;
        Ok(())
    }

    /// Ends what was announced. What could not be ended stays in the journal.
    ///
    /// # Errors
    /// In one line.
    pub(super) async fn end(mut self) -> Result<(), String> {
        match self.undo.unwind_to(self.own).await.first() {
            Some(failure) => Err(failure.told()),
            None => Journal::forget(&self.journal).map_err(|error| with_causes(&error)),
        }
    }
}
