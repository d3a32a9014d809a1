//! Whatever pieces and bytes arrive: the same events, no panic, no hoarding.

use proptest::prelude::*;
use proptest::sample::Index;
use runexp::dialect::{DecodeError, Dialect, Event};

use super::recorded;
use super::shown::decode;

/// A dialect, whether it streams, and a body in it.
type Reply = (Dialect, bool, &'static [u8]);

fn replies() -> Vec<Reply> {
    vec![
        (Dialect::OllamaChat, true, recorded!("ollama/chat-stream.txt")),
        (Dialect::OllamaChat, true, recorded!("ollama/chat-stream-tool.txt")),
        (Dialect::OllamaChat, true, recorded!("ollama/error-midstream.txt")),
        (Dialect::OllamaGenerate, true, recorded!("ollama/generate-stream.txt")),
        (Dialect::OllamaGenerate, false, recorded!("ollama/generate-nonstream.txt")),
        (Dialect::OpenAiChat, true, recorded!("vllm/chat-stream-usage.txt")),
        (Dialect::OpenAiChat, true, recorded!("vllm/chat-stream-continuous-usage.txt")),
        (Dialect::OpenAiChat, false, recorded!("vllm/chat-nonstream.txt")),
        (Dialect::OpenAiCompletions, true, recorded!("vllm/completions-stream-usage.txt")),
        (Dialect::OpenAiCompletions, true, recorded!("llama-server/v1completions-stream.txt")),
        (Dialect::OpenAiCompletions, false, recorded!("llama-server/v1completions-nonstream.txt")),
        (Dialect::LlamaChat, true, recorded!("llama-server/chat-stream-usage.txt")),
        (Dialect::LlamaChat, true, recorded!("llama-server/chat-stream-nousage.txt")),
        (Dialect::LlamaChat, true, recorded!("llama-server/chat-stream-ignore-eos.txt")),
        (Dialect::LlamaChat, true, recorded!("llama-server/chat-stream-timings-per-token.txt")),
        (Dialect::LlamaChat, true, recorded!("llama-server/server-sigkill-midstream.txt")),
        (Dialect::LlamaChat, false, recorded!("llama-server/chat-nonstream.txt")),
        (Dialect::LlamaCompletion, true, recorded!("llama-server/completion-stream.txt")),
        (Dialect::LlamaCompletion, false, recorded!("llama-server/completion-nonstream.txt")),
    ]
}

/// Cuts `body` at every index.
fn pieces<'a>(body: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
    cuts.sort_unstable();
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([body.len()]);
    starts.zip(ends).map(|(start, end)| &body[start..end]).collect()
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..12)
}

/// Random bytes, but rich in what the protocols are made of.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let words = "\n|\r|data:|data: |: ping|[DONE]|{|}|[|]|\"|\\|:|,|null|1e400|🦀|\"choices\":|\"delta\":|\"content\":|\
                 \"error\":|\"done\":true|\"stop\":true|\"timings\":{\"prompt_ms\":-1e308}";
    let words: Vec<&str> = words.split('|').collect();
    let word = prop_oneof![
        prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..4)
    ];
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

#[test]
fn byte_by_byte_gives_the_same_events() {
    for (dialect, stream, body) in replies() {
        let whole = decode(dialect.decoder(stream), [body]);
        assert_eq!(decode(dialect.decoder(stream), body.chunks(1)), whole);
        assert_eq!(whole.1, Ok(()));
    }
}

#[test]
fn what_is_remembered_of_a_stream_changes_no_token() {
    let tokens = |dialect: Dialect, bytes| {
        let (events, _) = decode(dialect.decoder(true), [bytes]);
        events.into_iter().filter(|event| matches!(event, Event::Token { .. }))
    };
    for (dialect, _, body) in replies().into_iter().filter(|(_, stream, _)| *stream) {
        let together: Vec<_> = tokens(dialect, body).collect();
        let lines = body.split_inclusive(|byte| *byte == b'\n');
        assert_eq!(lines.flat_map(|line| tokens(dialect, line)).collect::<Vec<_>>(), together);
    }
}

#[test]
fn line_ends_of_any_kind_give_the_same_events() {
    for (dialect, stream, body) in replies() {
        let whole = decode(dialect.decoder(stream), [body]);
        let text = std::str::from_utf8(body).unwrap();
        for end in ["\r\n", "\r"] {
            let other = text.replace('\n', end);
            assert_eq!(decode(dialect.decoder(stream), other.as_bytes().chunks(7)), whole);
        }
    }
}

#[test]
fn an_endless_line_is_refused_before_it_fills_the_memory() {
    let mebibyte = vec![b'x'; 1 << 20];
    let refused_after = |dialect: Dialect, stream: bool, start: &[u8]| {
        let mut decoder = dialect.decoder(stream);
        decoder.push(start, &mut |_: Event<'_>| ()).unwrap();
        let refusal =
            (0..100).find_map(|pushed| Some((pushed, decoder.push(&mebibyte, &mut |_: Event<'_>| ()).err()?)));
        refusal.unwrap()
    };
    let line = DecodeError::LineTooLong { limit: 1 << 20 };
    assert_eq!(refused_after(Dialect::OllamaChat, true, b"{"), (0, line.clone()));
    assert_eq!(refused_after(Dialect::OpenAiChat, true, b"data: "), (0, line.clone()));
    assert_eq!(refused_after(Dialect::LlamaCompletion, true, b""), (1, line));
    let body = DecodeError::LineTooLong { limit: 64 << 20 };
    assert_eq!(refused_after(Dialect::OpenAiChat, false, b""), (64, body));
}

#[test]
fn an_event_of_endless_lines_is_refused_too() {
    let mut decoder = Dialect::OpenAiChat.decoder(true);
    let lines = "data: x\n".repeat(1 << 20);
    let refused = decoder.push(lines.as_bytes(), &mut |_: Event<'_>| ());
    assert_eq!(refused, Err(DecodeError::LineTooLong { limit: 1 << 20 }));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_events((dialect, stream, body) in prop::sample::select(replies()), cuts in cuts()) {
        let whole = decode(dialect.decoder(stream), [body]);
        prop_assert_eq!(decode(dialect.decoder(stream), pieces(body, &cuts)), whole);
    }

    #[test]
    fn any_split_of_a_damaged_reply_gives_the_same_events_and_the_same_error(
        (dialect, stream, body) in prop::sample::select(replies()),
        damage in prop::collection::vec(any::<(Index, u8)>(), 1..6),
        cuts in cuts(),
    ) {
        let mut body = body.to_vec();
        for (place, byte) in damage {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let whole = decode(dialect.decoder(stream), [body.as_slice()]);
        prop_assert_eq!(decode(dialect.decoder(stream), pieces(&body, &cuts)), whole);
    }

    #[test]
    fn garbage_never_panics_and_splits_alike(
        (dialect, stream, _) in prop::sample::select(replies()),
        garbage in garbage(),
        cuts in cuts(),
    ) {
        let whole = decode(dialect.decoder(stream), [garbage.as_slice()]);
        prop_assert_eq!(decode(dialect.decoder(stream), pieces(&garbage, &cuts)), whole);
    }
}
