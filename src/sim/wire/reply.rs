//! Replies: what is common to all forms.

use serde_json::Value;

use super::{Asked, Form, llama, ollama, openai};
use crate::units::Nanos;

/// Tokens of every reply, over and over: triples, so that a reply has a shape
/// that a scenario can expect.
const TEXT: [&str; 6] = ["(sun", ", ", "is a", ", ", "star", ")\n"];

/// Everything fixed about one reply before its first token.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Reply {
    /// Its form.
    pub(in crate::sim) form: Form,
    /// What was asked.
    pub(in crate::sim) asked: Asked,
    /// The model's name.
    pub(in crate::sim) model: String,
    /// Its number on this machine.
    pub(in crate::sim) number: u64,
    /// Wall-clock time of the request, RFC 3339.
    pub(in crate::sim) created: String,
    /// The same in seconds of the Unix epoch.
    pub(in crate::sim) created_unix: i64,
    /// Whether llama.cpp's `timings` are told.
    pub(in crate::sim) timings: bool,
}

/// How long the parts of a reply took on the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Timing {
    /// From the slot to the first token; waiting for a slot does not count.
    pub(in crate::sim) prefill: Nanos,
    /// From the first token to the last.
    pub(in crate::sim) decode: Nanos,
    /// From the arrival, with the wait for a slot, to the last token.
    pub(in crate::sim) total: Nanos,
}

impl Reply {
    /// The bytes of the token at `index`, from 0, of a streamed reply.
    pub(in crate::sim) fn token(&self, index: u32, sent: Nanos) -> String {
        match self.form {
            Form::OllamaChat | Form::OllamaGenerate => ollama::token(self, word(index), sent),
            Form::Chat | Form::Completion => openai::token(self, index, word(index), sent),
            Form::LlamaCompletion => llama::token(self, index, word(index), sent),
        }
    }

    /// The bytes after the last token of a streamed reply.
    pub(in crate::sim) fn end(&self, timing: Timing, sent: Nanos) -> String {
        match self.form {
            Form::OllamaChat | Form::OllamaGenerate => ollama::end(self, timing, sent),
            Form::Chat | Form::Completion => openai::end(self, timing, sent),
            Form::LlamaCompletion => llama::end(self, timing, sent),
        }
    }

    /// The body of a reply in one piece.
    pub(in crate::sim) fn whole(&self, timing: Timing, sent: Nanos) -> String {
        let text: String = (0..self.asked.output_tokens).map(word).collect();
        let value = match self.form {
            Form::OllamaChat | Form::OllamaGenerate => ollama::last(self, &text, timing),
            Form::Chat | Form::Completion => openai::whole(self, &text, timing),
            Form::LlamaCompletion => llama::last(self, &text, timing),
        };
        stamped(value, sent).to_string()
    }

    /// The body of Ollama's reply to an empty prompt.
    pub(in crate::sim) fn loaded(&self, unload: bool) -> String {
        ollama::loaded(self, unload).to_string()
    }

    /// The media type of its streamed form.
    pub(in crate::sim) const fn stream_type(&self) -> &'static str {
        match self.form {
            Form::OllamaChat | Form::OllamaGenerate => "application/x-ndjson",
            Form::Chat | Form::Completion | Form::LlamaCompletion => "text/event-stream",
        }
    }
}

fn word(index: u32) -> &'static str {
    TEXT[index as usize % TEXT.len()]
}

/// Adds the moment at which the event is handed over, in nanoseconds after the
/// run's origin: what the driver's own arrival times are checked against.
pub(super) fn stamped(mut event: Value, sent: Nanos) -> Value {
    if let Value::Object(fields) = &mut event {
        fields.insert("runexp_sent_ns".to_owned(), sent.0.into());
    }
    event
}

/// One server-sent event.
pub(super) fn sse(event: Value, sent: Nanos) -> String {
    format!("data: {}\n\n", stamped(event, sent))
}
