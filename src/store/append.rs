use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::{RunDirectory, StoreError};
use crate::text::Redaction;

/// How much is read at once of the end of a file.
const PIECE: u64 = 64 * 1024;

/// A file of records, one a line, that nobody else writes meanwhile.
pub(super) struct Appender {
    path: PathBuf,
    file: BufWriter<File>,
    redaction: Arc<Redaction>,
    /// The line being written.
    line: Vec<u8>,
}

impl Appender {
    /// Begins a file, or goes on behind its last whole line.
    pub(super) fn open(directory: &RunDirectory, name: &str) -> Result<Self, StoreError> {
        let path = directory.path().join(name);
        let mut file = directory.folder()?.append(name).map_err(StoreError::io("create", &path))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(StoreError::Busy { path });
        }
        mend(&mut file).map_err(StoreError::io("mend", &path))?;
        let redaction = Arc::clone(directory.redaction());
        Ok(Self { path, file: BufWriter::new(file), redaction, line: Vec::new() })
    }

    /// Writes one more line, and gives it as it was written.
    pub(super) fn append(&mut self, record: &impl Serialize) -> Result<&[u8], StoreError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record).map_err(StoreError::Unwritable)?;
        if !self.redaction.find(&self.line).is_empty() {
            let mut value = serde_json::from_slice(&self.line).map_err(StoreError::Unwritable)?;
            self.redaction.hide_in(&mut value);
            self.line = serde_json::to_vec(&value).map_err(StoreError::Unwritable)?;
        }
        self.line.push(b'\n');
        self.file.write_all(&self.line).map_err(StoreError::io("write", &self.path))?;
        Ok(&self.line)
    }

    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        self.file.flush().map_err(StoreError::io("write", &self.path))
    }
}

/// Ends a last line that is whole but for its end, and takes off one that is
/// torn, as a reader does.
fn mend(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let last = last_line(file, length)?;
    if last.is_empty() {
        return Ok(());
    }
    if serde_json::from_slice::<IgnoredAny>(&last).is_ok() {
        return file.write_all(b"\n");
    }
    file.set_len(length - last.len() as u64)
}

/// What stands behind the last end of a line.
pub(super) fn last_line(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let (mut start, mut last) = (length, Vec::new());
    while start > 0 {
        let end = start;
        start = start.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(start))?;
        let mut piece = Vec::new();
        (&*file).take(end - start).read_to_end(&mut piece)?;
        piece.append(&mut last);
        last = piece;
        if let Some(at) = last.iter().rposition(|byte| *byte == b'\n') {
            return Ok(last.split_off(at + 1));
        }
    }
    Ok(last)
}
