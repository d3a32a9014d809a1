use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::folder::{make_private, sync};
use super::seal::sealed;
use super::{Header, Left, Line, Lock, StateError, StateFolder, failpoint};
use crate::process::Unannounced;
use crate::record::{UndoEntry, UndoState};
use crate::text::Redaction;

pub(super) const FILE: &str = "journal.jsonl";
/// What undo commands said that could not be kept in the run's directory.
const UNDO_LOG: &str = "undo.log";
/// There once the run has ended in order, and still owes something.
pub(super) const ENDED: &str = "ended";
/// What is known of the run's processes.
pub(super) const KNOWN: &str = "processes.json";

/// A journal that is being written: a line is on disk before the call that
/// writes it returns.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Of the whole lines.
    length: u64,
    /// Whether the last of them has lost its end.
    lacks_end: bool,
    /// What no line of it may hold.
    redaction: Arc<Redaction>,
    failpoint: failpoint::Failpoint,
}

impl Journal {
    /// Begins the journal of a run, whoever holds the host's lock.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(state: &StateFolder, _host: &Lock, header: &Header) -> Result<Self, StateError> {
        let folder = state.journal(&header.run_id);
        make_private(&folder)?;
        let path = folder.join(FILE);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|source| {
            // An empty journal would keep every later run out.
            let _ = fs::remove_dir(&folder);
            StateError::io("create", &path)(source)
        })?;
        let mut journal = Self {
            path,
            file,
            length: 0,
            lacks_end: false,
            redaction: Arc::default(),
            failpoint: failpoint::Failpoint::default(),
        };
        let begun = journal.append(header).map_err(StateError::io("write", &journal.path));
        let begun = begun.and_then(|()| sync(&folder)).and_then(|()| sync(folder.parent().unwrap_or(&folder)));
        if let Err(error) = begun {
            // Nothing has been announced in it, so nobody will miss it.
            let _ = Self::forget(&folder);
            return Err(error);
        }
        journal.failpoint = failpoint::Failpoint::from_environment();
        Ok(journal)
    }

    /// Goes on with what another process has left, even if that is only the
    /// folder: it may die before it makes the file, and after it has removed it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn resume(left: &Left) -> Result<Self, StateError> {
        let path = left.folder.join(FILE);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(StateError::io("write", &path))?;
        let (length, lacks_end) = (left.length, left.lacks_end);
        let mut journal = Self {
            path,
            file,
            length,
            lacks_end,
            redaction: Arc::default(),
            failpoint: failpoint::Failpoint::default(),
        };
        // The torn line of the other would be torn in the middle from now on.
        journal.cut().map_err(StateError::io("write", &journal.path))?;
        Ok(journal)
    }

    /// The same, and nothing that is written from now on quotes these secrets.
    pub fn hiding(self, redaction: &Arc<Redaction>) -> Self {
        Self { redaction: Arc::clone(redaction), ..self }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Where undo commands may write beside it.
    pub fn undo_log(folder: &Path) -> PathBuf {
        folder.join(UNDO_LOG)
    }

    /// Writes how far an undo is.
    ///
    /// # Errors
    /// If the line is not on disk. Then the journal is as it was.
    pub fn write(&mut self, entry: &UndoEntry, state: &UndoState) -> Result<(), Unannounced> {
        let line = Line { entry: entry.clone(), state: self.hidden(state) };
        self.append(&line).map_err(|source| Unannounced { path: self.path.clone(), source })?;
        self.failpoint.pass();
        Ok(())
    }

    /// Says beside a journal that its run has ended in order: what it owes stands
    /// there, and nothing else of it is alive that nobody has seen.
    pub fn conclude(folder: &Path) {
        // Without it, a cleanup looks for more than there can be.
        let _ = File::create(folder.join(ENDED));
    }

    /// Removes a journal by its folder: everything is undone.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn forget(folder: &Path) -> Result<(), StateError> {
        // File by file, since this takes no open file, of which there may be none.
        for file in [FILE, UNDO_LOG, KNOWN, ENDED] {
            let _ = fs::remove_file(folder.join(file));
        }
        let removed = fs::remove_dir(folder).or_else(|_| fs::remove_dir_all(folder));
        removed.map_err(StateError::io("remove", folder))
    }

    /// Why something failed may quote what a command has said. What an undo
    /// needs stays as it is.
    fn hidden(&self, state: &UndoState) -> UndoState {
        match state {
            UndoState::Failed { reason } => UndoState::Failed { reason: self.redaction.hide(reason).into_owned() },
            UndoState::Intent | UndoState::Done | UndoState::Undone | UndoState::GivenUp => state.clone(),
        }
    }

    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = sealed(serde_json::to_vec(line)?);
        if self.lacks_end {
            text.insert(0, b'\n');
        }
        self.cut()?;
        self.file.write_all(&text).and_then(|()| self.file.sync_data()).inspect_err(|_| {
            // The next line cuts again; this one only tidies.
            let _ = self.file.set_len(self.length);
        })?;
        self.length += text.len() as u64;
        self.lacks_end = false;
        Ok(())
    }

    /// Takes off what an earlier write has left half done.
    fn cut(&mut self) -> io::Result<()> {
        if self.file.metadata()?.len() > self.length {
            self.file.set_len(self.length)?;
        }
        self.file.seek(SeekFrom::Start(self.length)).map(|_| ())
    }
}
