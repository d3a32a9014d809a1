use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::seal::{opened, opened_before_damage};
use super::write::{ENDED, FILE};
use super::{Header, Line, StateError, StateFolder, VERSION};
use crate::names::RunId;
use crate::record::{UndoEntry, UndoState};

/// The last version whose lines had no checksum.
const UNSEALED: u32 = 1;
/// So much of a damaged line is shown.
const SHOWN: usize = 200;

/// What a run that did not end in good order has left to be undone.
#[derive(Clone, Debug)]
pub struct Left {
    /// Whose it is; `None` if not even this line was written, and so nothing
    /// was done, or if it is [damaged](Self::damaged).
    pub header: Option<Header>,
    /// What is not undone, in the order of registration.
    pub entries: Vec<UndoEntry>,
    /// Lines that nobody can trust: what they say may be owed.
    pub damaged: Vec<Damage>,
    /// Whether the run has ended in order, and was not killed with all that
    /// watched it.
    pub has_ended: bool,
    pub(super) folder: PathBuf,
    /// Of the whole lines.
    pub(super) length: u64,
    /// Whether the last of these lines has lost its end.
    pub(super) lacks_end: bool,
}

/// A line that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Which, from 1.
    pub line: usize,
    /// What it says now, as far as it can be shown.
    pub text: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the journal is damaged, and nobody can tell what it owes: `{}`", self.line, self.text)
    }
}

impl Left {
    /// Reads the journal of a run; `None` if it has none.
    ///
    /// A torn last line is left out: it was never acted upon. An earlier one
    /// that is damaged is told, and keeps no other from being read.
    ///
    /// # Errors
    /// If it cannot be read, is not private to us, or a newer program wrote it.
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
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(Self::nothing(&folder))),
            Err(source) => Err(StateError::Io { verb: "read", path, source }),
        }
    }

    fn nothing(folder: &Path) -> Self {
        let (folder, has_ended) = (folder.to_owned(), folder.join(ENDED).exists());
        Self { header: None, entries: Vec::new(), damaged: Vec::new(), has_ended, folder, length: 0, lacks_end: false }
    }

    /// The journal's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether nothing is owed, so far as anybody can tell.
    pub const fn is_settled(&self) -> bool {
        self.entries.is_empty() && self.damaged.is_empty()
    }
}

/// A line as it stands, or what stands in its place.
type Piece<'a> = Result<&'a [u8], &'a [u8]>;

fn parse(path: &Path, folder: &Path, bytes: &[u8]) -> Result<Left, StateError> {
    let mut left = Left::nothing(folder);
    let mut entries = BTreeMap::new();
    let is_unsealed = numbered(bytes).next().is_some_and(|(_, line, _)| version(line) == Some(UNSEALED));
    for (number, line, ends) in numbered(bytes) {
        let found = pieces(line, is_unsealed && ends);
        if !ends && found.iter().all(Result::is_err) {
            break;
        }
        for piece in found {
            let is_read = match piece {
                Ok(json) if number == 1 && left.header.is_none() => read_header(path, json, &mut left)?,
                Ok(json) => read_line(json, &mut entries),
                Err(_) => false,
            };
            if !is_read {
                left.damaged.push(Damage { line: number, text: shown(line) });
            }
        }
        left.length += line.len() as u64 + u64::from(ends);
        left.lacks_end = !ends;
    }
    left.entries = entries.into_values().collect();
    Ok(left)
}

fn version(json: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    serde_json::from_slice(json).ok().map(|Version { version }| version)
}

/// Whether it is one.
fn read_header(path: &Path, json: &[u8], left: &mut Left) -> Result<bool, StateError> {
    if let Some(found) = version(json).filter(|version| *version > VERSION) {
        return Err(StateError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    left.header = serde_json::from_slice(json).ok();
    Ok(left.header.is_some())
}

/// Whether it is one.
fn read_line(json: &[u8], entries: &mut BTreeMap<u32, UndoEntry>) -> bool {
    let Ok(Line { entry, state }) = serde_json::from_slice(json) else { return false };
    match state {
        UndoState::Undone | UndoState::GivenUp => drop(entries.remove(&entry.sequence)),
        UndoState::Intent | UndoState::Done | UndoState::Failed { .. } => {
            entries.insert(entry.sequence, entry);
        }
    }
    true
}

fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(SHOWN).collect()
}

/// Lines from 1, and whether each has its end: the last may not.
fn numbered(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8], bool)> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').zip(1..);
    lines.map(|(line, number)| match line.strip_suffix(b"\n") {
        Some(line) => (number, line, true),
        None => (number, line, false),
    })
}

/// What a line holds: mostly one piece, and several where what ended them is
/// damaged.
fn pieces(line: &[u8], is_unsealed: bool) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        match (opened(rest), opened_before_damage(rest)) {
            (Some(json), _) => found.push(Ok(json)),
            (None, Some((json, more))) => {
                found.push(Ok(json));
                rest = more;
                if !rest.is_empty() {
                    continue;
                }
            }
            (None, None) if is_unsealed => found.push(Ok(rest)),
            (None, None) => found.push(Err(rest)),
        }
        return found;
    }
}

#[cfg(test)]
mod tests;
