//! What is asked of a model: the lines of a prompt file, and what they say.

use std::collections::BTreeMap;

use minijinja::value::{Serde, Value as Computed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::messages;
use super::prompt_error::PromptError;
use crate::dialect::{Content, Dialect, Refused};
use crate::format::template;

/// The most tokens that a line may ask for.
const MOST_TOKENS: u64 = 1_000_000;

/// One line of a prompt file, or one element of its list: a JSON object, or a
/// plain text, which is its `prompt`.
///
/// Its keys: one of `prompt` (a text), `messages` (`OpenAI`'s list of objects of
/// `role` and `content`), `turns` (a list of texts, said one after the other in
/// one conversation) and `prompt_tokens` (how long a prompt without meaning is);
/// `images` (a list in base64, beside `prompt`); `system` (what the system says
/// before `turns`); `max_tokens` (in place of the request's); any others, for
/// templates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct PromptLine(Map<String, Value>);

/// What one request says, or one conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// What is said.
    pub said: Said,
    /// The most tokens that a reply may have, where the line says so itself.
    pub max_tokens: Option<u32>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A text.
    Text {
        /// The text.
        text: String,
        /// Images, in base64.
        images: Vec<String>,
    },
    /// Messages in `OpenAI`'s form, sent in one request.
    Messages(Vec<Value>),
    /// What one person says in a conversation; each text is a request, and
    /// what was said before goes with it.
    Turns {
        /// What the system says first.
        system: Option<String>,
        /// What the person says, in order.
        texts: Vec<String>,
    },
    /// Words without meaning, as many as a server counts as so many tokens
    /// together with what stands around them.
    Synthetic {
        /// The tokens.
        tokens: u32,
    },
}

impl TryFrom<Value> for PromptLine {
    type Error = PromptError;

    fn try_from(line: Value) -> Result<Self, PromptError> {
        match line {
            Value::String(text) => Ok(Self::from(text)),
            Value::Object(fields) => {
                let line = Self(fields);
                match line.prompt() {
                    // A template may make something of its other keys.
                    Ok(_) | Err(PromptError::Nothing | PromptError::Empty { key: "prompt" }) => Ok(line),
                    Err(error) => Err(error),
                }
            }
            _ => Err(PromptError::NotObject),
        }
    }
}

impl From<String> for PromptLine {
    fn from(text: String) -> Self {
        Self(Map::from_iter([("prompt".to_owned(), Value::String(text))]))
    }
}

/// As short as it can be read again.
impl From<PromptLine> for Value {
    fn from(PromptLine(mut fields): PromptLine) -> Self {
        let is_short = fields.len() == 1;
        match fields.get_mut("prompt") {
            Some(Self::String(text)) if is_short => Self::String(std::mem::take(text)),
            _ => Self::Object(fields),
        }
    }
}

impl PromptLine {
    /// What the line itself says.
    ///
    /// # Errors
    /// When it says nothing, or not how a line does.
    pub fn prompt(&self) -> Result<Prompt, PromptError> {
        let said = match self.way()?.ok_or(PromptError::Nothing)? {
            ("prompt", text) => {
                let (text, images) = (self::text(text)?, self.images()?);
                says_something(&text, &images)?;
                Said::Text { text, images }
            }
            ("turns", turns) => {
                let texts = texts("turns", turns, "a list of texts, one at least")?;
                if texts.iter().any(|text| text.trim().is_empty()) {
                    return Err(PromptError::Empty { key: "turns" });
                }
                Said::Turns { system: self.system()?, texts }
            }
            ("prompt_tokens", count) => Said::Synthetic { tokens: tokens("prompt_tokens", count)? },
            (_, messages) => Said::Messages(messages::messages(messages)?),
        };
        Ok(Prompt { said, max_tokens: self.max_tokens()? })
    }

    /// The one key that says something, and its value.
    fn way(&self) -> Result<Option<(&'static str, &Value)>, PromptError> {
        let mut ways = ["prompt", "messages", "turns", "prompt_tokens"]
            .into_iter()
            .filter_map(|key| Some((key, self.0.get(key)?)));
        match (ways.next(), ways.next()) {
            (Some((first, _)), Some((second, _))) => Err(PromptError::Several { first, second }),
            (Some((first, _)), None) if first != "prompt" && self.0.contains_key("images") => {
                Err(PromptError::Several { first, second: "images" })
            }
            (way, _) => Ok(way),
        }
    }

