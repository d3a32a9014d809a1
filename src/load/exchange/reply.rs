use std::collections::BTreeMap;

use super::super::expectation::Expectation;
use super::chunk::{OpenChunk, Seen};
use super::failure::Failure;
use crate::dialect::{Event, EventSink, Shape, TokenKind, Usage, is_whole};
use crate::record::{Chunks, TokenSource, UsageRecord};
use crate::units::Nanos;

/// A reply as it comes in.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) sent: Nanos,
    pub(crate) headers: Option<Nanos>,
    pub(crate) first_token: Option<Nanos>,
    pub(crate) first_output_token: Option<Nanos>,
    pub(crate) last_token: Option<Nanos>,
    pub(crate) text: String,
    pub(crate) resent: bool,
    pub(crate) calls_tool: bool,
    /// Of thoughts that were sent.
    thought_bytes: u64,
    seen: Seen,
    usage: Usage,
    error: Option<String>,
    finish: Option<String>,
    shape: Option<Shape>,
    passed_over: Vec<(&'static str, u32)>,
    stamps: Stamps,
}

/// Differences between our arrival times and a simulated server's send times.
#[derive(Debug, Default)]
struct Stamps {
    count: u64,
    sum: u64,
    worst: u64,
}

impl Reply {
    pub(crate) fn new(sent: Nanos) -> Self {
        Self {
            sent,
            headers: None,
            first_token: None,
            first_output_token: None,
            last_token: None,
            text: String::new(),
            resent: false,
            calls_tool: false,
            thought_bytes: 0,
            seen: Seen::default(),
            usage: Usage::default(),
            error: None,
            finish: None,
            shape: None,
            passed_over: Vec::new(),
            stamps: Stamps::default(),
        }
    }

    /// Opens the notes on one chunk. All its events arrived together.
    pub(crate) fn arrival<'a>(&'a mut self, at: Nanos, expectation: &'a Expectation) -> Arrival<'a> {
        Arrival { reply: self, expectation, at, chunk: OpenChunk::default(), has_output: false }
    }

    /// Notes what kind of reply it was. One that came as one body has no first
    /// token: all of them came when it did.
    pub(crate) fn take(&mut self, shape: Shape) {
        self.shape = Some(shape);
        if !shape.streamed {
            (self.first_token, self.first_output_token) = (None, None);
        }
    }

    /// Why the server stopped, if the reply has ended as its API says.
    pub(crate) fn finish(&mut self) -> Result<String, Failure> {
        match (self.error.take(), self.finish.take()) {
            (Some(message), _) => Err(Failure::Server(message)),
            (None, Some(finish)) => Ok(finish),
            (None, None) => Err(Failure::Unfinished { finish: None }),
        }
    }

    /// The same reason, if the reply is also whole, and holds a token wherever
    /// `asked` for some or the server counted any.
    pub(crate) fn judged(&self, finish: String, asked: u32) -> Result<String, Failure> {
        let counted = self.usage.output_tokens;
        let lacks_tokens = self.seen.events() == 0 && (asked > 0 || counted.is_some_and(|tokens| tokens > 0));
        match (is_whole(&finish), lacks_tokens) {
            (_, true) => Err(Failure::Empty { finish, counted: counted.filter(|tokens| *tokens > 0) }),
            (false, false) => Err(Failure::Unfinished { finish: Some(finish) }),
            (true, false) => Ok(finish),
        }
    }

    /// What the server counted, or else what was seen. Of several replies to
    /// one prompt some servers count only one: then what was seen is more, and
    /// is taken.
    pub(crate) fn usage(&self) -> UsageRecord {
        let seen = self.seen.events();
        let Usage {
            prompt_tokens,
            cached_tokens,
            output_tokens,
            reasoning_tokens: _,
            prefill_ns,
            decode_ns,
            load_ns,
            total_ns,
            decode_per_s,
        } = self.usage.clone();
        let counts_one = |tokens: &u64| self.choices().is_some() && *tokens < seen;
        let stated = output_tokens.or_else(|| self.seen.counted()).filter(|tokens| !counts_one(tokens));
        UsageRecord {
            prompt_tokens,
            cached_tokens,
            output_tokens: stated.or(Some(seen)),
            hidden_tokens: Some(self.hidden(stated)).filter(|tokens| *tokens > 0),
            source: if stated.is_some() { TokenSource::Server } else { TokenSource::Events },
            prefill_ns: prefill_ns.map(Nanos),
            decode_ns: decode_ns.map(Nanos),
            load_ns: load_ns.map(Nanos),
            total_ns: total_ns.map(Nanos),
            decode_per_s,
        }
    }

    /// Tokens of thought that the server counts and keeps to itself, of so many.
    /// One that is sent has a byte at least, and a summary of thoughts has fewer;
    /// where more events came than the answer has tokens, thoughts came under
    /// another name.
    fn hidden(&self, stated: Option<u64>) -> u64 {
        let (Some(all), Some(thought)) = (stated, self.usage.reasoning_tokens) else { return 0 };
        let answer = all.saturating_sub(thought);
        let came = self.thought_bytes >= thought || self.seen.events() > answer + answer / 8 + 2;
        if came { 0 } else { thought.min(all) }
    }

