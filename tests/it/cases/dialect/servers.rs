//! Every recorded reply of every server: what it is taken for, however it is
//! split.

use std::fmt::Write as _;

use insta::assert_snapshot;
use runexp::dialect::{Dialect, Event};

use super::recorded;
use super::shown::decode;

/// A dialect, whether it was asked for a stream, and its recordings.
type Recordings = (Dialect, bool, Vec<(&'static str, &'static [u8])>);

macro_rules! recordings {
    ($($dialect:ident $stream:literal [$($path:literal),* $(,)?]),* $(,)?) => {
        vec![$((Dialect::$dialect, $stream, vec![$(($path, recorded!($path))),*])),*]
    };
}

fn openai_recordings() -> Vec<Recordings> {
    recordings![
    OpenAiChat true [
        "vllm/chat-stream-usage.txt",
        "vllm/chat-stream-nousage.txt",
        "vllm/chat-stream-continuous-usage.txt",
        "ollama-0.17.4/v1-chat-stream.txt",
        "ollama-0.17.4/v1-chat-stream-nousage.txt",
        "ollama-2026-08-21/v1-chat-stream.txt",
        "ollama-2026-08-21/v1-chat-stream-nousage.txt",
    ],
    OpenAiChat false [
        "vllm/chat-nonstream.txt",
        "ollama-0.17.4/v1-chat-nonstream.txt",
        "ollama-2026-08-21/v1-chat-nonstream.txt",
    ],
    OpenAiCompletions true [
        "vllm/completions-stream-usage.txt",
        "llama-server/v1completions-stream.txt",
        "ollama-0.17.4/v1-completions-stream.txt",
        "ollama-2026-08-21/v1-completions-stream.txt",
    ],
    OpenAiCompletions false [
        "llama-server/v1completions-nonstream.txt",
        "llama-server/v1completions-n2.txt",
    ],
    LlamaChat true [
        "llama-server/chat-stream-usage.txt",
        "llama-server/chat-stream-nousage.txt",
        "llama-server/chat-stream-ignore-eos.txt",
        "llama-server/chat-stream-timings-per-token.txt",
        "llama-server/error-context-overflow-chat-stream.txt",
    ],
    LlamaChat false ["llama-server/chat-nonstream.txt", "llama-server/chat-logprobs.txt"],
    LlamaCompletion true ["llama-server/completion-stream.txt", "llama-server/error-context-overflow.txt"],
    LlamaCompletion false [
        "llama-server/completion-nonstream.txt",
        "llama-server/completion-tokens-prompt.txt",
    ],
    ]
}

fn ollama_recordings() -> Vec<Recordings> {
    recordings![
    OllamaChat true [
        "ollama-0.17.4/chat-stream.txt",
        "ollama-0.17.4/chat-logprobs.txt",
        "ollama-0.17.4/chat-stop-early.txt",
        "ollama-0.17.4/chat-format-json.txt",
        "ollama-0.17.4/preload-chat-empty.txt",
        "ollama-0.17.4/runner-sigkill-midstream.txt",
        "ollama-0.17.4/serve-sigterm-midstream.txt",
        "ollama-0.17.4/error-unknown-model.txt",
        "ollama-2026-08-21/chat-stream.txt",
        "ollama-2026-08-21/chat-logprobs.txt",
        "ollama-2026-08-21/chat-stop-early.txt",
        "ollama-2026-08-21/chat-format-json.txt",
        "ollama-2026-08-21/preload-chat-empty.txt",
        "ollama-2026-08-21/runner-sigkill-midstream.txt",
        "ollama-2026-08-21/serve-sigterm-midstream.txt",
        "ollama-2026-08-21/error-queue-full-503.txt",
    ],
    OllamaChat false ["ollama-0.17.4/chat-nonstream.txt", "ollama-2026-08-21/chat-nonstream.txt"],
    OllamaGenerate true [
        "ollama-0.17.4/generate-stream.txt",
        "ollama-0.17.4/generate-raw.txt",
        "ollama-0.17.4/generate-num-predict-1.txt",
        "ollama-0.17.4/preload-generate-empty.txt",
        "ollama-0.17.4/unload.txt",
        "ollama-2026-08-21/generate-stream.txt",
        "ollama-2026-08-21/generate-raw.txt",
        "ollama-2026-08-21/generate-num-predict-1.txt",
        "ollama-2026-08-21/preload-generate-empty.txt",
        "ollama-2026-08-21/unload.txt",
    ],
    ]
}

fn recordings() -> Vec<Recordings> {
    [openai_recordings(), ollama_recordings()].concat()
}

/// What a reply comes to: token events, what the server counts, how it ends.
fn told(events: &[Event<'_>]) -> String {
    let (mut tokens, mut counted, mut usage, mut end) = (0, None::<u32>, None, "open".to_owned());
    for event in events {
        match event {
            Event::Token { .. } => tokens += 1,
            Event::Counted(more) => counted = Some(counted.unwrap_or(0) + more),
            Event::Usage(stated) => usage = stated.output_tokens.or(usage),
            Event::Done { finish } => end = format!("done: {finish}"),
            Event::Error { message } => end = format!("error: {message}"),
            Event::PassedOver { field } => end = format!("passed over {field}, {end}"),
            Event::Stamp(_) => {}
        }
    }
    let said = |count: Option<String>| count.unwrap_or_else(|| "–".to_owned());
    let (counted, usage) = (said(counted.map(|n| n.to_string())), said(usage.map(|n| n.to_string())));
    format!("{tokens:3} events, {counted:>2} by chunk, {usage:>2} by usage; {end}")
}

#[test]
fn every_recorded_reply_is_taken_for_what_it_is_however_it_is_split() {
    let mut table = String::new();
    for (dialect, stream, recordings) in recordings() {
        for (path, body) in recordings {
            let decoded = decode(dialect.decoder(stream), [body]);
            assert_eq!(decoded.1, Ok(()), "{path}");
            assert_eq!(decode(dialect.decoder(stream), body.chunks(1)), decoded, "{path}, byte by byte");
            // Every place of a short one, every few of a long one.
            for cut in (0..body.len()).step_by(body.len() / 500 + 1) {
                let (start, end) = body.split_at(cut);
                assert_eq!(decode(dialect.decoder(stream), [start, end]), decoded, "{path}, cut at {cut}");
            }
            let _ = writeln!(table, "{path:<55}{}", told(&decoded.0));
        }
    }
    assert_snapshot!(table);
}
