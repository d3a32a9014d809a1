//! What a prompt file is declared to be.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A format that a file cannot say of itself. JSON can, in all its layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PromptFormat {
    /// One prompt a line.
    Text,
    /// A heading with the names of columns, and a row for each prompt.
    Csv,
}

impl fmt::Display for PromptFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Csv => "CSV",
        })
    }
}
