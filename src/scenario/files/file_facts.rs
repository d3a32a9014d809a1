//! What a file of prompts or arrivals was taken for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::records::{Layout, Record};
use super::trace_lengths::plain;

/// What a file was taken for, and what was left out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// By its content.
    pub format: FileFormat,
    /// Records that are not used, by reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// Whether its records say how long prompts and replies were.
    #[serde(default)]
    pub has_lengths: bool,
    /// Whether its records say which prompts begin alike, which is not replayed.
    #[serde(default)]
    pub shares_prefixes: bool,
}

/// How many records are not used for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Why.
    pub reason: Skip,
    /// How many.
    pub count: usize,
}

/// Formats of files of prompts or arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// A prompt a line.
    Text,
    /// A JSON value a line.
    JsonLines,
    /// One JSON list.
    JsonArray,
    /// JSON values over several lines each.
    Json,
    /// Rows under a heading, or times alone.
    Csv,
    /// Conversations of humans and models.
    ShareGpt,
    /// `timestamp`, `input_length`, `output_length`, `hash_ids`.
    Mooncake,
    /// `Timestamp`, `Request tokens`, `Response tokens`.
    BurstGpt,
    /// `TIMESTAMP`, `ContextTokens`, `GeneratedTokens`.
    Azure,
}

impl FileFormat {
    /// What records of this layout are known as, by the keys of the first.
    pub(in crate::scenario) fn of(layout: Layout, first: Option<&Record>) -> Self {
        let fields = first.and_then(|record| record.value.as_object());
        let has = |name: &str| fields.is_some_and(|fields| fields.keys().any(|key| plain(key) == name));
        match layout {
            _ if has("hashids") || has("inputlength") && has("outputlength") => Self::Mooncake,
            Layout::Csv if has("requesttokens") && has("responsetokens") => Self::BurstGpt,
            Layout::Csv if has("contexttokens") && has("generatedtokens") => Self::Azure,
            Layout::Csv => Self::Csv,
            Layout::Text => Self::Text,
            Layout::JsonLines => Self::JsonLines,
            Layout::JsonArray => Self::JsonArray,
            Layout::JsonValues => Self::Json,
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::JsonLines => "JSON lines",
            Self::JsonArray => "a JSON list",
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::ShareGpt => "ShareGPT",
            Self::Mooncake => "Mooncake",
            Self::BurstGpt => "BurstGPT",
            Self::Azure => "Azure LLM trace",
        })
    }
}

/// Why a record is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// A conversation of nobody.
    NoTurns,
    /// A conversation that a model begins.
    NoHumanTurn,
    /// A human who says nothing.
    EmptyTurn,
    /// Results of tools that no server would call alike.
    ToolTurn,
    /// A system's message after the first turn.
    LateSystem,
    /// A recorded request of no tokens, or without a reply.
    NoTokens,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTurns => "has no turns",
            Self::NoHumanTurn => "begins with no human turn",
            Self::EmptyTurn => "has an empty human turn",
            Self::ToolTurn => "has a turn of a tool",
            Self::LateSystem => "has a system message amid it",
            Self::NoTokens => "has no tokens of prompt or reply",
        })
    }
}

impl FileFacts {
    pub(in crate::scenario) const fn new(format: FileFormat) -> Self {
        Self { format, skipped: Vec::new(), has_lengths: false, shares_prefixes: false }
    }

    /// Counts a record that is not used.
    pub(in crate::scenario) fn skip(&mut self, reason: Skip) {
        match self.skipped.iter_mut().find(|skipped| skipped.reason == reason) {
            Some(skipped) => skipped.count += 1,
            None => self.skipped.push(Skipped { reason, count: 1 }),
        }
    }
}

/// `; 1 skipped: begins with no human turn`, or nothing.
impl fmt::Display for FileFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Skipped { reason, count } in &self.skipped {
            write!(f, "; {count} skipped: {reason}")?;
        }
        if self.shares_prefixes { f.write_str("; shared prefixes are not replayed") } else { Ok(()) }
    }
}
