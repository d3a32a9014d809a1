//! The fields of a request's body, and how a request changes them for servers
//! that refuse some or call them otherwise.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Dialect;

/// A field that bodies have beside what is said. Each name stands for the same
/// in every API: `max_tokens` is Ollama's `options.num_predict` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyField {
    /// The model's name.
    Model,
    /// The most tokens of a reply: `n_predict` of llama.cpp's `/completion`,
    /// `options.num_predict` of Ollama.
    MaxTokens,
    /// The sampler's temperature; `options.temperature` of Ollama.
    Temperature,
    /// The sampler's seed; `options.seed` of Ollama.
    Seed,
    /// Whether tokens come one by one.
    Stream,
    /// Asks servers of `OpenAI`'s API to count tokens in a stream.
    StreamOptions,
    /// Go on whatever the model says.
    IgnoreEos,
    /// Tells llama.cpp whether a prompt may come from its cache.
    CachePrompt,
    /// Tells Ollama how long to keep the model loaded.
    KeepAlive,
    /// Tells Ollama not to cut prompts.
    Truncate,
}

impl BodyField {
    /// Every field.
    pub const ALL: [Self; 10] = [
        Self::Model,
        Self::MaxTokens,
        Self::Temperature,
        Self::Seed,
        Self::Stream,
        Self::StreamOptions,
        Self::IgnoreEos,
        Self::CachePrompt,
        Self::KeepAlive,
        Self::Truncate,
    ];

    /// As scenarios name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::MaxTokens => "max_tokens",
            Self::Temperature => "temperature",
            Self::Seed => "seed",
            Self::Stream => "stream",
            Self::StreamOptions => "stream_options",
            Self::IgnoreEos => "ignore_eos",
            Self::CachePrompt => "cache_prompt",
            Self::KeepAlive => "keep_alive",
            Self::Truncate => "truncate",
        }
    }
}

impl fmt::Display for BodyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a request leaves out of its body, and what it calls otherwise.
#[derive(Clone, Copy, Debug)]
pub struct FieldChanges<'a> {
    /// Not sent.
    pub omit: &'a [BodyField],
    /// Sent under another name, at the same place.
    pub rename: &'a BTreeMap<BodyField, String>,
}

static NOTHING_RENAMED: BTreeMap<BodyField, String> = BTreeMap::new();

/// None.
impl Default for FieldChanges<'_> {
    fn default() -> Self {
        Self { omit: &[], rename: &NOTHING_RENAMED }
    }
}

impl FieldChanges<'_> {
    /// The same body with the changes made.
    pub(super) fn applied(self, dialect: Dialect, body: Map<String, Value>) -> Map<String, Value> {
        if self.omit.is_empty() && self.rename.is_empty() {
            return body;
        }
        let in_place = |name, value| match value {
            Value::Object(fields) if name == OPTIONS && dialect.has_options() => {
                let left = self.in_table(dialect, Some(OPTIONS), fields);
                (!left.is_empty()).then(|| (name, Value::Object(left)))
            }
            other => Some((name, other)),
        };
        self.in_table(dialect, None, body).into_iter().filter_map(|(name, value)| in_place(name, value)).collect()
    }

    /// What is left of the fields of one table of the body.
    fn in_table(self, dialect: Dialect, table: Option<&str>, fields: Map<String, Value>) -> Map<String, Value> {
        let field = |name: &str| BodyField::ALL.into_iter().find(|field| dialect.place(*field) == (table, name));
        let changed = |(name, value): (String, Value)| {
            let Some(field) = field(&name) else { return Some((name, value)) };
            let kept = !self.omit.contains(&field);
            kept.then(|| (self.rename.get(&field).cloned().unwrap_or(name), value))
        };
        fields.into_iter().filter_map(changed).collect()
    }
}

/// The table of Ollama's body that holds what the sampler is told.
const OPTIONS: &str = "options";

impl Dialect {
    const fn has_options(self) -> bool {
        matches!(self, Self::OllamaChat | Self::OllamaGenerate)
    }

    /// The table of the body that a field stands in, if it is an inner one, and
    /// its name there.
    pub const fn place(self, field: BodyField) -> (Option<&'static str>, &'static str) {
        match (self, field) {
            (Self::OllamaChat | Self::OllamaGenerate, BodyField::MaxTokens) => (Some(OPTIONS), "num_predict"),
            (Self::OllamaChat | Self::OllamaGenerate, BodyField::Temperature | BodyField::Seed) => {
                (Some(OPTIONS), field.name())
            }
            (Self::LlamaCompletion, BodyField::MaxTokens) => (None, "n_predict"),
            _ => (None, field.name()),
        }
    }

    /// The fields of the body that say something, and those that hold others.
    pub const fn content_fields(self) -> &'static [&'static str] {
        match self {
            Self::OllamaChat => &["messages", OPTIONS],
            Self::OllamaGenerate => &["prompt", "images", OPTIONS],
            Self::OpenAiChat | Self::LlamaChat => &["messages"],
            Self::OpenAiCompletions | Self::LlamaCompletion => &["prompt"],
        }
    }

    /// Whether a server streams that is not told whether to.
    pub const fn streams_by_itself(self) -> bool {
        self.has_options()
    }
}
