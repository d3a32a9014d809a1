//! `OpenAI`'s `/v1/chat/completions` and `/v1/completions`, as vLLM, `SGLang`,
//! llama.cpp and others serve them.
//!
//! One struct reads all four shapes: chunks of a stream (`delta`, `text`) and
//! whole bodies (`message`, `text`).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::bounded_list::BoundedList;
use super::complaint::complaint;
use super::decoder::{Framing, Progress, Protocol};
use super::llama::Timings;
use super::reply_fields::{Fields, Raw, is_stated, length};
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
        return Ok(Progress { whole: json == DONE, ..Progress::default() });
    }
    let chunk: Chunk<'_> = serde_json::from_slice(json)?;
    let mut fields = Fields::new(sink);
    if let Some(stamp) = fields.count(chunk.runexp_sent_ns, "runexp_sent_ns") {
        fields.event(Event::Stamp(stamp));
    }
    let says_something = chunk.choices.is_some() || chunk.usage.is_some() || chunk.timings.is_some();
    let choices = chunk.choices.unwrap_or_default();
    let is_error = chunk.error.is_some_and(is_stated);
    let is_bare = choices.is_empty() && chunk.usage.is_none() && chunk.timings.is_none() && chunk.x_groq.is_none();
    if is_error || is_bare {
        match complaint(json) {
            Some(message) => fields.event(Event::Error { message }),
            None if says_something => {}
            None => fields.event(Event::PassedOver { field: "object" }),
        }
        return Ok(Progress::default());
    }
    let (mut progress, mut counted, mut usage) = (Progress::default(), 0_u32, chunk.usage);
    for choice in choices {
        usage = usage.or(choice.usage);
        counted = counted.saturating_add(choice.read(&mut progress, &mut fields));
    }
    if counted > 0 {
        fields.event(Event::Counted(counted));
    }
    let groq: Option<Groq<'_>> = fields.object(chunk.x_groq, "x_groq");
    usage = usage.or(groq.and_then(|groq| groq.usage));
    if usage.is_some() || chunk.timings.is_some() {
        let counts: Counts<'_> = fields.object(usage, "usage").unwrap_or_default();
        let timings: Timings<'_> = fields.object(chunk.timings, "timings").unwrap_or_default();
        let usage = usage_of(&counts, &timings, &mut fields);
        fields.event(Event::Usage(usage));
    }
    Ok(progress)
}

/// `usage` counts; llama.cpp's `timings` time, and count where there is no
/// `usage`.
fn usage_of(counts: &Counts<'_>, timings: &Timings<'_>, fields: &mut Fields<'_>) -> Usage {
    let details: Option<PromptDetails<'_>> = fields.object(counts.prompt_tokens_details, "prompt_tokens_details");
    let cached = details.and_then(|details| details.cached_tokens).or(counts.prompt_cache_hit_tokens);
    let cached = fields.count(cached, "cached_tokens");
    let spent = counts.completion_tokens_details.or(counts.output_tokens_details);
    let spent: Option<OutputDetails<'_>> = fields.object(spent, "completion_tokens_details");
    let reasoning = spent.and_then(|spent| spent.reasoning_tokens).or(counts.reasoning_tokens);
    let timed = timings.usage(fields);
    Usage {
        prompt_tokens: fields
            .count(counts.prompt_tokens.or(counts.input_tokens), "prompt_tokens")
            .or(timed.prompt_tokens),
        cached_tokens: cached.or(timed.cached_tokens),
        output_tokens: fields
            .count(counts.completion_tokens.or(counts.output_tokens), "completion_tokens")
            .or(timed.output_tokens),
        reasoning_tokens: fields.count(reasoning, "reasoning_tokens"),
        ..timed
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    runexp_sent_ns: Raw<'a>,
    #[serde(borrow)]
    error: Raw<'a>,
    #[serde(borrow)]
    choices: Option<BoundedList<Choice<'a>>>,
    #[serde(borrow)]
    usage: Raw<'a>,
    #[serde(borrow)]
    x_groq: Raw<'a>,
    #[serde(borrow)]
    timings: Raw<'a>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    index: Raw<'a>,
    #[serde(borrow)]
    text: Raw<'a>,
    #[serde(borrow)]
    delta: Option<Message<'a>>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    finish_reason: Raw<'a>,
    #[serde(borrow)]
    logprobs: Raw<'a>,
    #[serde(borrow)]
    token_ids: Raw<'a>,
    /// Some servers count here.
    #[serde(borrow)]
    usage: Raw<'a>,
}

impl Choice<'_> {
    /// Gives its tokens, notes how far it has come, and tells how many tokens
    /// the server counts in it; 0 if it does not say.
    fn read(self, progress: &mut Progress, fields: &mut Fields<'_>) -> u32 {
        let index = fields.count(self.index, "index").unwrap_or(0);
        let ended = fields.reason(self.finish_reason, "finish_reason");
        progress.note(index, ended);
        fields.tokens(self.text, "text", TokenKind::Content);
        progress.stands_alone |= self.delta.is_none() && self.message.is_some();
        if let Some(message) = self.delta.or(self.message) {
            message.tokens(fields);
        }
        let logprobs: Option<LogProbs<'_>> =
            self.logprobs.and_then(|logprobs| serde_json::from_str(logprobs.get()).ok());
        let in_list = |logprobs: LogProbs<'_>| length(logprobs.content).or_else(|| length(logprobs.tokens));
        length(self.token_ids).or_else(|| logprobs.and_then(in_list)).unwrap_or(0)
    }
}

