//! Bytes in, lines out: bounded, and the same however the bytes are split.

use memchr::memchr2;

use super::DecodeError;

/// The longest line of a stream, in bytes.
pub(super) const LINE_LIMIT: usize = 1 << 20;

/// Bytes that wait for more, never beyond a limit.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    limit: usize,
}

impl Buffer {
    /// An empty one that refuses to grow beyond `limit` bytes.
    pub(super) const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    /// Appends, unless it would grow too large.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        self.check(bytes)?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Hands what it holds to `take`, then empties itself.
    pub(super) fn drain<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> T {
        let taken = take(&self.bytes);
        self.bytes.clear();
        taken
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    fn check(&self, bytes: &[u8]) -> Result<(), DecodeError> {
        if bytes.len() > self.limit - self.bytes.len() {
            return Err(DecodeError::LineTooLong { limit: self.limit });
        }
        Ok(())
    }
}

/// Splits at `\n`, `\r\n` and `\r`.
#[derive(Debug)]
pub(super) struct Lines {
    /// The start of a line whose end has not come yet.
    partial: Buffer,
    /// The last byte was `\r`, so a `\n` that follows ends no further line.
    after_return: bool,
    /// Where the next line begins, in bytes from the start of the body.
    start: u64,
}

impl Lines {
    /// A splitter that has seen nothing.
    pub(super) const fn new() -> Self {
        Self { partial: Buffer::new(LINE_LIMIT), after_return: false, start: 0 }
    }

    /// Whether the next byte begins a line, whatever it is.
    pub(super) const fn is_between(&self) -> bool {
        self.partial.is_empty() && !self.after_return
    }

    /// Where the next line begins.
    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    /// Steps over so many bytes, which are whole lines.
    pub(super) const fn skip(&mut self, length: usize) {
        self.start += length as u64;
    }

    /// Gives every line that `bytes` ends to `on_line`, without its end, and
    /// where it began.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        on_line: &mut impl FnMut(&[u8], u64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = bytes.split_at(end);
            let second_half = self.after_return && line.is_empty() && rest.starts_with(b"\n");
            self.after_return = rest.starts_with(b"\r");
            if second_half {
                self.start += 1;
            } else {
                self.complete(line, on_line)?;
            }
            bytes = &rest[1..];
        }
        self.after_return &= bytes.is_empty();
        self.partial.extend(bytes)
    }

    /// Gives a last line without an end to `on_line`, if there is one.
    pub(super) fn finish(
        mut self,
        on_line: &mut impl FnMut(&[u8], u64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if self.partial.is_empty() { Ok(()) } else { self.partial.drain(|line| on_line(line, self.start)) }
    }

    /// The line is copied only if it came in pieces.
    fn complete(
        &mut self,
        tail: &[u8],
        on_line: &mut impl FnMut(&[u8], u64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let at = self.start;
        if self.partial.is_empty() {
            self.partial.check(tail)?;
            self.start += tail.len() as u64 + 1;
            return on_line(tail, at);
        }
        self.partial.extend(tail)?;
        self.start += self.partial.len() as u64 + 1;
        self.partial.drain(|line| on_line(line, at))
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE_LIMIT, Lines};
    use crate::dialect::DecodeError;

    fn split(pieces: &[&str]) -> Vec<String> {
        let (mut lines, mut seen) = (Lines::new(), Vec::new());
        let whole = pieces.concat();
        let mut keep = |line: &[u8], at: u64| {
            let line = String::from_utf8_lossy(line).into_owned();
            assert!(whole[usize::try_from(at).unwrap()..].starts_with(&line), "{line} at {at}");
            seen.push(line);
            Ok(())
        };
        for piece in pieces {
            lines.push(piece.as_bytes(), &mut keep).unwrap();
        }
        lines.finish(&mut keep).unwrap();
        seen
    }

    #[test]
    fn all_three_line_ends_end_one_line() {
        assert_eq!(split(&["a\nb\r\nc\rd\n\ne\r\n\r\nf"]), ["a", "b", "c", "d", "", "e", "", "f"]);
    }

    #[test]
    fn a_line_end_may_be_split_between_pieces() {
        assert_eq!(split(&["a\r", "\nb", "c\r", "d\r", "", "\n", "\n"]), ["a", "bc", "d", ""]);
    }

    #[test]
    fn a_line_beyond_the_limit_is_an_error_whether_it_comes_whole_or_in_pieces() {
        let too_long = Err(DecodeError::LineTooLong { limit: LINE_LIMIT });
        let mut ignore = |_: &[u8], _: u64| Ok(());

        let whole = [vec![b'x'; LINE_LIMIT + 1], vec![b'\n']].concat();
        assert_eq!(Lines::new().push(&whole, &mut ignore), too_long);

        let mut lines = Lines::new();
        assert_eq!(lines.push(&whole[..LINE_LIMIT], &mut ignore), Ok(()));
        assert_eq!(lines.push(b"x", &mut ignore), too_long);
        assert_eq!(lines.push(b"\n", &mut ignore), Ok(()), "a line of exactly the limit is fine");
    }
}
