use super::super::expectation::Expectation;
use super::failure::Failure;
use crate::dialect::{Event, TokenKind, Usage};
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
    gaps: Vec<u64>,
    events: Vec<u32>,
    usage: Usage,
    error: Option<String>,
    finish: Option<String>,
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
            gaps: Vec::new(),
            events: Vec::new(),
            usage: Usage::default(),
            error: None,
            finish: None,
            stamps: Stamps::default(),
        }
    }

    /// Opens the notes on one chunk. All its events arrived together.
    pub(crate) fn arrival<'a>(&'a mut self, at: Nanos, expectation: &'a Expectation) -> Arrival<'a> {
        Arrival { reply: self, expectation, at, tokens: 0 }
    }

    /// Why the server stopped, if the reply is whole.
    pub(crate) fn finish(&mut self) -> Result<String, Failure> {
        match (self.error.take(), self.finish.take()) {
            (Some(message), _) => Err(Failure::Server(message)),
            (None, Some(finish)) => Ok(finish),
            (None, None) => Err(Failure::Unfinished),
        }
    }

    /// What the server counted, or else what was seen.
    pub(crate) fn usage(&self) -> UsageRecord {
        let seen: u64 = self.events.iter().map(|events| u64::from(*events)).sum();
        let Usage {
            prompt_tokens,
            cached_tokens,
            output_tokens,
            prefill_ns,
            decode_ns,
            load_ns,
            total_ns,
            decode_per_s,
        } = self.usage.clone();
        UsageRecord {
            prompt_tokens,
            cached_tokens,
            output_tokens: output_tokens.or(Some(seen)),
            source: if output_tokens.is_some() { TokenSource::Server } else { TokenSource::Events },
            prefill_ns: prefill_ns.map(Nanos),
            decode_ns: decode_ns.map(Nanos),
            load_ns: load_ns.map(Nanos),
            total_ns: total_ns.map(Nanos),
            decode_per_s,
        }
    }

    /// Mean and worst difference to the simulated server's send times.
    pub(crate) fn stamp_error(&self) -> Option<(u64, u64)> {
        (self.stamps.count > 0).then(|| (self.stamps.sum / self.stamps.count, self.stamps.worst))
    }

    /// The arrivals, compactly.
    pub(crate) fn take_chunks(&mut self) -> Chunks {
        let events = std::mem::take(&mut self.events);
        let all_single = events.iter().all(|events| *events == 1);
        Chunks { gaps_ns: std::mem::take(&mut self.gaps), events: if all_single { Vec::new() } else { events } }
    }
}

/// The notes on one chunk.
pub(crate) struct Arrival<'a> {
    reply: &'a mut Reply,
    expectation: &'a Expectation,
    at: Nanos,
    tokens: u32,
}

impl Arrival<'_> {
    /// Takes one event of the chunk.
    pub(crate) fn note(&mut self, event: Event<'_>) {
        match event {
            Event::Token { text, kind } => {
                self.tokens += 1;
                self.reply.first_token.get_or_insert(self.at);
                if !matches!(kind, TokenKind::Reasoning) {
                    self.reply.first_output_token.get_or_insert(self.at);
                }
                if matches!(kind, TokenKind::Content) {
                    self.expectation.keep(&mut self.reply.text, &text);
                }
            }
            Event::Usage(usage) => merge(&mut self.reply.usage, &usage),
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

    /// Enters the chunk, if it carried tokens.
    pub(crate) fn close(self) {
        if self.tokens > 0 {
            let previous = self.reply.last_token.unwrap_or(self.reply.sent);
            self.reply.gaps.push(self.at.since(previous).0);
            self.reply.events.push(self.tokens);
            self.reply.last_token = Some(self.at);
        }
    }
}

/// A later statement completes an earlier one.
pub(crate) fn merge(known: &mut Usage, later: &Usage) {
    known.prompt_tokens = later.prompt_tokens.or(known.prompt_tokens);
    known.cached_tokens = later.cached_tokens.or(known.cached_tokens);
    known.output_tokens = later.output_tokens.or(known.output_tokens);
    known.prefill_ns = later.prefill_ns.or(known.prefill_ns);
    known.decode_ns = later.decode_ns.or(known.decode_ns);
    known.load_ns = later.load_ns.or(known.load_ns);
    known.total_ns = later.total_ns.or(known.total_ns);
    known.decode_per_s = later.decode_per_s.or(known.decode_per_s);
}