    fn images(&self) -> Result<Vec<String>, PromptError> {
        let expected = "a list of images in base64";
        let images = self.0.get("images").map_or(Ok(Vec::new()), |images| texts("images", images, expected))?;
        let is_base64 = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=');
        let all_base64 = images.iter().all(|image| image.bytes().all(is_base64));
        if all_base64 { Ok(images) } else { Err(PromptError::Key { key: "images", expected }) }
    }

    fn max_tokens(&self) -> Result<Option<u32>, PromptError> {
        self.0.get("max_tokens").map(|count| tokens("max_tokens", count)).transpose()
    }

    fn system(&self) -> Result<Option<String>, PromptError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let wrong = PromptError::Key { key: "system", expected: "a text" };
        self.0.get("system").map(|value| text(value).ok_or(wrong)).transpose()
    }

    /// Its keys, in order.
    pub(in crate::scenario) fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// How much text it holds, in bytes of UTF-8.
    pub fn text_bytes(&self) -> usize {
        self.0.values().map(text_bytes).sum()
    }
}

fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(fields) => fields.values().map(text_bytes).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn tokens(key: &'static str, count: &Value) -> Result<u32, PromptError> {
    let count = count.as_u64().filter(|count| (1..=MOST_TOKENS).contains(count));
    let count = count.and_then(|count| u32::try_from(count).ok());
    count.ok_or(PromptError::Key { key, expected: "a whole number from 1 to 1000000" })
}

fn text(value: &Value) -> Result<String, PromptError> {
    value.as_str().map(str::to_owned).ok_or(PromptError::Key { key: "prompt", expected: "a text" })
}

/// Beside an image nothing need be said; alone, nothing is no question.
fn says_something(text: &str, images: &[String]) -> Result<(), PromptError> {
    if text.trim().is_empty() && images.is_empty() { Err(PromptError::Empty { key: "prompt" }) } else { Ok(()) }
}

fn texts(key: &'static str, value: &Value, expected: &'static str) -> Result<Vec<String>, PromptError> {
    let texts = value.as_array().filter(|texts| !texts.is_empty());
    let texts = texts.and_then(|texts| texts.iter().map(|text| text.as_str().map(str::to_owned)).collect());
    texts.ok_or(PromptError::Key { key, expected })
}

impl From<String> for Prompt {
    fn from(text: String) -> Self {
        Self { said: Said::Text { text, images: Vec::new() }, max_tokens: None }
    }
}

impl Prompt {
    /// One of so many tokens.
    pub const fn synthetic(tokens: u32) -> Self {
        Self { said: Said::Synthetic { tokens }, max_tokens: None }
    }

    /// Whether a route can take it.
    ///
    /// # Errors
    /// When the route would ignore some of it, or refuse it.
    pub fn fits(&self, dialect: Dialect) -> Result<(), Refused> {
        match &self.said {
            Said::Text { text, images } => dialect.takes(Content::Prompt { text, images }),
            Said::Messages(messages) => dialect.takes(Content::Messages(messages)),
            Said::Turns { .. } => dialect.takes(Content::Messages(&[])),
            Said::Synthetic { .. } => dialect.takes(Content::Prompt { text: "", images: &[] }),
        }
    }
}

/// A text with templates in it that is computed for every line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromptTemplate {
    /// As written. `prompt` stands for the line.
    pub text: String,
    /// The values of the other names in it.
    pub names: BTreeMap<String, Value>,
}

/// What each line says, by itself or by the template.
pub fn prompts(lines: &[PromptLine], template: Option<&PromptTemplate>) -> Vec<Result<Prompt, PromptError>> {
    let Some(PromptTemplate { text, names }) = template else {
        return lines.iter().map(PromptLine::prompt).collect();
    };
    let environment = template::environment();
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => return vec![Err(error.into())],
    };
    let computed = |line: &PromptLine| {
        let line_values = [("prompt".to_owned(), Computed::from(Serde(&line.0)))];
        let names = names.iter().map(|(name, value)| (name.clone(), Computed::from(Serde(value))));
        let text = template.render(Computed::from_pairs(names.chain(line_values)))?;
        let images = line.images()?;
        says_something(&text, &images)?;
        Ok(Prompt { said: Said::Text { text, images }, max_tokens: line.max_tokens()? })
    };
    lines.iter().map(computed).collect()
}
