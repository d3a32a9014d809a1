//! Ollama's `/api/chat` and `/api/generate`: one JSON object a line.
//!
//! All times are in nanoseconds. The server leaves out every field that is
//! zero (Go's `omitempty`).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::decoder::{Framing, Progress, Protocol};
use super::few::Few;
use super::text::{Text, message_of, token};
use super::{Ask, Event, TokenKind, Usage, object};
use crate::units::Nanos;

/// A request body. Ollama cannot be told to ignore the end of a reply. It would
/// cut a prompt that is longer than the context, and say nothing: `truncate`
/// makes an error of that.
pub(super) fn body(ask: &Ask<'_>, prompt: (&str, Value), images: Value) -> Map<String, Value> {
    let options = object([
        ("num_predict", ask.max_tokens.into()),
        ("temperature", ask.temperature.into()),
        ("seed", ask.seed.into()),
    ]);
    object([
        ("model", ask.model.into()),
        prompt,
        ("images", images),
        ("stream", ask.stream.into()),
        ("keep_alive", (-1).into()),
        ("truncate", false.into()),
        ("options", options.into()),
    ])
}

/// How replies are read.
pub(super) const PROTOCOL: Protocol = Protocol { name: "a reply of Ollama", framing: Framing::Lines, read };

fn read(json: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> serde_json::Result<Progress> {
    let line: Line<'_> = serde_json::from_slice(json)?;
    if let Some(stamp) = line.runexp_sent_ns {
        sink(Event::Stamp(stamp));
    }
    if let Some(error) = line.error {
        sink(Event::Error { message: message_of(error) });
        return Ok(Progress::default());
    }
    let usage = line.done.then(|| line.usage());
    let message = line.message.unwrap_or_default();
    token(line.thinking.or(message.thinking), TokenKind::Reasoning, sink);
    token(line.response.or(message.content), TokenKind::Content, sink);
    for call in message.tool_calls.unwrap_or_default().0 {
        // Not borrowed: a stencil fits the text of a JSON string, and this is none.
        let arguments = call.function.arguments.map_or("{}", RawValue::get).to_owned();
        sink(Event::Token { text: arguments.into(), kind: TokenKind::ToolCall });
    }
    if let Some(usage) = usage {
        sink(Event::Usage(usage));
    }
    let finish = line.done_reason.filter(|_| line.done).map(Text::into_string);
    Ok(Progress { finish, whole: line.done })
}

#[derive(Deserialize)]
struct Line<'a> {
    runexp_sent_ns: Option<u64>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(default)]
    done: bool,
    #[serde(borrow)]
    done_reason: Option<Text<'a>>,
    total_duration: Option<u64>,
    load_duration: Option<u64>,
    prompt_eval_count: Option<u64>,
    prompt_eval_cached_count: Option<u64>,
    prompt_eval_duration: Option<u64>,
    eval_count: Option<u64>,
    eval_duration: Option<u64>,
}

impl Line<'_> {
    /// What the last line counts.
    ///
    /// An absent `eval_count` there is a true zero. An absent
    /// `prompt_eval_count` is not: some versions (0.30.0) leave out what came
    /// from the cache, and a prompt is never empty. Absent times are unknown.
    ///
    /// `decode_per_s` = `eval_count` ÷ (`eval_duration` ÷ 10⁹).
    fn usage(&self) -> Usage {
        let output_tokens = self.eval_count.unwrap_or(0);
        Usage {
            prompt_tokens: self.prompt_eval_count,
            cached_tokens: self.prompt_eval_cached_count,
            output_tokens: Some(output_tokens),
            prefill_ns: self.prompt_eval_duration,
            decode_ns: self.eval_duration,
            load_ns: self.load_duration,
            total_ns: self.total_duration,
            decode_per_s: self.eval_duration.and_then(|duration| per_second(output_tokens, duration)),
        }
    }
}

fn per_second(tokens: u64, duration_ns: u64) -> Option<f64> {
    let tokens = f64::from(u32::try_from(tokens).ok()?);
    (tokens > 0.0 && duration_ns > 0).then(|| tokens / Nanos(duration_ns).seconds())
}

#[derive(Default, Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Few<ToolCall<'a>>>,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}
