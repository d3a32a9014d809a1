use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::write::FILE;
use super::{Header, Line, StateError, StateFolder, VERSION};
use crate::names::RunId;
use crate::record::{UndoEntry, UndoState};

/// What a run that did not end in good order has left to be undone.
#[derive(Clone, Debug)]
pub struct Left {
    /// Whose it is; `None` if not even this line was written, and so nothing
    /// was done.
    pub header: Option<Header>,
    /// What is not undone, in the order of registration.
    pub entries: Vec<UndoEntry>,
    pub(super) folder: PathBuf,
    /// Of the whole lines.
    pub(super) length: u64,
}

impl Left {
    /// Reads the journal of a run; `None` if it has none.
    ///
    /// A torn last line is left out: it was never acted upon.
    ///
    /// # Errors
    /// If it cannot be read, is not private to us, or an earlier line is damaged.
    pub fn read(state: &StateFolder, run: &RunId) -> Result<Option<Self>, StateError> {
        let folder = state.journal(run);
        if !folder.exists() {
            return Ok(None);
        }
        super::folder::make_private(&folder)?;
        let path = folder.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => parse(&path, &folder, &bytes).map(Some),
            // Killed after it made the folder, or before it removed that.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Some(Self { header: None, entries: Vec::new(), folder, length: 0 }))
            }
            Err(source) => Err(StateError::Io { verb: "read", path, source }),
        }
    }

    /// The journal's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn parse(path: &Path, folder: &Path, bytes: &[u8]) -> Result<Left, StateError> {
    let length = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut lines = bytes[..length].split_inclusive(|byte| *byte == b'\n').zip(1..);
    let header = lines.next().map(|(line, number)| header(path, number, line)).transpose()?;
    let mut entries = BTreeMap::new();
    for (line, number) in lines {
        let Line { entry, state } = json(path, number, line)?;
        match state {
            UndoState::Undone | UndoState::GivenUp => drop(entries.remove(&entry.sequence)),
            UndoState::Intent | UndoState::Done | UndoState::Failed { .. } => {
                entries.insert(entry.sequence, entry);
            }
        }
    }
    let entries = entries.into_values().collect();
    Ok(Left { header, entries, folder: folder.to_owned(), length: length as u64 })
}

fn header(path: &Path, number: usize, line: &[u8]) -> Result<Header, StateError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version: found } = json(path, number, line)?;
    if found > VERSION {
        return Err(StateError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    json(path, number, line)
}

fn json<T: DeserializeOwned>(path: &Path, line: usize, text: &[u8]) -> Result<T, StateError> {
    serde_json::from_slice(text).map_err(|source| StateError::Damaged { path: path.to_owned(), line, source })
}
