use super::Unpacked;
use crate::units::Nanos;

/// The [`Chunks`](crate::record::Chunks) of one of [`Requests`](super::Requests).
#[derive(Clone, Copy, Debug)]
pub struct Arrivals<'a> {
    gaps: List<'a>,
    /// Empty if every chunk had one token event.
    events: List<'a>,
    tokens: Option<List<'a>>,
    text: Option<List<'a>>,
}

impl<'a> Arrivals<'a> {
    /// The tokens and the text of chunks are there only if a flag says so.
    pub(super) fn unpack(rest: &mut Unpacked<'a>, are_counted: bool, are_guessed: bool) -> Self {
        Self {
            gaps: List::unpack(rest),
            events: List::unpack(rest),
            tokens: are_counted.then(|| List::unpack(rest)),
            text: are_guessed.then(|| List::unpack(rest)),
        }
    }

    /// How many chunks.
    pub const fn count(&self) -> u64 {
        self.gaps.count
    }

    /// Token events in all.
    pub fn total_events(&self) -> u64 {
        if self.events.count == 0 { self.gaps.count } else { self.events.numbers().sum() }
    }

    /// Whether the server told how many tokens came with each chunk.
    pub const fn are_counted(&self) -> bool {
        self.tokens.is_some()
    }

    /// Whether the server counted clearly more tokens than there were events,
    /// and did not tell which came when.
    pub const fn are_guessed(&self) -> bool {
        self.tokens.is_none() && self.text.is_some()
    }

    /// The tokens that the server counted in all chunks, where it did.
    pub fn total_tokens(&self) -> Option<u64> {
        Some(self.tokens?.numbers().fold(0, u64::saturating_add))
    }

    /// How the reply's tokens lie over its chunks, in no unit: by the server's
    /// counts, or else by the text, or else by the events.
    pub fn weights(&self) -> impl Iterator<Item = u64> + use<'a> {
        let stated = |list: Option<List<'a>>| list.filter(|list| list.count == self.gaps.count && list.any());
        let list = stated(self.tokens).or_else(|| stated(self.text)).unwrap_or(self.events);
        list.numbers().chain(std::iter::repeat(1)).take(usize::try_from(self.gaps.count).unwrap_or(usize::MAX))
    }

    /// The gap to the chunk before, and the token events that shared the
    /// chunk. The first gap is the one to `sent_ns`.
    pub fn iter(&self) -> impl Iterator<Item = (Nanos, u64)> + use<'a> {
        let events = self.events.numbers().chain(std::iter::repeat(1));
        self.gaps.numbers().map(Nanos).zip(events)
    }
}

/// Numbers, one after the other.
#[derive(Clone, Copy, Debug)]
struct List<'a> {
    count: u64,
    bytes: Unpacked<'a>,
}

impl<'a> List<'a> {
    fn unpack(rest: &mut Unpacked<'a>) -> Self {
        let (count, length) = (rest.number(), rest.number());
        Self { count, bytes: rest.part(length) }
    }

    fn any(self) -> bool {
        self.numbers().any(|number| number > 0)
    }

    fn numbers(self) -> impl Iterator<Item = u64> + use<'a> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || (!rest.0.is_empty()).then(|| rest.number()))
    }
}
