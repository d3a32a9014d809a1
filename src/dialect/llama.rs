//! llama.cpp's own `/completion`, and the `timings` that its server adds to
//! `OpenAI`'s routes too.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::complaint::complaint;
use super::decoder::{Framing, Progress, Protocol};
use super::reply_fields::{Fields, Raw, is_stated, length};
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
    let mut fields = Fields::new(sink);
    if let Some(stamp) = fields.count(chunk.runexp_sent_ns, "runexp_sent_ns") {
        fields.event(Event::Stamp(stamp));
    }
    let is_ours = chunk.content.is_some() || chunk.stop.is_some() || chunk.timings.is_some();
    if chunk.error.is_some_and(is_stated) || !is_ours {
        let message = complaint(json);
        fields.event(message.map_or(Event::PassedOver { field: "object" }, |message| Event::Error { message }));
        return Ok(Progress::default());
    }
    fields.tokens(chunk.content, "content", TokenKind::Content);
    let whole = chunk.stop.is_some_and(is_stated);
    // The last object of a stream may tell of all tokens once more.
    if fields.has_tokens || !whole {
        let counted = length(chunk.tokens).or_else(|| length(chunk.completion_probabilities));
        if let Some(counted) = counted {
            fields.event(Event::Counted(counted));
        }
    }
    if let Some(timings) = fields.object::<Timings<'_>>(chunk.timings, "timings") {
        let usage = timings.usage(&mut fields);
        fields.event(Event::Usage(usage));
    }
    let finish = if whole { chunk.finish(&mut fields) } else { None };
    Ok(Progress { finish, whole, ..Progress::default() })
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    runexp_sent_ns: Raw<'a>,
    #[serde(borrow)]
    error: Raw<'a>,
    #[serde(borrow)]
    content: Raw<'a>,
    #[serde(borrow)]
    tokens: Raw<'a>,
    #[serde(borrow)]
    completion_probabilities: Raw<'a>,
    #[serde(borrow)]
    stop: Raw<'a>,
    #[serde(borrow)]
    stop_type: Raw<'a>,
    #[serde(borrow)]
    stopped_limit: Raw<'a>,
    #[serde(borrow)]
    timings: Raw<'a>,
}

impl Chunk<'_> {
    /// `OpenAI`'s word for why the reply ended. A `stop_type` of `none` says
    /// that it did not; builds of before 2025 have none, and tell of the limit
    /// alone.
    fn finish(&self, fields: &mut Fields<'_>) -> Option<String> {
        let stated = fields.reason(self.stop_type, "stop_type");
        let word = match stated.as_deref() {
            Some("none") => return None,
            Some("eos" | "word") => "stop",
            Some("limit") => "length",
            Some(other) => other,
            None if self.stopped_limit.is_some_and(is_stated) => "length",
            None => "unknown",
        };
        Some(word.to_owned())
    }
}

/// What the server counted and timed. `prompt_n` and `prompt_ms` leave out
/// what came from the cache, and all times leave out waiting for a slot.
#[derive(Default, Deserialize)]
pub(super) struct Timings<'a> {
    #[serde(borrow)]
    cache_n: Raw<'a>,
    #[serde(borrow)]
    prompt_n: Raw<'a>,
    #[serde(borrow)]
    prompt_ms: Raw<'a>,
    #[serde(borrow)]
    predicted_n: Raw<'a>,
    #[serde(borrow)]
    predicted_ms: Raw<'a>,
    #[serde(borrow)]
    predicted_per_second: Raw<'a>,
}

impl Timings<'_> {
    /// The same as usage.
    ///
    /// `prompt_tokens` = `cache_n` + `prompt_n`. `decode_per_s` is the
    /// server's own `predicted_per_second`, whose definition differs between
    /// versions: (`predicted_n` − 1) ÷ `predicted_ms` in build 11434,
    /// `predicted_n` ÷ `predicted_ms` in older ones. A rate of 0, as for a
    /// single token, is no rate.
    pub(super) fn usage(&self, fields: &mut Fields<'_>) -> Usage {
        let cached_tokens = fields.count(self.cache_n, "cache_n");
        let new = fields.count(self.prompt_n, "prompt_n");
        let rate = fields.number(self.predicted_per_second, "predicted_per_second");
        Usage {
            prompt_tokens: cached_tokens.zip(new).and_then(|(cached, new)| cached.checked_add(new)),
            cached_tokens,
            output_tokens: fields.count(self.predicted_n, "predicted_n"),
            reasoning_tokens: None,
            prefill_ns: fields.number(self.prompt_ms, "prompt_ms").map(nanos),
            decode_ns: fields.number(self.predicted_ms, "predicted_ms").map(nanos),
            load_ns: None,
            total_ns: None,
            decode_per_s: rate.filter(|rate| *rate > 0.0),
        }
    }
}

fn nanos(milliseconds: f64) -> u64 {
    Nanos::from_seconds(milliseconds / 1e3).0
}
