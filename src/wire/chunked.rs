//! The chunked transfer coding (RFC 9112, section 7.1), decoded in place.

use super::WireError;

/// The most bytes of chunk extensions and trailers together in one body.
pub(super) const SURPLUS_LIMIT: u32 = 16 << 10;
/// A longer chunk could not be counted in 64 bits.
const DIGITS_LIMIT: u8 = 16;

/// As many digits as most chunks' lengths have at most.
const USUAL_DIGITS: usize = 6;

/// How far a chunked body has been read.
#[derive(Debug)]
pub(super) struct Chunked {
    expected: Expected,
    /// Bytes of extensions and trailers so far.
    surplus: u32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// A digit of a chunk's length, or what ends it.
    Length { so_far: u64, digits: u8 },
    /// The rest of an extension, which means nothing to us.
    Extension { length: u64 },
    /// `\n` after a chunk's length.
    LengthEnd { length: u64 },
    /// So many bytes of a chunk.
    Data { left: u64 },
    /// `\r` after a chunk.
    DataReturn,
    /// `\n` after a chunk.
    DataEnd,
    /// A trailer, which means nothing to us either, or the last line end.
    Trailer,
    /// The rest of a trailer.
    TrailerRest,
    /// `\n` after everything.
    LastEnd,
    /// The body is whole.
    Nothing,
}

/// A chunk begins.
const CHUNK: Expected = Expected::Length { so_far: 0, digits: 0 };

impl Chunked {
    pub(super) const fn new() -> Self {
        Self { expected: CHUNK, surplus: 0 }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.expected == Expected::Nothing
    }

    /// The next slice of the body in `bytes`, which then begin after it;
    /// `None` when they are used up or the body is whole.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, WireError> {
        while let Some((byte, rest)) = bytes.split_first() {
            match self.expected {
                Expected::Nothing => break,
                Expected::DataReturn if let Some((length, rest)) = usual_line(bytes) => {
                    self.expected = Expected::Data { left: length };
                    *bytes = rest;
                }
                Expected::Data { left } => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let (data, rest) = bytes.split_at(here);
                    *bytes = rest;
                    let left = left - here as u64;
                    self.expected = if left == 0 { Expected::DataReturn } else { Expected::Data { left } };
                    return Ok(Some(data));
                }
                expected => {
                    self.expected = self.after(expected, *byte)?;
                    *bytes = rest;
                }
            }
        }
        Ok(None)
    }

    /// What comes after `byte`, where it is as `expected`.
    fn after(&mut self, expected: Expected, byte: u8) -> Result<Expected, WireError> {
        use Expected::{
            Data, DataEnd, DataReturn, Extension, LastEnd, Length, LengthEnd, Nothing, Trailer, TrailerRest,
        };
        Ok(match (expected, byte) {
            (Length { so_far: length, digits: 1.. } | Extension { length }, b'\r') => LengthEnd { length },
            (Length { so_far: length, digits: 1.. }, b';' | b' ' | b'\t') => Extension { length },
            (Length { so_far, digits: digits @ ..DIGITS_LIMIT }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                Length { so_far: so_far << 4 | u64::from(digit), digits: digits + 1 }
            }
            (LengthEnd { length: 0 } | TrailerRest, b'\n') => Trailer,
            (LengthEnd { length }, b'\n') => Data { left: length },
            (DataReturn, b'\r') => DataEnd,
            (DataEnd, b'\n') => CHUNK,
            (Trailer, b'\r') => LastEnd,
            (LastEnd, b'\n') => Nothing,
            (Extension { .. }, _) if byte != b'\n' => self.pass(expected)?,
            (Trailer | TrailerRest, _) if byte != b'\n' => self.pass(TrailerRest)?,
            _ => return Err(WireError::Chunk { byte }),
        })
    }

    /// Passes over a byte of an extension or a trailer.
    fn pass(&mut self, expected: Expected) -> Result<Expected, WireError> {
        self.surplus += 1;
        if self.surplus > SURPLUS_LIMIT { Err(WireError::Surplus { limit: SURPLUS_LIMIT }) } else { Ok(expected) }
    }
}

/// The length of a chunk in the line before it, and what follows, where
/// `bytes` begin with the end of another chunk and hold all of that line: what
/// stands between most chunks, read at once.
fn usual_line(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let bytes = bytes.strip_prefix(b"\r\n")?;
    let mut length = 0;
    for (position, byte) in bytes.iter().enumerate().take(USUAL_DIGITS + 1) {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ if length == 0 => return None,
            _ => return Some((length, bytes[position..].strip_prefix(b"\r\n")?)),
        };
        length = length << 4 | u64::from(digit);
    }
    None
}
