//! Whatever a server sends: no panic, the same events however it is split,
//! and no more memory than is stated.
//!
//! `RUNEXP_FUZZ` is the number of damaged replies of each dialect, and makes
//! the tests tell what became of them:
//! `RUNEXP_FUZZ=1700000 cargo test --release --lib decoder:: -- --nocapture`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::dialect::token_fast_path::TokenFastPath;
use crate::dialect::{DecodeError, Dialect, Event};
use damage::Case;

mod damage;
mod memory_limit;
mod recorded;

const DIALECTS: &[Dialect] = &[
    Dialect::OllamaChat,
    Dialect::OllamaGenerate,
    Dialect::OpenAiChat,
    Dialect::OpenAiCompletions,
    Dialect::LlamaChat,
    Dialect::LlamaCompletion,
];

/// The events of a reply, and how reading it ended.
type Decoded = (Vec<Event<'static>>, Result<(), DecodeError>);

impl Case {
    fn decoded(&self, dialect: Dialect) -> Decoded {
        decode(dialect, self.stream, [self.body.as_slice()], Memory::Kept)
    }

    /// In other pieces.
    fn decoded_in_pieces(&self, dialect: Dialect) -> Decoded {
        let ends = self.cuts.iter().copied().chain([self.body.len()]);
        let starts = [0].into_iter().chain(self.cuts.iter().copied());
        decode(dialect, self.stream, starts.zip(ends).map(|(start, end)| &self.body[start..end]), Memory::Kept)
    }

    /// Every object by the parser alone.
    fn decoded_without_fast_path(&self, dialect: Dialect) -> Decoded {
        let lines = self.body.split_inclusive(|byte| matches!(byte, b'\n' | b'\r'));
        decode(dialect, self.stream, lines, Memory::Lost)
    }

    /// The events of its start, up to the first cut, while the rest is awaited.
    fn events_so_far(&self, dialect: Dialect) -> Vec<Event<'static>> {
        let mut events = Vec::new();
        let start = self.cuts.first().map_or(self.body.as_slice(), |cut| &self.body[..*cut]);
        let _ = dialect.decoder(self.stream).push(start, &mut |event: Event<'_>| events.push(kept(event)));
        events
    }
}

/// Whether the decoder may remember the token before.
#[derive(Clone, Copy, PartialEq)]
enum Memory {
    Kept,
    /// Forgotten before every piece.
    Lost,
}

fn decode<'a>(dialect: Dialect, stream: bool, pieces: impl IntoIterator<Item = &'a [u8]>, memory: Memory) -> Decoded {
    let (mut decoder, mut events) = (dialect.decoder(stream), Vec::new());
    let mut sink = |event: Event<'_>| events.push(kept(event));
    let read = || {
        for piece in pieces {
            decoder.push(piece, &mut sink)?;
            if memory == Memory::Lost {
                decoder.reply.fast_path = TokenFastPath::new();
            }
        }
        decoder.finish(&mut sink).map(|_| ())
    };
    let ending = read();
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

/// Reads damaged replies of a dialect in every way, and compares.
fn fuzz(dialect: Dialect) {
    let asked = asked_count();
    let started = now();
    let mut endings = BTreeMap::<&str, u64>::new();
    for number in 0..asked.unwrap_or(150) {
        let told = Told(number);
        let case = damage::case(dialect, number);
        let whole = case.decoded(dialect);
        assert_eq!(case.decoded_in_pieces(dialect), whole, "split");
        assert_eq!(case.decoded_without_fast_path(dialect), whole, "without the fast_path");
        assert!(whole.0.starts_with(&case.events_so_far(dialect)), "events depend on what follows");
        assert_sound(&whole, case.body.len());
        memory_limit::assert_modest(dialect, &case);
        *endings.entry(ending(&whole)).or_default() += 1;
        drop(told);
    }
    if let Some(count) = asked {
        let elapsed = started.elapsed();
        let pace = u128::from(count) * 1000 / elapsed.as_millis().max(1);
        println!("{dialect:?}: {count} replies in {} s, {pace} a second: {endings:?}", elapsed.as_secs());
    }
}

/// Tells the number of a case that fails.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this is case {}", self.0);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a long run is asked for by hand")]
fn asked_count() -> Option<u64> {
    std::env::var("RUNEXP_FUZZ").ok().map(|count| count.parse().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "tells the pace of a long run")]
fn now() -> Instant {
    Instant::now()
}

/// What holds for every reply of `length` bytes.
fn assert_sound((events, ending): &Decoded, length: usize) {
    let is_end = |event: &Event<'_>| matches!(event, Event::Done { .. } | Event::Error { .. });
    if let Some(end) = events.iter().position(is_end) {
        assert_eq!((end + 1, ending), (events.len(), &Ok(())), "something follows the end");
    }
    let mut text_length = 0;
    for event in events {
        match event {
            Event::Token { text, .. } => {
                assert!(!text.is_empty());
                text_length += text.len();
            }
            Event::Error { message } => assert_shown(message, 300),
            Event::Done { finish } => assert_shown(finish, 80),
            Event::Counted(_) | Event::Usage(_) | Event::PassedOver { .. } | Event::Stamp(_) => {}
        }
    }
    // A byte that is no UTF-8 becomes a character of three.
    assert!(text_length <= 3 * length, "{text_length} bytes of text in a reply of {length}");
    if let Err(DecodeError::Malformed { near, at, .. }) = ending {
        assert_shown(near, 80);
        assert!(*at <= length as u64, "byte {at} of {length}");
    }
}

/// A server's word is short and does nothing to a terminal.
fn assert_shown(word: &str, limit: usize) {
    assert!(word.chars().count() <= limit && !word.contains(char::is_control), "{word:?}");
}

fn ending((events, ending): &Decoded) -> &'static str {
    match (events.last(), ending) {
        (_, Err(DecodeError::Malformed { .. })) => "malformed",
        (_, Err(DecodeError::LineTooLong { .. })) => "too long",
        (_, Err(DecodeError::Html { .. })) => "HTML",
        (Some(Event::Done { .. }), Ok(())) => "done",
        (Some(Event::Error { .. }), Ok(())) => "error",
        (_, Ok(())) => "open",
    }
}

