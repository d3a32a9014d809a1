//! llama.cpp's own `/completion`: SSE without `[DONE]`.

use serde_json::{Value, json};

use super::reply::{Reply, Timing, sse};
use crate::units::Nanos;

pub(super) fn token(reply: &Reply, index: u32, text: &str, sent: Nanos) -> String {
    let event = json!({
        "index": 0,
        "content": text,
        "tokens": [index % 6],
        "stop": false,
        "id_slot": -1,
        "tokens_predicted": index + 1,
        "tokens_evaluated": reply.asked.prompt_tokens,
    });
    sse(event, sent)
}

pub(super) fn end(reply: &Reply, timing: Timing, sent: Nanos) -> String {
    sse(last(reply, "", timing), sent)
}

pub(super) fn last(reply: &Reply, text: &str, timing: Timing) -> Value {
    let asked = &reply.asked;
    json!({
        "index": 0,
        "content": text,
        "tokens": [],
        "id_slot": 0,
        "stop": true,
        "model": reply.model,
        "tokens_predicted": asked.output_tokens,
        "tokens_evaluated": asked.prompt_tokens,
        "generation_settings": { "n_predict": asked.output_tokens, "stream": asked.stream },
        "truncated": false,
        "stop_type": "limit",
        "stopping_word": "",
        "timings": timings(reply, timing),
    })
}

/// `predicted_per_second` counts steps, one less than tokens, as the build does.
pub(super) fn timings(reply: &Reply, timing: Timing) -> Value {
    let asked = &reply.asked;
    let (prompt_s, predicted_s) = (timing.prefill.seconds(), timing.decode.seconds());
    let (prompt, predicted) = (f64::from(asked.prompt_tokens), f64::from(asked.output_tokens));
    json!({
        "cache_n": 0,
        "prompt_n": asked.prompt_tokens,
        "prompt_ms": prompt_s * 1e3,
        "prompt_per_token_ms": prompt_s * 1e3 / prompt,
        "prompt_per_second": rate(prompt, prompt_s),
        "predicted_n": asked.output_tokens,
        "predicted_ms": predicted_s * 1e3,
        "predicted_per_token_ms": predicted_s * 1e3 / predicted,
        "predicted_per_second": rate(predicted - 1.0, predicted_s),
    })
}

fn rate(count: f64, seconds: f64) -> f64 {
    if seconds > 0.0 { count / seconds } else { 0.0 }
}
