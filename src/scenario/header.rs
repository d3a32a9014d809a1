//! Headers of requests, and the secrets in them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stands in the place of a secret.
const HIDDEN: &str = "[hidden]";
/// A shorter start of a secret at the end of a text is likely something else.
const LEAST_START: usize = 4;
/// A shorter part of a secret may be an ordinary word.
const LEAST_PART: usize = 8;

/// A header of every request to a server, as declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderSpec {
    /// Its name, in lower case.
    pub name: String,
    /// Its value, or where that is found.
    pub value: HeaderValue,
}

/// The value of a header, or the environment variable it is read from when a
/// run begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderValue {
    /// As written in the scenario.
    Text(String),
    /// The value of this variable.
    Env(String),
    /// `Bearer ` and the value of this variable (RFC 6750, section 2.1).
    Bearer(String),
}

/// `{ env = "NAME" }`: a secret, read from the environment when a run begins.
/// It is never written to a file or shown.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FromEnvironment {
    /// The variable's name.
    pub(super) env: String,
}

impl HeaderSpec {
    /// The environment variable that its value is read from.
    pub fn variable(&self) -> Option<&str> {
        match &self.value {
            HeaderValue::Text(_) => None,
            HeaderValue::Env(variable) | HeaderValue::Bearer(variable) => Some(variable),
        }
    }

    /// With the value of its variable; `None` if that cannot be sent: it is
    /// empty, or not of visible ASCII.
    pub fn with(&self, secret: &str) -> Option<Header> {
        let (value, secret) = match &self.value {
            HeaderValue::Text(text) => (text.clone(), None),
            HeaderValue::Env(_) => (secret.to_owned(), Some(secret.to_owned())),
            HeaderValue::Bearer(_) => (format!("Bearer {secret}"), Some(secret.to_owned())),
        };
        let is_sendable = can_be_sent(&value) && secret.as_ref().is_none_or(|secret| !secret.trim().is_empty());
        is_sendable.then(|| Header { name: self.name.clone(), value, secret })
    }
}

/// Whether a header may have this value: visible ASCII, spaces and tabs.
pub(super) fn can_be_sent(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// A header as it is sent. Its value is not part of what is shown of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: String,
    secret: Option<String>,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Header {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value, for the connection and nothing else.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// A text of a server, which may repeat what it was sent, without the secrets
/// in these headers. One that is cut off at the end of the text is hidden too,
/// and so is every longer part of one: an excerpt may begin or end within it.
pub fn hide(text: &str, headers: &[Header]) -> String {
    let secrets = headers.iter().filter_map(|header| header.secret.as_deref());
    secrets.fold(text.to_owned(), |text, secret| {
        // As it is, and as JSON would have it.
        let escaped = secret.replace('\\', "\\\\").replace('"', "\\\"");
        let text = text.replace(secret, HIDDEN).replace(&escaped, HIDDEN);
        let text = without_parts(text, secret);
        let starts = (LEAST_START..secret.len()).rev().filter_map(|end| secret.get(..end));
        match starts.into_iter().find_map(|start| text.strip_suffix(start)) {
            Some(before) => format!("{before}{HIDDEN}"),
            None => text,
        }
    })
}

fn without_parts(mut text: String, secret: &str) -> String {
    for start in 0..secret.len().saturating_sub(LEAST_PART) {
        let ends = (start + LEAST_PART..secret.len()).rev();
        let part = ends.filter_map(|end| secret.get(start..end)).find(|part| text.contains(part));
        if let Some(part) = part {
            text = text.replace(part, HIDDEN);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(secret: &str) -> Option<Header> {
        let value = HeaderValue::Bearer("KEY".to_owned());
        HeaderSpec { name: "authorization".to_owned(), value }.with(secret)
    }

    #[test]
    fn a_secret_is_sent_and_never_shown() {
        let header = bearer("s3cr3t").unwrap();
        assert_eq!((header.name(), header.value()), ("authorization", "Bearer s3cr3t"));
        assert_eq!(format!("{header:?}"), "Header { name: \"authorization\", .. }");
    }

    #[test]
    fn what_no_header_can_hold_is_not_sent() {
        assert_eq!(["", " ", "a\nb", "ключ"].map(bearer), [None, None, None, None]);
    }

    #[test]
    fn a_secret_is_hidden_wherever_a_server_repeats_it() {
        let headers = [bearer("s3cr3t\"x").unwrap()];
        for (said, shown) in [
            ("bad key s3cr3t\"x, sorry", "bad key [hidden], sorry"),
            ("bad key {\"key\":\"s3cr3t\\\"x\"}", "bad key {\"key\":\"[hidden]\"}"),
            ("cut off: s3cr3", "cut off: [hidden]"),
            ("no key: s3c", "no key: s3c"),
        ] {
            assert_eq!(hide(said, &headers), shown);
        }
    }
}
