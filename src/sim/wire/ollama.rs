//! Ollama's NDJSON.

use serde_json::{Value, json};

use super::Form;
use super::reply::{Reply, Timing, stamped};
use crate::units::Nanos;

pub(super) fn token(reply: &Reply, text: &str, sent: Nanos) -> String {
    format!("{}\n", stamped(line(reply, text, false), sent))
}

pub(super) fn end(reply: &Reply, timing: Timing, sent: Nanos) -> String {
    format!("{}\n", stamped(last(reply, "", timing), sent))
}

/// The line with the counts. Ollama leaves out zeros, and so its load time
/// here: a simulated model is loaded when its server starts.
pub(super) fn last(reply: &Reply, text: &str, timing: Timing) -> Value {
    let mut event = line(reply, text, true);
    event["done_reason"] = "length".into();
    let counts = [
        ("total_duration", timing.total.0),
        ("prompt_eval_count", reply.asked.prompt_tokens.into()),
        ("prompt_eval_duration", timing.prefill.0),
        ("eval_count", reply.asked.output_tokens.into()),
        ("eval_duration", timing.decode.0),
    ];
    for (name, value) in counts.into_iter().filter(|(_, value)| *value > 0) {
        event[name] = value.into();
    }
    event
}

pub(super) fn loaded(reply: &Reply, unload: bool) -> Value {
    let mut event = line(reply, "", true);
    event["done_reason"] = if unload { "unload" } else { "load" }.into();
    event
}

fn line(reply: &Reply, text: &str, done: bool) -> Value {
    if reply.form == Form::OllamaChat {
        let message = json!({ "role": "assistant", "content": text });
        json!({ "model": reply.model, "created_at": reply.created, "message": message, "done": done })
    } else {
        json!({ "model": reply.model, "created_at": reply.created, "response": text, "done": done })
    }
}
