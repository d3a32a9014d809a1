use crate::record::Chunks;

/// Beyond this share of the server's count, and two tokens, the tokens that
/// were not seen as events are no accident: chunks hold several.
const SEVERAL_A_CHUNK: u64 = 10;
const ODD_TOKENS: u64 = 2;

/// One chunk that is being read: what arrived together. Every token passes here,
/// so that each adds to a few numbers and nothing more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpenChunk {
    pub(crate) events: u32,
    text_bytes: u32,
    wide_bytes: u32,
    /// Events that had come when the server last counted.
    counted_at: Option<u32>,
}

impl OpenChunk {
    /// Takes one token event.
    #[inline]
    pub(crate) fn token(&mut self, text: &str) {
        self.events += 1;
        self.text_bytes = self.text_bytes.wrapping_add(length(text));
        if !text.is_ascii() {
            self.wide(text);
        }
    }

    #[cold]
    fn wide(&mut self, text: &str) {
        let wide = text.bytes().filter(|byte| !byte.is_ascii()).count();
        self.wide_bytes = self.wide_bytes.saturating_add(u32::try_from(wide).unwrap_or(u32::MAX));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a line of a stream is at most 1 MiB, a body at most 64 MiB")]
const fn length(text: &str) -> u32 {
    text.len() as u32
}

/// One chunk that carried tokens.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    /// To the one before, ns.
    gap: u64,
    events: u32,
    text_bytes: u32,
    /// As the server counts; of those chunks alone that are counted.
    tokens: u32,
}

/// All chunks of a reply with tokens.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    chunks: Vec<Chunk>,
    events: u64,
    wide_bytes: u64,
    /// Tokens that the server has counted so far.
    counted: u64,
    /// Those of the chunks that have been entered.
    entered: u64,
    /// Whether some chunk came without a count, or with one that cannot be.
    is_uncounted: bool,
}

impl Seen {
    /// The server counts so many more tokens, with those just seen.
    pub(crate) const fn count_more(&mut self, chunk: &mut OpenChunk, tokens: u64) {
        self.counted = self.counted.saturating_add(tokens);
        chunk.counted_at = Some(chunk.events);
    }

    /// The server counts so many tokens in all, with those just seen.
    pub(crate) const fn count_to(&mut self, chunk: &mut OpenChunk, tokens: u64) {
        // A count that falls says that it is no running one.
        self.is_uncounted |= tokens < self.entered;
        self.counted = tokens;
        chunk.counted_at = Some(chunk.events);
    }

    /// Enters a chunk, and tells whether it carried tokens.
    pub(crate) fn enter(&mut self, chunk: OpenChunk, gap: u64) -> bool {
        let OpenChunk { events, text_bytes, wide_bytes, counted_at } = chunk;
        if events == 0 {
            return false;
        }
        self.events += u64::from(events);
        self.wide_bytes += u64::from(wide_bytes);
        self.is_uncounted |= counted_at != Some(events);
        let tokens = self.counted.saturating_sub(self.entered);
        self.entered = self.entered.max(self.counted);
        self.chunks.push(Chunk { gap, events, text_bytes, tokens: u32::try_from(tokens).unwrap_or(u32::MAX) });
        true
    }

    /// Token events in all.
    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    /// Tokens in all, where the server counted them with each chunk.
    pub(crate) const fn counted(&self) -> Option<u64> {
        if self.is_uncounted || self.entered == 0 { None } else { Some(self.counted) }
    }

    /// Bytes of characters beyond ASCII.
    pub(crate) const fn wide_bytes(&self) -> u64 {
        self.wide_bytes
    }

    /// As they are recorded, of a reply whose tokens the server counts so; none
    /// if it does not. Tokens that it has hidden came before those that it sent,
    /// and it counts them with the first.
    pub(crate) fn into_chunks(mut self, stated: Option<u64>, hidden: u64) -> Chunks {
        if let Some(first) = self.chunks.first_mut() {
            first.tokens = first.tokens.saturating_sub(u32::try_from(hidden).unwrap_or(u32::MAX));
        }
        let Self { chunks, events, .. } = &self;
        let each = |of: fn(&Chunk) -> u32| chunks.iter().map(of).collect::<Vec<u32>>();
        let all_single = chunks.iter().all(|chunk| chunk.events == 1);
        let alike = chunks.iter().all(|chunk| chunk.tokens == chunk.events);
        let is_counted = stated.is_some() && self.counted().is_some();
        let several =
            stated.is_some_and(|tokens| *events < tokens - tokens / SEVERAL_A_CHUNK && events + ODD_TOKENS < tokens);
        Chunks {
            events: if all_single { Vec::new() } else { each(|chunk| chunk.events) },
            tokens: if is_counted && !alike { each(|chunk| chunk.tokens) } else { Vec::new() },
            text: if several && !is_counted { each(|chunk| chunk.text_bytes) } else { Vec::new() },
            // In the same place, which is no longer needed.
            gaps_ns: self.chunks.into_iter().map(|chunk| chunk.gap).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunks, OpenChunk, Seen};

    /// What the server may say in a chunk.
    enum Said {
        Token(&'static str),
        More(u64),
        To(u64),
    }
    use Said::{More, To, Token};

    fn chunks(chunks: &[&[Said]], stated: Option<u64>) -> (Chunks, Option<u64>) {
        let mut seen = Seen::default();
        for said in chunks {
            let mut chunk = OpenChunk::default();
            for one in *said {
                match one {
                    Token(text) => chunk.token(text),
                    More(tokens) => seen.count_more(&mut chunk, *tokens),
                    To(tokens) => seen.count_to(&mut chunk, *tokens),
                }
            }
            seen.enter(chunk, 1);
        }
        let counted = seen.counted();
        (seen.into_chunks(stated, 0), counted)
    }

    #[test]
    fn tokens_are_counted_where_every_chunk_tells_its_count() {
        let (running, counted) = chunks(&[&[To(0)], &[Token("a b c"), To(3)], &[Token("d"), To(4)]], Some(4));
        assert_eq!((running.tokens, counted), (vec![3, 1], Some(4)));
        let (each, counted) = chunks(&[&[Token("a"), More(2)], &[More(1)], &[Token("b"), More(1)]], Some(4));
        assert_eq!((each.tokens, counted), (vec![2, 2], Some(4)));
    }

    #[test]
    fn a_count_at_the_end_alone_says_nothing_of_the_chunks() {
        let (late, counted) = chunks(&[&[To(0), Token("a")], &[Token("b"), To(2)]], Some(2));
        assert_eq!((late.tokens, late.text, counted), (vec![], vec![], None));
        let (falling, counted) = chunks(&[&[Token("a"), To(5)], &[Token("b"), To(2)]], Some(2));
        assert_eq!((falling.tokens, counted), (vec![], None));
    }

    #[test]
    fn where_chunks_hold_several_tokens_that_nobody_counts_their_text_is_kept() {
        let (several, _) = chunks(&[&[Token("w ")], &[Token("w w w w w w w ")]], Some(8));
        assert_eq!((several.events, several.text), (vec![], vec![2, 14]));
        let (one_more, _) = chunks(&[&[Token("a")], &[Token("b")]], Some(3));
        assert_eq!(one_more.text, Vec::<u32>::new(), "the last token has no text");
    }

    #[test]
    fn one_token_an_event_needs_no_counts() {
        let (plain, counted) = chunks(&[&[Token("a"), To(1)], &[Token("b"), Token("é"), To(3)]], Some(3));
        assert_eq!((plain.events, plain.tokens, counted), (vec![1, 2], vec![], Some(3)));
    }
}
