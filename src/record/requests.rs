//! Many requests in little memory.

mod arrivals;
mod pack;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use indexmap::IndexSet;

pub use self::arrivals::Arrivals;
use self::pack::{Unpacked, apply, difference, put, width};
use super::{RequestOutcome, RequestRecord, ServerKey, TokenSource, UsageRecord};
use crate::units::Nanos;

/// The requests of one measurement, packed, in the order they were recorded.
///
/// A measurement may have millions, and every metric looks at all of them. A
/// [`RequestRecord`] of four chunks takes about 650 bytes of memory, and here
/// about 50: times are kept as differences, servers and outcomes once. What
/// comes back is a [`Request`]: the record, but for its cell, which is the
/// same for all, for the words on why its reply failed `expect`, and for what
/// was passed over in it, which is kept for all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    bytes: Vec<u8>,
    servers: IndexSet<ServerKey>,
    outcomes: IndexSet<RequestOutcome>,
    /// What was passed over in them, by the name of the field.
    passed_over: BTreeMap<String, u64>,
    /// When the last one was sent.
    last_sent: u64,
}

/// One of [`Requests`], every field as in its [`RequestRecord`].
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts of a record that are independent of each other")]
#[expect(missing_docs, reason = "what a field means is said at `RequestRecord`")]
pub struct Request<'a> {
    pub server: &'a ServerKey,
    pub client: u32,
    pub sequence: u64,
    pub turn: Option<u32>,
    pub scheduled_ns: Nanos,
    pub started_ns: Nanos,
    pub sent_ns: Nanos,
    pub headers_ns: Option<Nanos>,
    pub first_token_ns: Option<Nanos>,
    pub first_output_token_ns: Option<Nanos>,
    pub last_token_ns: Option<Nanos>,
    pub finished_ns: Nanos,
    pub outcome: &'a RequestOutcome,
    pub asked_tokens: u32,
    pub asked_prompt_tokens: Option<u32>,
    pub prompt_bytes: Option<u32>,
    pub chunks: Arrivals<'a>,
    pub usage: UsageRecord,
    pub not_streamed: bool,
    /// Whether it holds several replies to its prompt.
    pub has_choices: bool,
    pub calls_tool: bool,
    pub wide_bytes: Option<u64>,
    /// Whether the reply failed `expect`.
    pub unexpected: bool,
    pub resent: bool,
    pub stamp_error_ns: Option<(u64, u64)>,
}

impl Requests {
    /// Adds one at the end.
    pub fn push(&mut self, record: &RequestRecord) {
        let sent = record.sent_ns.0;
        let server = position(&mut self.servers, &record.server);
        let outcome = position(&mut self.outcomes, &record.outcome);
        let optional = optional(record);
        let present = (0..).zip(&optional).map(|(bit, value)| u64::from(value.is_some()) << bit).sum::<u64>();
        let flags = flags(record);
        let flags = (OPTIONAL..).zip(flags).map(|(bit, flag)| u64::from(flag) << bit).sum::<u64>();
        let numbers = [
            present | flags,
            difference(sent, self.last_sent),
            difference(record.scheduled_ns.0, sent),
            difference(record.started_ns.0, sent),
            difference(record.finished_ns.0, sent),
            server,
            outcome,
            record.client.into(),
            record.sequence,
            record.asked_tokens.into(),
        ];
        numbers.into_iter().chain(optional.into_iter().flatten()).for_each(|number| put(&mut self.bytes, number));
        self.list(record.chunks.gaps_ns.iter().copied());
        self.list(record.chunks.events.iter().map(|events| u64::from(*events)));
        for sizes in [&record.chunks.tokens, &record.chunks.text] {
            if !sizes.is_empty() {
                self.list(sizes.iter().map(|size| u64::from(*size)));
            }
        }
        for (field, count) in &record.passed_over {
            *self.passed_over.entry(field.clone()).or_default() += u64::from(*count);
        }
        self.last_sent = sent;
    }

    /// Numbers, with how many there are and how many bytes they take before
    /// them, so that a reader can step over them.
    fn list(&mut self, numbers: impl ExactSizeIterator<Item = u64> + Clone) {
        put(&mut self.bytes, numbers.len() as u64);
        put(&mut self.bytes, numbers.clone().map(width).sum());
        numbers.for_each(|number| put(&mut self.bytes, number));
    }

    /// What was passed over in all of them: how often, by the name of the field.
    pub const fn passed_over(&self) -> &BTreeMap<String, u64> {
        &self.passed_over
    }

