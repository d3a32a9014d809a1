//! One byte or one line of a text, changed.

use std::fmt;

/// Bytes that mean something to TOML, to a number, to a template or to UTF-8.
const TELLING: [u8; 13] = *b"\"=[]{}\n0-#.\x00\xff";
/// Delete, duplicate, replace by each telling byte, flip each bit.
const KINDS: usize = 2 + TELLING.len() + 8;

/// What is done to a text.
#[derive(Clone, Copy)]
pub(super) enum Mutation {
    Delete(usize),
    Duplicate(usize),
    Replace(usize, u8),
    DeleteLine(usize),
    SwapLines(usize),
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delete(at) => write!(f, "byte {at} deleted"),
            Self::Duplicate(at) => write!(f, "byte {at} doubled"),
            Self::Replace(at, byte) => write!(f, "byte {at} replaced by {byte:#04x}"),
            Self::DeleteLine(line) => write!(f, "line {} deleted", line + 1),
            Self::SwapLines(line) => write!(f, "lines {} and {} swapped", line + 1, line + 2),
        }
    }
}

impl Mutation {
    pub(super) fn count(text: &[u8]) -> usize {
        text.len() * KINDS + 2 * lines(text).len() - 1
    }

    pub(super) fn nth(text: &[u8], index: usize) -> Self {
        let (at, kind) = (index / KINDS, index % KINDS);
        match text.get(at) {
            Some(_) if kind == 0 => Self::Delete(at),
            Some(_) if kind == 1 => Self::Duplicate(at),
            Some(_) if kind < 2 + TELLING.len() => Self::Replace(at, TELLING[kind - 2]),
            Some(byte) => Self::Replace(at, byte ^ (1 << (kind - 2 - TELLING.len()))),
            None => {
                let line = index - text.len() * KINDS;
                let lines = lines(text).len();
                if line < lines { Self::DeleteLine(line) } else { Self::SwapLines(line - lines) }
            }
        }
    }

    pub(super) fn applied_to(self, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        let mut lines = lines(text);
        match self {
            Self::Delete(at) => drop(bytes.remove(at)),
            Self::Duplicate(at) => bytes.insert(at, text[at]),
            Self::Replace(at, byte) => bytes[at] = byte,
            Self::DeleteLine(line) => {
                lines.remove(line);
                return lines.concat();
            }
            Self::SwapLines(line) => {
                lines.swap(line, line + 1);
                return lines.concat();
            }
        }
        bytes
    }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}
