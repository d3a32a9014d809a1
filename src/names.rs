//! Names, validated once where they enter and never again.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name breaks the rule of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be a {kind}: use {rule}")]
pub struct NameError {
    /// The kind of name, in words.
    pub kind: &'static str,
    /// What such a name may hold, in words.
    pub rule: &'static str,
    /// What was written.
    pub text: String,
}

fn is_identifier(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_file_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn is_title(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 80
        && text.trim() == text
        && text.chars().all(|c| c.is_alphanumeric() || " _-.+()".contains(c))
}

fn is_one_line(text: &str) -> bool {
    !text.is_empty() && text.len() <= 400 && !text.chars().any(char::is_control)
}

/// The name of a Compose project that is private to a run and to `part` of it:
/// two servers of one file must not replace each other's containers.
pub fn compose_project(run_id: &str, part: &str) -> String {
    compose_part(&format!("runexp-{run_id}-{part}"))
}

/// A text as the end of a Compose project's name, which may hold lower-case
/// letters, digits, `-` and `_`; everything else becomes `-`.
pub fn compose_part(text: &str) -> String {
    let allowed = |character: char| match character.to_ascii_lowercase() {
        lower @ ('a'..='z' | '0'..='9' | '-' | '_') => lower,
        _ => '-',
    };
    text.chars().map(allowed).collect::<String>().trim_end_matches('-').to_owned()
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $check:ident, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Checks and wraps a name.
            ///
            /// # Errors
            /// When the text breaks this kind's rule.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                if $check(&text) { Ok(Self(text)) } else { Err(NameError { kind: $kind, rule: $rule, text }) }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The scenario's name; it is also a folder under `results/`.
    ScenarioName, "scenario name", is_file_name, "letters, digits, `_`, `-` and `.`, at most 64"
);
name!(
    /// A factor, `mps` say; it is also a variable in expressions.
    FactorName, "factor name", is_identifier, "a letter or `_`, then letters, digits and `_`, at most 64"
);
name!(
    /// A server under test.
    ServerName, "server name", is_file_name, "letters, digits, `_`, `-` and `.`, at most 64"
);
name!(
    /// A workload phase, in words.
    PhaseName, "phase name", is_title, "letters, digits, spaces and `_-.+()`, at most 80"
);
name!(
    /// A metric of the registry, `output_throughput` say.
    MetricId, "metric", is_identifier, "a letter or `_`, then letters, digits and `_`, at most 64"
);
name!(
    /// A published claim.
    ClaimId, "claim id", is_file_name, "letters, digits, `_`, `-` and `.`, at most 64"
);
name!(
    /// One run; it is also a folder under `results/<scenario>/`.
    RunId, "run id", is_file_name, "letters, digits, `_`, `-` and `.`, at most 64"
);
name!(
    /// A cell: treatment × phase × load level, written
    /// `mps=on,servers=3/concurrent/clients=2`. The same in every block.
    CellId, "cell id", is_one_line, "one line of at most 400 characters"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_name_holds_only_what_compose_allows() {
        assert_eq!(compose_project("2026-11-22T16.05", "ollama[1]"), "runexp-2026-11-22t16-05-ollama-1");
    }
}
