//! Lines, and what tells that they are the same lines still.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::record::Stretch;

/// Hexadecimal digits of a line's hash.
const DIGITS: usize = 16;

/// Lines that follow each other, as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Hashing {
    lines: u64,
    all: Sha256,
    first: String,
    /// The last line itself: to hash each of them twice would take twice as long.
    last: Vec<u8>,
}

impl Hashing {
    /// Takes one more, with its end.
    pub(super) fn take(&mut self, line: &[u8]) {
        if self.lines == 0 {
            self.first = line_digest(line);
        }
        self.last.clear();
        self.last.extend_from_slice(line);
        self.lines += 1;
        self.all.update(line);
    }

    /// How many have come.
    pub(super) const fn count(&self) -> u64 {
        self.lines
    }

    /// What they are.
    pub(super) fn stretch(&self) -> Stretch {
        let last = if self.lines == 0 { String::new() } else { line_digest(&self.last) };
        let first = self.first.clone();
        Stretch { lines: self.lines, sha256: hex(&self.all.clone().finalize()), first, last }
    }

    /// The same, and begins anew.
    pub(super) fn close(&mut self) -> Stretch {
        std::mem::take(self).stretch()
    }
}

/// The start of the hash of one line.
pub(super) fn line_digest(line: &[u8]) -> String {
    let mut digits = hex(&Sha256::digest(line));
    digits.truncate(DIGITS);
    digits
}

/// The start of the hash of a text.
pub(super) fn text_digest(text: &str) -> String {
    line_digest(text.as_bytes())
}

/// Of a whole file.
pub(super) fn file_digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
