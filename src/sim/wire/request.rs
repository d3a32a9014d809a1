//! Request bodies, read as leniently as the real servers read them.

use serde_json::{Map, Value};

use super::{CONTEXT_TOKENS, Form};

/// Where a request names no length, or "without end".
const DEFAULT_OUTPUT_TOKENS: u32 = 128;

/// The customary estimate for English; nothing simulated depends on the words.
const CHARACTERS_PER_TOKEN: usize = 4;

/// A request that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Request {
    /// Generate text.
    Generate(Asked),
    /// Ollama's empty prompt: load the model, or unload it.
    Load {
        /// Whether `keep_alive` is 0.
        unload: bool,
    },
}

/// What is to be generated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Asked {
    /// The model by the name the client used.
    pub(in crate::sim) model: Option<String>,
    /// Tokens of the prompt, estimated.
    pub(in crate::sim) prompt_tokens: u32,
    /// Tokens of the reply, exactly.
    pub(in crate::sim) output_tokens: u32,
    /// One by one.
    pub(in crate::sim) stream: bool,
    /// `stream_options.include_usage`.
    pub(in crate::sim) include_usage: bool,
}

/// A request that cannot be answered.
#[derive(Debug, thiserror::Error)]
pub(in crate::sim) enum BadRequest {
    /// The body is not JSON.
    #[error("the request is not valid JSON")]
    Json {
        /// Where and why.
        #[from]
        source: serde_json::Error,
    },
    /// A field is missing.
    #[error("`{field}` is required")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A field holds something else.
    #[error("`{field}` must be {expected}")]
    Type {
        /// Which.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

/// Reads a request of `form`.
pub(in crate::sim) fn parse(form: Form, body: &[u8]) -> Result<Request, BadRequest> {
    let fields: Map<String, Value> = serde_json::from_slice(body)?;
    let prompt_tokens = match form {
        Form::OllamaChat | Form::Chat => messages_tokens(fields.get("messages"))?,
        Form::OllamaGenerate => fields.get("prompt").map_or(Ok(0), prompt_tokens)?,
        Form::Completion | Form::LlamaCompletion => {
            prompt_tokens(fields.get("prompt").ok_or(BadRequest::Missing { field: "prompt" })?)?
        }
    };
    let ollama = matches!(form, Form::OllamaChat | Form::OllamaGenerate);
    if ollama && prompt_tokens == 0 {
        return Ok(Request::Load { unload: fields.get("keep_alive").is_some_and(is_zero) });
    }
    Ok(Request::Generate(Asked {
        model: fields.get("model").and_then(Value::as_str).map(|model| model.chars().take(200).collect()),
        prompt_tokens: prompt_tokens.max(1),
        output_tokens: output_tokens(form, &fields)?,
        stream: flag(fields.get("stream"), "stream")?.unwrap_or(ollama),
        include_usage: include_usage(&fields),
    }))
}

fn include_usage(fields: &Map<String, Value>) -> bool {
    let options = fields.get("stream_options");
    options.and_then(|options| options.get("include_usage")).and_then(Value::as_bool).unwrap_or(false)
}

fn is_zero(value: &Value) -> bool {
    value.as_f64() == Some(0.0) || matches!(value.as_str(), Some("0" | "0s" | "0m"))
}

fn flag(value: Option<&Value>, field: &'static str) -> Result<Option<bool>, BadRequest> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(BadRequest::Type { field, expected: "true or false" }),
    }
}

fn output_tokens(form: Form, fields: &Map<String, Value>) -> Result<u32, BadRequest> {
    let (field, value) = match form {
        Form::OllamaChat | Form::OllamaGenerate => {
            ("num_predict", fields.get("options").and_then(|options| options.get("num_predict")))
        }
        Form::Chat | Form::Completion => {
            ("max_tokens", fields.get("max_completion_tokens").or_else(|| fields.get("max_tokens")))
        }
        Form::LlamaCompletion => ("n_predict", fields.get("n_predict").or_else(|| fields.get("max_tokens"))),
    };
    match value {
        None | Some(Value::Null) => Ok(DEFAULT_OUTPUT_TOKENS),
        Some(value) => {
            let count = value.as_i64().ok_or(BadRequest::Type { field, expected: "a whole number" })?;
            Ok(match u32::try_from(count) {
                Ok(count) => count.clamp(1, CONTEXT_TOKENS),
                Err(_) if count < 0 => DEFAULT_OUTPUT_TOKENS,
                Err(_) => CONTEXT_TOKENS,
            })
        }
    }
}

fn messages_tokens(messages: Option<&Value>) -> Result<u32, BadRequest> {
    let messages = messages.ok_or(BadRequest::Missing { field: "messages" })?;
    let messages = messages.as_array().ok_or(BadRequest::Type { field: "messages", expected: "an array" })?;
    Ok(tokens(messages.iter().map(|message| content_characters(message.get("content"))).sum()))
}

/// The content of a message is a text, or an array of parts with texts.
fn content_characters(content: Option<&Value>) -> usize {
    match content {
        Some(Value::String(text)) => text.chars().count(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
            texts.map(|text| text.chars().count()).sum()
        }
        _ => 0,
    }
}

/// A prompt is a text, an array of token ids, or an array of texts.
fn prompt_tokens(prompt: &Value) -> Result<u32, BadRequest> {
    match prompt {
        Value::String(text) => Ok(tokens(text.chars().count())),
        Value::Array(parts) => {
            let ids = parts.iter().filter(|part| part.is_number()).count();
            let characters = parts.iter().filter_map(Value::as_str).map(|text| text.chars().count()).sum();
            Ok(tokens(characters).saturating_add(u32::try_from(ids).unwrap_or(CONTEXT_TOKENS)).min(CONTEXT_TOKENS))
        }
        _ => Err(BadRequest::Type { field: "prompt", expected: "a text or an array" }),
    }
}

fn tokens(characters: usize) -> u32 {
    u32::try_from(characters.div_ceil(CHARACTERS_PER_TOKEN)).unwrap_or(CONTEXT_TOKENS).min(CONTEXT_TOKENS)
}