/// Some servers send the same thought under several names, so each is read
/// only where those before it say nothing.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    reasoning_content: Raw<'a>,
    #[serde(borrow)]
    reasoning: Raw<'a>,
    #[serde(borrow)]
    reasoning_details: Raw<'a>,
    #[serde(borrow)]
    thinking: Raw<'a>,
    #[serde(borrow)]
    content: Raw<'a>,
    #[serde(borrow)]
    refusal: Raw<'a>,
    #[serde(borrow)]
    tool_calls: Raw<'a>,
    #[serde(borrow)]
    function_call: Raw<'a>,
}

impl Message<'_> {
    fn tokens(self, fields: &mut Fields<'_>) {
        let thoughts = [self.reasoning_content, self.reasoning, self.reasoning_details, self.thinking];
        let thought = thoughts.into_iter().flatten().find(|raw| is_stated(raw));
        fields.tokens(thought, "reasoning", TokenKind::Reasoning);
        fields.tokens(self.content, "content", TokenKind::Content);
        fields.tokens(self.refusal, "refusal", TokenKind::Content);
        let call: Option<Function<'_>> = fields.object(self.function_call, "function_call");
        if let Some(call) = call {
            call.tokens(fields);
        }
        let Some(calls) = self.tool_calls.filter(|calls| is_stated(calls)) else { return };
        let read = serde_json::from_str::<BoundedList<ToolCall<'_>>>(calls.get())
            .unwrap_or_else(|_| BoundedList::from(fields.object(Some(calls), "tool_calls")));
        for ToolCall { function, custom } in read {
            if let Some(function) = function.or(custom) {
                function.tokens(fields);
            }
        }
    }
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow)]
    function: Option<Function<'a>>,
    #[serde(borrow)]
    custom: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Raw<'a>,
    #[serde(borrow, alias = "input")]
    arguments: Raw<'a>,
}

impl Function<'_> {
    /// What it is called with; or else its name, which is generated too.
    fn tokens(&self, fields: &mut Fields<'_>) {
        match self.arguments.filter(|arguments| is_stated(arguments)) {
            Some(arguments) if arguments.get().starts_with('{') => {
                // Not borrowed: the fast path fits the text of a JSON string, and this is none.
                fields.token(Some(arguments.get().to_owned().into()), TokenKind::ToolCall);
            }
            Some(_) => {
                let arguments = fields.text(self.arguments, "arguments");
                fields.token(arguments, TokenKind::ToolCall);
            }
            None => {
                let name = fields.text(self.name, "name");
                fields.token(name, TokenKind::ToolCall);
            }
        }
    }
}

/// A list of one value for each token, in the chat's form or that of
/// completions.
#[derive(Deserialize)]
struct LogProbs<'a> {
    #[serde(borrow)]
    content: Raw<'a>,
    #[serde(borrow)]
    tokens: Raw<'a>,
}

#[derive(Deserialize)]
struct Groq<'a> {
    #[serde(borrow)]
    usage: Raw<'a>,
}

#[derive(Default, Deserialize)]
struct Counts<'a> {
    #[serde(borrow)]
    prompt_tokens: Raw<'a>,
    #[serde(borrow)]
    input_tokens: Raw<'a>,
    #[serde(borrow)]
    completion_tokens: Raw<'a>,
    #[serde(borrow)]
    output_tokens: Raw<'a>,
    #[serde(borrow)]
    prompt_tokens_details: Raw<'a>,
    /// As `DeepSeek` tells it.
    #[serde(borrow)]
    prompt_cache_hit_tokens: Raw<'a>,
    #[serde(borrow)]
    completion_tokens_details: Raw<'a>,
    #[serde(borrow)]
    output_tokens_details: Raw<'a>,
    /// As some servers tell it, without details around it.
    #[serde(borrow)]
    reasoning_tokens: Raw<'a>,
}

#[derive(Deserialize)]
struct OutputDetails<'a> {
    #[serde(borrow)]
    reasoning_tokens: Raw<'a>,
}

#[derive(Deserialize)]
struct PromptDetails<'a> {
    #[serde(borrow)]
    cached_tokens: Raw<'a>,
}
