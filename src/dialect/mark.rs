/// What some servers and proxies put before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Takes away a byte order mark before a body, in whatever pieces it comes.
#[derive(Debug)]
pub(super) struct ByteOrderMark {
    state: State,
}

#[derive(Debug)]
enum State {
    /// So many of its bytes have come, and nothing else.
    Awaited(usize),
    /// There is none, or it has been taken away.
    Over { length: u64 },
}

impl ByteOrderMark {
    /// Nothing has come yet.
    pub(super) const fn new() -> Self {
        Self { state: State::Awaited(0) }
    }

    /// How long the mark was that was taken away.
    pub(super) const fn length(&self) -> u64 {
        match self.state {
            State::Over { length } => length,
            State::Awaited(_) => 0,
        }
    }

    /// What is to be read of the next bytes: what had been held back because it
    /// began like a mark, and what follows.
    pub(super) fn pass<'a>(&mut self, bytes: &'a [u8]) -> (&'static [u8], &'a [u8]) {
        let State::Awaited(come) = self.state else { return (b"", bytes) };
        let awaited = &MARK[come..];
        let alike = awaited.iter().zip(bytes).take_while(|(mark, byte)| mark == byte).count();
        if alike == awaited.len() {
            self.state = State::Over { length: MARK.len() as u64 };
            return (b"", &bytes[alike..]);
        }
        if alike == bytes.len() {
            self.state = State::Awaited(come + alike);
            return (b"", b"");
        }
        self.state = State::Over { length: 0 };
        (&MARK[..come], bytes)
    }

    /// What is still held back when nothing more comes.
    pub(super) fn rest(&mut self) -> &'static [u8] {
        let State::Awaited(come) = self.state else { return b"" };
        self.state = State::Over { length: 0 };
        &MARK[..come]
    }
}

#[cfg(test)]
mod tests {
    use super::ByteOrderMark;

    fn passed(pieces: &[&[u8]]) -> (Vec<u8>, u64) {
        let (mut mark, mut all) = (ByteOrderMark::new(), Vec::new());
        for piece in pieces {
            let (held, rest) = mark.pass(piece);
            all.extend_from_slice(held);
            all.extend_from_slice(rest);
        }
        all.extend_from_slice(mark.rest());
        (all, mark.length())
    }

    #[test]
    fn a_mark_is_taken_away_once_and_only_at_the_start() {
        let marked = b"\xef\xbb\xbfa\xef\xbb\xbf";
        for cut in 0..marked.len() {
            assert_eq!(passed(&[&marked[..cut], &marked[cut..]]), (b"a\xef\xbb\xbf".to_vec(), 3), "{cut}");
        }
    }

    #[test]
    fn what_only_begins_like_a_mark_stays() {
        for body in [&b"\xef\xbba"[..], b"\xef", b"", b"abc"] {
            assert_eq!(passed(&body.chunks(1).collect::<Vec<_>>()), (body.to_vec(), 0));
        }
    }
}
