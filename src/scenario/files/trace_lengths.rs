//! How long the prompts and replies of recorded requests were.

use serde_json::{Map, Value};

/// Columns and keys of prompts' tokens: of Mooncake, `BurstGPT`, Azure's traces
/// and others, in any case and with any of ` `, `_` and `-`.
const PROMPTS: [&str; 7] = [
    "inputlength",
    "requesttokens",
    "contexttokens",
    "inputtokens",
    "prompttokens",
    "promptlength",
    "numprefilltokens",
];
/// The same of replies' tokens.
const REPLIES: [&str; 7] = [
    "outputlength",
    "responsetokens",
    "generatedtokens",
    "outputtokens",
    "completiontokens",
    "responselength",
    "numdecodetokens",
];

/// Tokens of a recorded request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) struct Lengths {
    pub(in crate::scenario) prompt: u32,
    pub(in crate::scenario) reply: u32,
}

/// In small letters, with nothing between words.
pub(in crate::scenario) fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Whether a column of this name says what the file is.
pub(in crate::scenario) fn is_known_column(name: &str) -> bool {
    let name = plain(name);
    let name = name.as_str();
    name == "prompt" || PROMPTS.contains(&name) || REPLIES.contains(&name)
}

/// The lengths that a record tells, if it tells both.
pub(in crate::scenario) fn lengths(fields: &Map<String, Value>) -> Option<Result<Lengths, String>> {
    let find = |names: &[&str]| fields.iter().find(|(name, _)| names.contains(&plain(name).as_str()));
    let (prompt, reply) = (find(&PROMPTS)?, find(&REPLIES)?);
    Some(count(prompt).and_then(|prompt| Ok(Lengths { prompt, reply: count(reply)? })))
}

fn count((name, value): (&String, &Value)) -> Result<u32, String> {
    let wrong = || format!("`{name}` must be a number of tokens, not {}", shown(value));
    let number = match value {
        Value::String(text) => text.trim().parse::<f64>().map_err(|_| wrong())?,
        other => other.as_f64().ok_or_else(wrong)?,
    };
    // Spreadsheets and data frames write whole numbers with a fraction.
    let is_count = number.fract() == 0.0 && (0.0..=1e6).contains(&number);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and within bounds")]
    let count = number as u32;
    if is_count { Ok(count) } else { Err(wrong()) }
}

/// A value as it is shown in a message.
pub(in crate::scenario) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 { text } else { format!("{}…", text.chars().take(40).collect::<String>()) }
}
