//! `headers` and `bearer` of a server.

use super::super::model::header::{FromEnvironment, HeaderSpec, HeaderValue, can_be_sent};
use super::super::tables::ServerKeys;
use crate::format::{Code, Entry, Finding, Notes, Span, Value, decode};

/// Headers that say how a request is sent, and those that every request has.
const TAKEN: &[&str] = &[
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Headers whose values are secrets.
const SECRET: &[&str] = &["api-key", "authorization", "cookie", "proxy-authorization", "x-api-key"];

/// The headers in the order written, `bearer` last.
pub(super) fn read_headers(keys: &ServerKeys<'_>, notes: &Notes) -> Vec<HeaderSpec> {
    let mut headers: Vec<HeaderSpec> = Vec::new();
    let written = keys.headers.node();
    let table = written.as_ref().and_then(|node| {
        let table = node.as_table();
        if table.is_none() {
            keys.headers.complain(Code::Value, format!("expected a table, found {}", node.describe()));
        }
        table
    });
    for (name, entry) in table.into_iter().flatten() {
        let Some(value) = read_value(name, entry, notes) else { continue };
        add(&mut headers, HeaderSpec { name: name.to_ascii_lowercase(), value }, &entry.key, notes);
    }
    if let (Some(entry), Some(FromEnvironment { env })) = (keys.bearer.entry(), keys.bearer.optional()) {
        let header = HeaderSpec { name: "authorization".to_owned(), value: HeaderValue::Bearer(env) };
        add(&mut headers, header, &entry.key, notes);
    }
    headers
}

fn read_value(name: &str, entry: &Entry, notes: &Notes) -> Option<HeaderValue> {
    if matches!(entry.node.value, Value::Table(_)) {
        let FromEnvironment { env } = decode(&entry.node, notes)?;
        return Some(HeaderValue::Env(env));
    }
    let text: String = decode(&entry.node, notes)?;
    let problem = if SECRET.contains(&&*name.to_ascii_lowercase()) {
        Some((format!("the value of `{name}` is a secret"), format!("write it like {name} = {{ env = \"NAME\" }}")))
    } else if can_be_sent(&text) {
        None
    } else {
        Some((format!("the value of `{name}` holds what no header may"), "use visible ASCII and spaces".to_owned()))
    };
    match problem {
        Some((message, help)) => {
            notes.push(Finding::new(Code::Value, entry.node.span.clone(), message).help(help));
            None
        }
        None => Some(HeaderValue::Text(text)),
    }
}

fn add(headers: &mut Vec<HeaderSpec>, header: HeaderSpec, key: &Span, notes: &Notes) {
    let HeaderSpec { name, .. } = &header;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_variable = |variable: &str| !variable.is_empty() && !variable.contains(['=', '\0']);
    let problem = if name.is_empty() || !name.bytes().all(is_token) {
        Some((Code::Value, format!("`{name}` cannot be the name of a header")))
    } else if TAKEN.contains(&&**name) {
        Some((Code::Value, format!("the header `{name}` is not the scenario's to set")))
    } else if headers.iter().any(|earlier| earlier.name == *name) {
        Some((Code::Duplicate, format!("a second header `{name}`")))
    } else if !header.variable().is_none_or(is_variable) {
        Some((Code::Value, "this cannot be the name of a variable".to_owned()))
    } else {
        None
    };
    match problem {
        Some((code, message)) => notes.push(Finding::new(code, key.clone(), message)),
        None => headers.push(header),
    }
}
