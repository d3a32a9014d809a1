use crate::record::Chunks;

/// Beyond this share of the server's count, and two tokens, the tokens that
/// were not seen as events are no accident: chunks hold several.
const SEVERAL_A_CHUNK: u64 = 10;
const ODD_TOKENS: u64 = 2;

/// One chunk: what arrived together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chunk {
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
    /// Whether the server has counted since the last token.
    is_current: bool,
    /// Whether some chunk came without a count, or with one that cannot be.
    is_uncounted: bool,
}

/// Chunks that room is made for at once, at most.
const MOST_ROOM: u32 = 1 << 10;

impl Seen {
    /// With room for a chunk for each token that is asked for.
    pub(crate) fn of(asked_tokens: u32) -> Self {
        Self { chunks: Vec::with_capacity(asked_tokens.min(MOST_ROOM) as usize), ..Self::default() }
    }

    /// Takes one token event of a chunk.
    #[inline]
    pub(crate) fn token(&mut self, chunk: &mut Chunk, text: &str) {
        chunk.events += 1;
        chunk.text_bytes = chunk.text_bytes.saturating_add(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.events += 1;
        self.is_current = false;
        if !text.is_ascii() {
            self.wide_bytes += text.bytes().filter(|byte| !byte.is_ascii()).count() as u64;
        }
    }

    /// The server counts so many more tokens, with those just seen.
    pub(crate) const fn count_more(&mut self, tokens: u64) {
        self.counted = self.counted.saturating_add(tokens);
        self.is_current = true;
    }

    /// The server counts so many tokens in all, with those just seen.
    pub(crate) const fn count_to(&mut self, tokens: u64) {
        // A count that falls says that it is no running one.
        self.is_uncounted |= tokens < self.entered;
        self.counted = tokens;
        self.is_current = true;
    }

    /// Enters a chunk, and tells whether it carried tokens.
    pub(crate) fn enter(&mut self, chunk: Chunk, gap: u64) -> bool {
        if chunk.events == 0 {
            return false;
        }
        self.is_uncounted |= !self.is_current;
        let tokens = self.counted.saturating_sub(self.entered);
        self.entered = self.entered.max(self.counted);
        self.chunks.push(Chunk { gap, tokens: u32::try_from(tokens).unwrap_or(u32::MAX), ..chunk });
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
            gaps_ns: chunks.iter().map(|chunk| chunk.gap).collect(),
            events: if all_single { Vec::new() } else { each(|chunk| chunk.events) },
            tokens: if is_counted && !alike { each(|chunk| chunk.tokens) } else { Vec::new() },
            text: if several && !is_counted { each(|chunk| chunk.text_bytes) } else { Vec::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunk, Chunks, Seen};

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
            let mut chunk = Chunk::default();
            for one in *said {
                match one {
                    Token(text) => seen.token(&mut chunk, text),
                    More(tokens) => seen.count_more(*tokens),
                    To(tokens) => seen.count_to(*tokens),
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
