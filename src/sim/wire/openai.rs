//! `OpenAI`'s SSE, with llama.cpp's `timings` where the server is one.

use serde_json::{Value, json};

use super::Form;
use super::llama::timings;
use super::reply::{Reply, Timing, sse};
use crate::units::Nanos;

/// On the chat route the role comes first, in the same breath as the first
/// token.
pub(super) fn token(reply: &Reply, index: u32, text: &str, sent: Nanos) -> String {
    match reply.form {
        Form::Chat if index == 0 => {
            let role = json!({ "role": "assistant", "content": null });
            sse(chat_chunk(reply, role, None), sent) + &sse(chat_chunk(reply, json!({ "content": text }), None), sent)
        }
        Form::Chat => sse(chat_chunk(reply, json!({ "content": text }), None), sent),
        _ => sse(text_chunk(reply, text, None), sent),
    }
}

/// Usage has an event of its own if it was asked for. llama.cpp puts it, and
/// its timings, on the last event: without usage on the chat route that is the
/// one with the finish reason, on the text route it always is.
pub(super) fn end(reply: &Reply, timing: Timing, sent: Nanos) -> String {
    let mut events = match reply.form {
        Form::Chat => vec![chat_chunk(reply, json!({}), Some("length"))],
        _ => vec![text_chunk(reply, "", Some("length"))],
    };
    let on_finish = reply.timings && reply.form == Form::Completion;
    if reply.asked.include_usage && !on_finish {
        events.push(envelope(reply, chunk_object(reply), json!([])));
    }
    if let Some(event) = events.last_mut() {
        if reply.asked.include_usage || on_finish {
            event["usage"] = usage(reply);
        }
        if reply.timings {
            event["timings"] = timings(reply, timing);
        }
    }
    let events: String = events.into_iter().map(|event| sse(event, sent)).collect();
    events + "data: [DONE]\n\n"
}

pub(super) fn whole(reply: &Reply, text: &str, timing: Timing) -> Value {
    let mut body = match reply.form {
        Form::Chat => {
            let message = json!({ "role": "assistant", "content": text });
            let choices = json!([{ "index": 0, "message": message, "finish_reason": "length" }]);
            envelope(reply, "chat.completion", choices)
        }
        _ => text_chunk(reply, text, Some("length")),
    };
    body["usage"] = usage(reply);
    if reply.timings {
        body["timings"] = timings(reply, timing);
    }
    body
}

fn chat_chunk(reply: &Reply, delta: Value, finish: Option<&str>) -> Value {
    let mut choice = json!({ "index": 0, "finish_reason": finish });
    choice["delta"] = delta;
    envelope(reply, chunk_object(reply), Value::Array(vec![choice]))
}

fn text_chunk(reply: &Reply, text: &str, finish: Option<&str>) -> Value {
    let choices = json!([{ "index": 0, "text": text, "logprobs": null, "finish_reason": finish }]);
    envelope(reply, chunk_object(reply), choices)
}

fn chunk_object(reply: &Reply) -> &'static str {
    if reply.form == Form::Chat { "chat.completion.chunk" } else { "text_completion" }
}

fn envelope(reply: &Reply, object: &str, choices: Value) -> Value {
    let prefix = if reply.form == Form::Chat || reply.timings { "chatcmpl" } else { "cmpl" };
    let id = format!("{prefix}-{}", reply.number);
    let mut event = json!({ "id": id, "object": object, "created": reply.created_unix, "model": reply.model });
    event["choices"] = choices;
    event
}

fn usage(reply: &Reply) -> Value {
    let (prompt, output) = (reply.asked.prompt_tokens, reply.asked.output_tokens);
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": u64::from(prompt) + u64::from(output),
        "prompt_tokens_details": { "cached_tokens": 0 },
    })
}
