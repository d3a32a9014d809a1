//! `OpenAI`'s `/v1/chat/completions` and `/v1/completions`, as vLLM, `SGLang`,
//! llama.cpp and others serve them.
//!
//! One struct reads all four shapes: chunks of a stream (`delta`, `text`) and
//! whole bodies (`message`, `text`).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::decoder::{Framing, Progress, Protocol};
use super::few::Few;
use super::llama::Timings;
use super::text::{Text, message_of, token};
use super::{Ask, Event, TokenKind, Usage, object};

/// A request body; `usage` is asked for where it would not come by itself.
pub(super) fn body(ask: &Ask<'_>, prompt: (&str, Value)) -> Map<String, Value> {
    let with_usage = ask.stream.then(|| object([("include_usage", true.into())]));
    object([
        ("model", ask.model.into()),
        prompt,
        ("max_tokens", ask.max_tokens.into()),
        ("temperature", ask.temperature.into()),
        ("seed", ask.seed.into()),
        ("stream", ask.stream.into()),
        ("stream_options", with_usage.into()),
        ("ignore_eos", ask.ignore_eos.then_some(true).into()),
    ])
}

/// How replies are read.
pub(super) const PROTOCOL: Protocol = Protocol { name: "a reply of the OpenAI API", framing: Framing::Events, read };

/// Ends a stream.
const DONE: &[u8] = b"[DONE]";

fn read(json: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> serde_json::Result<Progress> {
    // The mark may be cut off like any object, and then leaves the reply open.
    if DONE.starts_with(json) {
        return Ok(Progress { finish: None, whole: json == DONE });
    }
    let chunk: Chunk<'_> = serde_json::from_slice(json)?;
    if let Some(stamp) = chunk.runexp_sent_ns {
        sink(Event::Stamp(stamp));
    }
    if let Some(error) = chunk.error {
        sink(Event::Error { message: message_of(error) });
        return Ok(Progress::default());
    }
    let mut finish = None;
    for choice in chunk.choices.unwrap_or_default().0 {
        finish = choice.finish_reason.map(Text::into_string).or(finish);
        token(choice.text, TokenKind::Content, sink);
        if let Some(message) = choice.delta.or(choice.message) {
            message.tokens(sink);
        }
    }
    if chunk.usage.is_some() || chunk.timings.is_some() {
        sink(Event::Usage(usage(&chunk.usage.unwrap_or_default(), &chunk.timings.unwrap_or_default())));
    }
    Ok(Progress { finish, whole: false })
}

/// `usage` counts; llama.cpp's `timings` time, and count where there is no
/// `usage`.
fn usage(counts: &Counts, timings: &Timings) -> Usage {
    let cached = counts.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens);
    let timed = timings.usage();
    Usage {
        prompt_tokens: counts.prompt_tokens.or(timed.prompt_tokens),
        cached_tokens: cached.or(timed.cached_tokens),
        output_tokens: counts.completion_tokens.or(timed.output_tokens),
        ..timed
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    runexp_sent_ns: Option<u64>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<Few<Choice<'a>>>,
    usage: Option<Counts>,
    timings: Option<Timings>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    delta: Option<Message<'a>>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

/// Some servers send the same thought under both names, so the second is read
/// only where the first says nothing.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Few<ToolCall<'a>>>,
}

impl Message<'_> {
    fn tokens(self, sink: &mut dyn FnMut(Event<'_>)) {
        let reasoning = self.reasoning_content.filter(|text| !text.as_str().is_empty()).or(self.reasoning);
        token(reasoning, TokenKind::Reasoning, sink);
        token(self.content, TokenKind::Content, sink);
        for call in self.tool_calls.unwrap_or_default().0 {
            token(call.function.and_then(|function| function.arguments), TokenKind::ToolCall, sink);
        }
    }
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}
