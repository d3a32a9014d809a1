//! What outlives a run's process: its undo journal, written ahead of every
//! effect, and the locks that keep a second run out. Effects.
#![expect(clippy::disallowed_methods, reason = "this room writes and reads the state folder")]

mod error;
mod failpoint;
mod folder;
mod lock;
mod read;
mod write;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use error::{Holder, StateError};
pub use folder::StateFolder;
pub use lock::Lock;
pub use read::Left;
pub use write::Journal;

use crate::names::RunId;
use crate::record::{Containment, UndoEntry, UndoState};

/// The version of the journal's format that this program writes.
const VERSION: u32 = 1;

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
}

impl Header {
    /// The header of a new journal.
    pub const fn new(run_id: RunId, run_dir: PathBuf, containment: Containment) -> Self {
        Self { version: VERSION, run_id, run_dir, containment }
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
