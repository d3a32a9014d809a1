//! What outlives a run's process: its undo journal, written ahead of every
//! effect, and the locks that keep a second run out. Effects.
#![expect(clippy::disallowed_methods, reason = "this room writes and reads the state folder")]

mod error;
mod failpoint;
mod folder;
mod host_lock;
mod lock;
mod read;
mod seal;
mod write;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use error::{Holder, StateError};
pub use folder::StateFolder;
pub use lock::Lock;
pub use read::{Damage, Left};
pub use write::Journal;

use crate::names::RunId;
use crate::process::identity;
use crate::record::{Containment, ProcessIdentity, UndoEntry, UndoState};

/// The version of the journal's format that this program writes.
const VERSION: u32 = 2;

/// The first line of a journal: whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Of the format; first, so that a reader can refuse before it misreads.
    version: u32,
    /// The run.
    pub run_id: RunId,
    /// Where its records are.
    pub run_dir: PathBuf,
    /// How they are held together.
    pub containment: Containment,
    /// The process that does the work.
    #[serde(default)]
    pub runner: Option<ProcessIdentity>,
    /// Where its processes are started.
    #[serde(default)]
    pub dir: Option<PathBuf>,
}

impl Header {
    /// The header of a new journal, of a run that this process does.
    pub fn new(run_id: RunId, run_dir: PathBuf, dir: PathBuf, containment: Containment) -> Self {
        // Without it, less is found of a run that nobody is left of.
        let runner = identity(std::process::id()).ok();
        Self { version: VERSION, run_id, run_dir, containment, runner, dir: Some(dir) }
    }
}

/// Any other line: an undo, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    entry: UndoEntry,
    #[serde(flatten)]
    state: UndoState,
}
