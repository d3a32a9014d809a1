use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IgnoredAny};

use super::StoreError;

/// A file of one record a line, of which one line at a time is in memory.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    line: Vec<u8>,
    /// Where the line after it begins.
    next: Place,
}

/// Where a line begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes before it.
    bytes: u64,
    /// Lines before it.
    lines: usize,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::io("read", path))?;
        Ok(Self { path: path.to_owned(), file: BufReader::new(file), line: Vec::new(), next: Place::default() })
    }

    /// Where the next line begins, if there is one.
    pub(super) const fn next(&self) -> Place {
        self.next
    }

    /// Makes the line that begins there the next one.
    pub(super) fn go_to(&mut self, place: Place) -> Result<(), StoreError> {
        let ahead = place.bytes.cast_signed() - self.next.bytes.cast_signed();
        self.next = place;
        self.file.seek_relative(ahead).map_err(StoreError::io("read", &self.path))
    }

    /// Reads the next line; false if there is none.
    pub(super) fn advance(&mut self) -> Result<bool, StoreError> {
        self.line.clear();
        let length = self.file.read_until(b'\n', &mut self.line).map_err(StoreError::io("read", &self.path))?;
        self.next.bytes += length as u64;
        self.next.lines += 1;
        Ok(length > 0)
    }

    /// The line that was read, with its end.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Whether its end was written. Only the last one's may be missing.
    pub(super) fn is_whole(&self) -> bool {
        self.line.ends_with(b"\n")
    }

    /// The line as it was written: with its end, if that alone is missing. A torn
    /// line is none.
    pub(super) fn written(&mut self) -> Option<&[u8]> {
        if !self.is_whole() && serde_json::from_slice::<IgnoredAny>(&self.line).is_ok() {
            self.line.push(b'\n');
        }
        self.is_whole().then_some(&self.line)
    }

    /// The record that it is. A torn line is none.
    pub(super) fn record<T: DeserializeOwned>(&self) -> Result<Option<T>, StoreError> {
        match serde_json::from_slice(&self.line) {
            Ok(record) => Ok(Some(record)),
            Err(_) if !self.is_whole() => Ok(None),
            Err(error) => Err(StoreError::line(&self.path, self.next.lines, &error)),
        }
    }
}
