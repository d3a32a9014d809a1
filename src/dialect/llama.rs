//! llama.cpp's own `/completion`, and the `timings` that its server adds to
//! `OpenAI`'s routes too.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::decoder::{Framing, Progress, Protocol};
use super::text::{Text, message_of, token};
use super::{Ask, Event, TokenKind, Usage, object};
use crate::units::Nanos;

/// A request body for `/completion`.
pub(super) fn body(ask: &Ask<'_>, prompt: (&str, Value)) -> Map<String, Value> {
    object([
        ("model", ask.model.into()),
        prompt,
        ("n_predict", ask.max_tokens.into()),
        ("temperature", ask.temperature.into()),
        ("seed", ask.seed.into()),
        ("stream", ask.stream.into()),
        ("ignore_eos", ask.ignore_eos.then_some(true).into()),
    ])
}

/// The same request, with a prompt that is taken from the cache only where it
/// may be: the server caches by default.
pub(super) fn caching(ask: &Ask<'_>, mut body: Map<String, Value>) -> Map<String, Value> {
    body.insert("cache_prompt".to_owned(), ask.reuse_prefix.into());
    body
}

/// How replies of `/completion` are read.
pub(super) const PROTOCOL: Protocol = Protocol { name: "a reply of llama-server", framing: Framing::Events, read };

fn read(json: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> serde_json::Result<Progress> {
    let chunk: Chunk<'_> = serde_json::from_slice(json)?;
    if let Some(stamp) = chunk.runexp_sent_ns {
        sink(Event::Stamp(stamp));
    }
    if let Some(error) = chunk.error {
        sink(Event::Error { message: message_of(error) });
        return Ok(Progress::default());
    }
    token(chunk.content, TokenKind::Content, sink);
    if let Some(timings) = chunk.timings {
        sink(Event::Usage(timings.usage()));
    }
    let stop_type = chunk.stop_type.filter(|_| chunk.stop);
    Ok(Progress { finish: stop_type.map(|stop_type| finish(stop_type.as_str())), whole: chunk.stop })
}

/// `OpenAI`'s word for why a reply ended.
fn finish(stop_type: &str) -> String {
    match stop_type {
        "eos" | "word" => "stop",
        "limit" => "length",
        other => other,
    }
    .to_owned()
}

#[derive(Deserialize)]
struct Chunk<'a> {
    runexp_sent_ns: Option<u64>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(default)]
    stop: bool,
    #[serde(borrow)]
    stop_type: Option<Text<'a>>,
    timings: Option<Timings>,
}

/// What the server counted and timed. `prompt_n` and `prompt_ms` leave out
/// what came from the cache, and all times leave out waiting for a slot.
#[derive(Default, Deserialize)]
pub(super) struct Timings {
    cache_n: Option<u64>,
    prompt_n: Option<u64>,
    prompt_ms: Option<f64>,
    predicted_n: Option<u64>,
    predicted_ms: Option<f64>,
    predicted_per_second: Option<f64>,
}

impl Timings {
    /// The same as usage.
    ///
    /// `prompt_tokens` = `cache_n` + `prompt_n`. `decode_per_s` is the
    /// server's own `predicted_per_second`, whose definition differs between
    /// versions: (`predicted_n` − 1) ÷ `predicted_ms` in build 11434,
    /// `predicted_n` ÷ `predicted_ms` in older ones. A rate of 0, as for a
    /// single token, is no rate.
    pub(super) fn usage(&self) -> Usage {
        let prompt_tokens = self.cache_n.zip(self.prompt_n).and_then(|(cached, new)| cached.checked_add(new));
        Usage {
            prompt_tokens,
            cached_tokens: self.cache_n,
            output_tokens: self.predicted_n,
            prefill_ns: self.prompt_ms.map(nanos),
            decode_ns: self.predicted_ms.map(nanos),
            load_ns: None,
            total_ns: None,
            decode_per_s: self.predicted_per_second.filter(|rate| *rate > 0.0),
        }
    }
}

fn nanos(milliseconds: f64) -> u64 {
    Nanos::from_seconds(milliseconds / 1e3).0
}
