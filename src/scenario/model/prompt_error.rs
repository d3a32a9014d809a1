use crate::dialect::Refused;
use crate::format::template;

/// A line is no prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// It is neither an object nor a text.
    #[error("a line must be an object")]
    NotObject,
    /// Nothing is said.
    #[error("`prompt` is missing")]
    Nothing,
    /// Nothing is said, where something is to be.
    #[error("`{key}` {}", if *.key == "turns" { "holds an empty text" } else { "is empty" })]
    Empty {
        /// The key.
        key: &'static str,
    },
    /// Two ways of saying something at once.
    #[error("`{second}` cannot stand beside `{first}`")]
    Several {
        /// The one.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A key's value is of another type, or out of bounds.
    #[error("`{key}` must be {expected}")]
    Key {
        /// The key.
        key: &'static str,
        /// What its value must be.
        expected: &'static str,
    },
    /// One of the messages lacks something.
    #[error("`messages[{index}]` must have {missing}")]
    Message {
        /// Which, from 0.
        index: usize,
        /// What it lacks.
        missing: &'static str,
    },
    /// Neither the line nor the request says how long a reply may be.
    #[error("`max_tokens` is missing")]
    NoMaxTokens,
    /// The template cannot be computed over the line.
    #[error("{0}")]
    Template(String),
    /// A route that is asked does not take it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<minijinja::Error> for PromptError {
    fn from(error: minijinja::Error) -> Self {
        Self::Template(template::reason(&error))
    }
}