#[test]
fn damaged_replies_of_ollama_chat_do_no_harm() {
    fuzz(Dialect::OllamaChat);
}

#[test]
fn damaged_replies_of_ollama_generate_do_no_harm() {
    fuzz(Dialect::OllamaGenerate);
}

#[test]
fn damaged_replies_of_openai_chat_do_no_harm() {
    fuzz(Dialect::OpenAiChat);
}

#[test]
fn damaged_replies_of_openai_completions_do_no_harm() {
    fuzz(Dialect::OpenAiCompletions);
}

#[test]
fn damaged_replies_of_llama_chat_do_no_harm() {
    fuzz(Dialect::LlamaChat);
}

#[test]
fn damaged_replies_of_llama_completion_do_no_harm() {
    fuzz(Dialect::LlamaCompletion);
}

#[test]
fn what_follows_the_end_is_passed_over_whatever_its_length() {
    let flood = "x".repeat(2 << 20);
    for (dialect, end, events) in [
        (Dialect::OpenAiChat, "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", 1),
        (Dialect::LlamaCompletion, "data: {\"error\":\"busy\"}\n\n", 1),
        (Dialect::OllamaChat, "{\"done\":true}\n", 2),
    ] {
        let together = [end, &flood].concat();
        let whole = decode(dialect, true, [together.as_bytes()], Memory::Kept);
        assert_eq!(whole, decode(dialect, true, [end.as_bytes(), flood.as_bytes()], Memory::Kept));
        assert_eq!((whole.0.len(), whole.1), (events, Ok(())));
    }
}
