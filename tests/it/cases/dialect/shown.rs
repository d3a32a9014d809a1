//! Events as text.

use std::borrow::Cow;

use runexp::dialect::{DecodeError, Decoder, Dialect, Event, TokenKind, Usage};

/// The events, and how decoding ended; it stops at the first error.
pub(super) fn decode<'a>(
    mut decoder: Decoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Event<'static>>, Result<(), DecodeError>) {
    let mut events = Vec::new();
    let mut sink = |event: Event<'_>| events.push(kept(event));
    let feed = || {
        pieces.into_iter().try_for_each(|piece| decoder.push(piece, &mut sink))?;
        decoder.finish(&mut sink).map(|_| ())
    };
    let ending = feed();
    (events, ending)
}

/// An event that outlives the bytes it was read from.
fn kept(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Token { text, kind } => Event::Token { text: Cow::Owned(text.into_owned()), kind },
        Event::Counted(tokens) => Event::Counted(tokens),
        Event::Usage(usage) => Event::Usage(usage),
        Event::PassedOver { field } => Event::PassedOver { field },
        Event::Error { message } => Event::Error { message },
        Event::Done { finish } => Event::Done { finish },
        Event::Stamp(ns) => Event::Stamp(ns),
    }
}

/// All events of a body, one a line; tokens of one kind share a line.
pub(super) fn events_of(dialect: Dialect, stream: bool, body: &[u8]) -> String {
    let (events, ending) = decode(dialect.decoder(stream), [body]);
    let mut shown: Vec<String> =
        events.chunk_by(|a, b| token_kind(a).is_some() && token_kind(a) == token_kind(b)).map(shown_run).collect();
    shown.extend(ending.err().map(|error| format!("failed: {error}")));
    shown.join("\n")
}

fn token_kind(event: &Event<'_>) -> Option<TokenKind> {
    match event {
        Event::Token { kind, .. } => Some(*kind),
        Event::Counted(_)
        | Event::Usage(_)
        | Event::PassedOver { .. }
        | Event::Error { .. }
        | Event::Done { .. }
        | Event::Stamp(_) => None,
    }
}

fn shown_run(run: &[Event<'_>]) -> String {
    let shown: Vec<String> = run.iter().map(shown_event).collect();
    let kind = token_kind(&run[0]).map_or_else(String::new, |kind| format!("{} {kind:?}: ", run.len()));
    match shown.as_slice() {
        [first, second, .., last] if run.len() > 16 => format!("{kind}{first} {second} … {last}"),
        _ => format!("{kind}{}", shown.join(" ")),
    }
}

fn shown_event(event: &Event<'_>) -> String {
    match event {
        Event::Token { text, .. } => format!("{text:?}"),
        Event::Counted(tokens) => format!("Counted: {tokens}"),
        Event::Usage(usage) => shown_usage(usage),
        Event::PassedOver { field } => format!("Passed over: {field}"),
        Event::Error { message } => format!("Error: {message}"),
        Event::Done { finish } => format!("Done: {finish}"),
        Event::Stamp(ns) => format!("Stamp: {ns}"),
    }
}

fn shown_usage(usage: &Usage) -> String {
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
    } = usage;
    let counts = [
        ("prompt", prompt_tokens),
        ("cached", cached_tokens),
        ("output", output_tokens),
        ("prefill_ns", prefill_ns),
        ("decode_ns", decode_ns),
        ("load_ns", load_ns),
        ("total_ns", total_ns),
    ];
    let counts = counts.iter().filter_map(|(name, count)| count.map(|count| format!(" {name} {count}")));
    let rate = decode_per_s.iter().map(|rate| format!(" decode_per_s {rate:.3}"));
    format!("Usage:{}", counts.chain(rate).collect::<String>())
}