    /// Whether it came as one body.
    pub(crate) fn is_not_streamed(&self) -> bool {
        self.shape.is_some_and(|shape| !shape.streamed)
    }

    /// How many replies it holds, where that is more than one.
    pub(crate) fn choices(&self) -> Option<u32> {
        self.shape.map(|shape| shape.choices).filter(|choices| *choices > 1)
    }

    /// Bytes of characters beyond ASCII, where the server counted more tokens
    /// than were seen.
    pub(crate) fn wide_bytes(&self) -> Option<u64> {
        let has_more = self.usage().visible_tokens().is_some_and(|tokens| tokens > self.seen.events());
        Some(self.seen.wide_bytes()).filter(|bytes| has_more && *bytes > 0)
    }

    /// Mean and worst difference to the simulated server's send times.
    pub(crate) fn stamp_error(&self) -> Option<(u64, u64)> {
        (self.stamps.count > 0).then(|| (self.stamps.sum / self.stamps.count, self.stamps.worst))
    }

    /// What was passed over, by the name of the field.
    pub(crate) fn take_passed_over(&mut self) -> BTreeMap<String, u32> {
        let passed_over = std::mem::take(&mut self.passed_over);
        passed_over.into_iter().map(|(field, count)| (field.to_owned(), count)).collect()
    }

    /// The arrivals, compactly.
    pub(crate) fn take_chunks(&mut self) -> Chunks {
        let usage = self.usage();
        let stated = usage.visible_tokens().filter(|_| usage.source == TokenSource::Server);
        std::mem::take(&mut self.seen).into_chunks(stated, usage.hidden_tokens.unwrap_or(0))
    }
}

/// The notes on one chunk.
pub(crate) struct Arrival<'a> {
    reply: &'a mut Reply,
    expectation: &'a Expectation,
    at: Nanos,
    chunk: OpenChunk,
    /// Whether a token of it is no thought.
    has_output: bool,
}

impl EventSink for Arrival<'_> {
    #[inline]
    fn token(&mut self, text: &str, kind: TokenKind) {
        self.chunk.token(text);
        match kind {
            TokenKind::Content => {
                self.has_output = true;
                self.expectation.keep(&mut self.reply.text, text);
            }
            TokenKind::ToolCall => (self.has_output, self.reply.calls_tool) = (true, true),
            TokenKind::Reasoning => self.reply.thought_bytes += text.len() as u64,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Token { text, kind } => self.token(&text, kind),
            Event::Counted(tokens) => self.reply.seen.count_more(&mut self.chunk, u64::from(tokens)),
            Event::Usage(usage) => {
                if let Some(tokens) = usage.output_tokens {
                    self.reply.seen.count_to(&mut self.chunk, tokens);
                }
                merge(&mut self.reply.usage, &usage);
            }
            Event::PassedOver { field } => self.pass_over(field),
            Event::Error { message } => self.reply.error = Some(message),
            Event::Done { finish } => self.reply.finish = Some(finish),
            Event::Stamp(sent) => {
                let error = self.at.0.saturating_sub(sent);
                self.reply.stamps.count += 1;
                self.reply.stamps.sum += error;
                self.reply.stamps.worst = self.reply.stamps.worst.max(error);
            }
        }
    }
}

impl Arrival<'_> {
    /// Names of fields are few.
    fn pass_over(&mut self, field: &'static str) {
        let passed_over = &mut self.reply.passed_over;
        match passed_over.iter_mut().find(|(known, _)| *known == field) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => passed_over.push((field, 1)),
        }
    }

    /// Enters the chunk, if it carried tokens.
    pub(crate) fn close(self) {
        let Self { reply, at, chunk, has_output, .. } = self;
        let previous = reply.last_token.unwrap_or(reply.sent);
        if reply.seen.enter(chunk, at.since(previous).0) {
            reply.last_token = Some(at);
            reply.first_token.get_or_insert(at);
        }
        if has_output {
            reply.first_output_token.get_or_insert(at);
        }
    }
}

/// A later statement completes an earlier one.
pub(crate) fn merge(known: &mut Usage, later: &Usage) {
    known.prompt_tokens = later.prompt_tokens.or(known.prompt_tokens);
    known.cached_tokens = later.cached_tokens.or(known.cached_tokens);
    known.output_tokens = later.output_tokens.or(known.output_tokens);
    known.reasoning_tokens = later.reasoning_tokens.or(known.reasoning_tokens);
    known.prefill_ns = later.prefill_ns.or(known.prefill_ns);
    known.decode_ns = later.decode_ns.or(known.decode_ns);
    known.load_ns = later.load_ns.or(known.load_ns);
    known.total_ns = later.total_ns.or(known.total_ns);
    known.decode_per_s = later.decode_per_s.or(known.decode_per_s);
}