    /// Each of them, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = Request<'_>> {
        let (mut rest, mut last_sent) = (Unpacked(&self.bytes), 0);
        std::iter::from_fn(move || {
            let request = (!rest.0.is_empty()).then(|| self.unpack(&mut rest, last_sent))??;
            last_sent = request.sent_ns.0;
            Some(request)
        })
    }

    fn unpack<'a>(&'a self, rest: &mut Unpacked<'a>, last_sent: u64) -> Option<Request<'a>> {
        let present = rest.number();
        let flag = |number: u32| present >> (OPTIONAL + number) & 1 == 1;
        let sent = apply(rest.number(), last_sent);
        let [scheduled, started, finished] = std::array::from_fn(|_| Nanos(apply(rest.number(), sent)));
        let server = self.servers.get_index(usize::try_from(rest.number()).ok()?)?;
        let outcome = self.outcomes.get_index(usize::try_from(rest.number()).ok()?)?;
        let (client, sequence, asked_tokens) = (small(rest.number()), rest.number(), small(rest.number()));
        let [
            turn,
            headers,
            first,
            first_output,
            last,
            prompt,
            cached,
            output,
            prefill,
            decode,
            load,
            total,
            rate,
            mean,
            max,
            asked_prompt,
            prompt_bytes,
            wide_bytes,
            hidden,
        ] = std::array::from_fn(|bit| (present >> bit & 1 == 1).then(|| rest.number()));
        let moment = |after: Option<u64>| after.map(|after| Nanos(apply(after, sent)));
        Some(Request {
            server,
            client,
            sequence,
            turn: turn.map(small),
            scheduled_ns: scheduled,
            started_ns: started,
            sent_ns: Nanos(sent),
            headers_ns: moment(headers),
            first_token_ns: moment(first),
            first_output_token_ns: moment(first_output),
            last_token_ns: moment(last),
            finished_ns: finished,
            outcome,
            asked_tokens,
            asked_prompt_tokens: asked_prompt.map(small),
            prompt_bytes: prompt_bytes.map(small),
            chunks: Arrivals::unpack(rest, flag(6), flag(7)),
            usage: usage([prompt, cached, output, hidden, prefill, decode, load, total, rate], flag(2)),
            unexpected: flag(0),
            resent: flag(1),
            not_streamed: flag(3),
            has_choices: flag(4),
            calls_tool: flag(5),
            wide_bytes,
            stamp_error_ns: mean.zip(max),
        })
    }
}

/// What the server said it did, from what [`optional`] has of it.
fn usage(
    [prompt, cached, output, hidden, prefill, decode, load, total, rate]: [Option<u64>; 9],
    counted: bool,
) -> UsageRecord {
    UsageRecord {
        prompt_tokens: prompt,
        cached_tokens: cached,
        output_tokens: output,
        hidden_tokens: hidden,
        source: if counted { TokenSource::Server } else { TokenSource::Events },
        prefill_ns: prefill.map(Nanos),
        decode_ns: decode.map(Nanos),
        load_ns: load.map(Nanos),
        total_ns: total.map(Nanos),
        decode_per_s: rate.map(f64::from_bits),
    }
}

/// What [`optional`] has, one bit each.
const OPTIONAL: u32 = 19;

/// What a record may not have; moments as differences from when it was sent.
fn optional(record: &RequestRecord) -> [Option<u64>; OPTIONAL as usize] {
    let RequestRecord { usage, stamp_error_ns, .. } = record;
    let moment = |at: Option<Nanos>| at.map(|at| difference(at.0, record.sent_ns.0));
    let nanos = |taken: Option<Nanos>| taken.map(|taken| taken.0);
    [
        record.turn.map(u64::from),
        moment(record.headers_ns),
        moment(record.first_token_ns),
        moment(record.first_output_token_ns),
        moment(record.last_token_ns),
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.output_tokens,
        nanos(usage.prefill_ns),
        nanos(usage.decode_ns),
        nanos(usage.load_ns),
        nanos(usage.total_ns),
        usage.decode_per_s.map(f64::to_bits),
        stamp_error_ns.map(|(mean, _)| mean),
        stamp_error_ns.map(|(_, max)| max),
        record.asked_prompt_tokens.map(u64::from),
        record.prompt_bytes.map(u64::from),
        record.wide_bytes,
        usage.hidden_tokens,
    ]
}

/// What is one bit each, after [`OPTIONAL`].
fn flags(record: &RequestRecord) -> [bool; 8] {
    [
        record.unexpected.is_some(),
        record.resent,
        record.usage.source == TokenSource::Server,
        record.not_streamed,
        record.choices.is_some_and(|choices| choices > 1),
        record.calls_tool,
        !record.chunks.tokens.is_empty(),
        !record.chunks.text.is_empty(),
    ]
}

/// Where `value` stands among those that are kept once.
fn position<T: Clone + Eq + std::hash::Hash>(kept: &mut IndexSet<T>, value: &T) -> u64 {
    let at = kept.get_index_of(value).unwrap_or_else(|| kept.insert_full(value.clone()).0);
    at as u64
}

/// A number that was a `u32` when it was packed.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl<'r> FromIterator<&'r RequestRecord> for Requests {
    fn from_iter<I: IntoIterator<Item = &'r RequestRecord>>(records: I) -> Self {
        let mut requests = Self::default();
        records.into_iter().for_each(|record| requests.push(record));
        requests
    }
}
