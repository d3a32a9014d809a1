//! Text from servers: borrowed where it can be, bounded where it is shown.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Event, TokenKind};

/// The longest error message, in characters.
const MESSAGE_LIMIT: usize = 300;
/// The longest excerpt, in characters.
const EXCERPT_LIMIT: usize = 80;

/// A JSON string, borrowed unless it holds escapes. `Option<Cow<str>>` itself
/// would always be copied.
#[derive(Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    /// The text.
    pub(super) fn into_string(self) -> String {
        self.0.into_owned()
    }

    /// The text as a slice.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A token, unless the text is absent or empty.
pub(super) fn token(text: Option<Text<'_>>, kind: TokenKind, sink: &mut dyn FnMut(Event<'_>)) {
    if let Some(text) = text.filter(|text| !text.0.is_empty()) {
        sink(Event::Token { text: text.0, kind });
    }
}

/// The message of an answer that is an error: the JSON error message of
/// Ollama, `OpenAI`, llama.cpp and `FastAPI` (`error`, `error.message`,
/// `message`, `detail`), otherwise the text itself. At most 300 characters;
/// control characters are shown as spaces. Empty for an empty body.
pub fn error_message(body: &[u8]) -> String {
    let stated = serde_json::from_slice(body).ok();
    let stated = stated.and_then(|Answer { error, message, detail }| error.or(message).or(detail));
    stated.map_or_else(|| shown(body, MESSAGE_LIMIT), message_of)
}

/// An answer that is an error, in all its shapes. Values stay as they are
/// written: a tree of them can be fifty times as large.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

/// The message in the value of an `error` field.
pub(super) fn message_of(error: &RawValue) -> String {
    let described = serde_json::from_str(error.get()).ok();
    let stated = described.map_or(error, |Described { message }| message).get();
    match serde_json::from_str::<Text<'_>>(stated) {
        Ok(text) => one_line(text.as_str(), MESSAGE_LIMIT),
        Err(_) => one_line(stated, MESSAGE_LIMIT),
    }
}

#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
}

/// The start of a server's word, or of bytes that are not the protocol.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    shown(bytes, EXCERPT_LIMIT)
}

fn shown(bytes: &[u8], limit: usize) -> String {
    // A character has at most 4 bytes, so what is cut off here is beyond the limit.
    let start = &bytes[..bytes.len().min(4 * limit)];
    one_line(&String::from_utf8_lossy(start), limit)
}

fn one_line(text: &str, limit: usize) -> String {
    text.trim().chars().take(limit).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{error_message, excerpt};

    #[test]
    fn the_message_of_every_known_shape_is_found() {
        for body in [
            r#"{"error":"busy"}"#,
            r#"{"error":{"code":503,"message":"busy"}}"#,
            r#"{"object":"error","message":"busy"}"#,
            r#"{"detail":"busy"}"#,
            " busy\n",
        ] {
            assert_eq!(error_message(body.as_bytes()), "busy", "{body}");
        }
    }

    #[test]
    fn an_error_without_a_message_is_shown_as_it_is() {
        assert_eq!(error_message(br#"{"error":{"code":503}}"#), r#"{"code":503}"#);
        assert_eq!(error_message(br#"{"status":"busy"}"#), r#"{"status":"busy"}"#);
    }

    #[test]
    fn long_and_hostile_text_is_cut_at_a_character_and_loses_its_controls() {
        assert_eq!(error_message("é".repeat(1000).as_bytes()), "é".repeat(300));
        assert_eq!(error_message(br#"{"error":"a\u001b[2J\nb"}"#), "a [2J b");
        assert_eq!(excerpt("🦀".repeat(100).as_bytes()), "🦀".repeat(80));
        assert_eq!(excerpt(b"a\xffb\0"), "a\u{fffd}b ");
    }
}
