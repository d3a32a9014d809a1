//! Headers of requests, and the secrets in them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Redaction;

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
pub(in crate::scenario) struct FromEnvironment {
    /// The variable's name.
    pub(in crate::scenario) env: String,
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
pub(in crate::scenario) fn can_be_sent(value: &str) -> bool {
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

/// What of these headers nothing may repeat that a server says.
pub fn secrets_of(headers: &[Header]) -> Redaction {
    Redaction::new(headers.iter().filter_map(|header| header.secret.clone()))
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
    fn only_what_came_from_a_variable_is_a_secret() {
        let plain = HeaderSpec { name: "x-tenant".to_owned(), value: HeaderValue::Text("tenant-7".to_owned()) };
        let headers = [bearer("s3cr3t\"x").unwrap(), plain.with("").unwrap()];
        assert_eq!(secrets_of(&headers).hide("s3cr3t\"x of tenant-7"), "[hidden] of tenant-7");
    }
}
