//! Ollama's `/api/chat` and `/api/generate`: one JSON object a line.
//!
//! All times are in nanoseconds. The server leaves out every field that is
//! zero (Go's `omitempty`).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::bounded_list::BoundedList;
use super::complaint::complaint;
use super::decoder::{Framing, Progress, Protocol};
use super::reply_fields::{Fields, Raw, is_stated, length};
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
    let mut fields = Fields::new(sink);
    if let Some(stamp) = fields.count(line.runexp_sent_ns, "runexp_sent_ns") {
        fields.event(Event::Stamp(stamp));
    }
    // The message of a reply is an object, that of an error a text.
    let said = line.message.filter(|message| !message.get().starts_with('"'));
    let is_ours = said.is_some() || line.response.is_some() || line.thinking.is_some() || line.done.is_some();
    if line.error.is_some_and(is_stated) || !is_ours {
        let message = complaint(json);
        fields.event(message.map_or(Event::PassedOver { field: "object" }, |message| Event::Error { message }));
        return Ok(Progress::default());
    }
    let whole = line.done.is_some_and(is_stated);
    let message: Message<'_> = fields.object(said, "message").unwrap_or_default();
    fields.tokens(line.thinking.or(message.thinking), "thinking", TokenKind::Reasoning);
    fields.tokens(line.response.or(message.content), "content", TokenKind::Content);
    message.calls(&mut fields);
    if let Some(counted) = length(line.logprobs) {
        fields.event(Event::Counted(counted));
    }
    if whole {
        let usage = line.usage(&mut fields);
        fields.event(Event::Usage(usage));
    }
    // Versions of before 2024 give no reason.
    let reason = whole.then(|| fields.reason(line.done_reason, "done_reason"));
    let finish = reason.map(|reason| reason.unwrap_or_else(|| "unknown".to_owned()));
    Ok(Progress { finish, whole, stands_alone: whole, ..Progress::default() })
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    runexp_sent_ns: Raw<'a>,
    #[serde(borrow)]
    error: Raw<'a>,
    #[serde(borrow)]
    response: Raw<'a>,
    #[serde(borrow)]
    thinking: Raw<'a>,
    #[serde(borrow)]
    message: Raw<'a>,
    #[serde(borrow)]
    logprobs: Raw<'a>,
    #[serde(borrow)]
    done: Raw<'a>,
    #[serde(borrow)]
    done_reason: Raw<'a>,
    #[serde(borrow)]
    total_duration: Raw<'a>,
    #[serde(borrow)]
    load_duration: Raw<'a>,
    #[serde(borrow)]
    prompt_eval_count: Raw<'a>,
    #[serde(borrow)]
    prompt_eval_cached_count: Raw<'a>,
    #[serde(borrow)]
    prompt_eval_duration: Raw<'a>,
    #[serde(borrow)]
    eval_count: Raw<'a>,
    #[serde(borrow)]
    eval_duration: Raw<'a>,
}

impl Line<'_> {
    /// What the last line counts.
    ///
    /// An absent `eval_count` there is a true zero. An absent
    /// `prompt_eval_count` is not: some versions (0.30.0) leave out what came
    /// from the cache, and a prompt is never empty. Absent times are unknown.
    ///
    /// `decode_per_s` = `eval_count` ÷ (`eval_duration` ÷ 10⁹).
    fn usage(&self, fields: &mut Fields<'_>) -> Usage {
        let output_tokens = match self.eval_count {
            None => Some(0),
            stated => fields.count(stated, "eval_count"),
        };
        let decode_ns = fields.count(self.eval_duration, "eval_duration");
        Usage {
            prompt_tokens: fields.count(self.prompt_eval_count, "prompt_eval_count"),
            cached_tokens: fields.count(self.prompt_eval_cached_count, "prompt_eval_cached_count"),
            output_tokens,
            reasoning_tokens: None,
            prefill_ns: fields.count(self.prompt_eval_duration, "prompt_eval_duration"),
            decode_ns,
            load_ns: fields.count(self.load_duration, "load_duration"),
            total_ns: fields.count(self.total_duration, "total_duration"),
            decode_per_s: output_tokens.zip(decode_ns).and_then(|(tokens, duration)| per_second(tokens, duration)),
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
    content: Raw<'a>,
    #[serde(borrow)]
    thinking: Raw<'a>,
    #[serde(borrow)]
    tool_calls: Raw<'a>,
}

impl Message<'_> {
    fn calls(&self, fields: &mut Fields<'_>) {
        let Some(calls) = self.tool_calls.filter(|calls| is_stated(calls)) else { return };
        let Ok(calls) = serde_json::from_str::<BoundedList<ToolCall<'_>>>(calls.get()) else {
            fields.event(Event::PassedOver { field: "tool_calls" });
            return;
        };
        for ToolCall { function } in calls {
            // Not borrowed: the fast path fits the text of a JSON string, and this is none.
            let arguments = function.arguments.map_or("{}", |arguments| arguments.get()).to_owned();
            fields.token(Some(arguments.into()), TokenKind::ToolCall);
        }
    }
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    arguments: Raw<'a>,
}
