//! Text from servers: borrowed where it can be, bounded where it is shown.

use std::borrow::Cow;

use serde::Deserialize;

use crate::text::is_unprintable;

/// The longest error message, in characters.
pub(super) const MESSAGE_LIMIT: usize = 300;
/// The longest excerpt, in characters.
const EXCERPT_LIMIT: usize = 80;
/// So many bytes to either side surround a place.
const NEAR: usize = 12;

/// A JSON string, borrowed unless it holds escapes. `Option<Cow<str>>` itself
/// would always be copied.
#[derive(Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The start of a server's word.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    shown(bytes, EXCERPT_LIMIT)
}

/// The same of a word that is given away, which most are as they came.
pub(super) fn word(word: String) -> String {
    let is_fit = word.len() <= EXCERPT_LIMIT && word.trim().len() == word.len() && !word.chars().any(is_unprintable);
    if is_fit { word } else { excerpt(word.as_bytes()) }
}

/// What surrounds a byte that is not as it should be.
pub(super) fn surroundings(bytes: &[u8], at: usize) -> String {
    let from = at.min(bytes.len()).saturating_sub(NEAR);
    shown(&bytes[from..bytes.len().min(at.saturating_add(NEAR))], EXCERPT_LIMIT)
}

/// The start of a text from a server, as it may be shown.
pub(super) fn shown(bytes: &[u8], limit: usize) -> String {
    // A character has at most 4 bytes, so what is cut off here is beyond the limit.
    let start = &bytes[..bytes.len().min(4 * limit)];
    one_line(&String::from_utf8_lossy(start), limit)
}

/// The same without control characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    text.trim().chars().take(limit).map(|c| if is_unprintable(c) { ' ' } else { c }).collect()
}

/// Where in `json` an error is: lines count from 1, and so do columns.
pub(super) fn offset(json: &[u8], error: &serde_json::Error) -> usize {
    let lines = json.split(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(|line| line.len() + 1).sum();
    (before + error.column().saturating_sub(1)).min(json.len())
}

#[cfg(test)]
mod tests {
    use super::{excerpt, surroundings};

    #[test]
    fn long_and_hostile_text_is_cut_at_a_character_and_loses_its_controls() {
        assert_eq!(excerpt("🦀".repeat(100).as_bytes()), "🦀".repeat(80));
        assert_eq!(excerpt(b"a\xffb\0"), "a\u{fffd}b ");
    }

    #[test]
    fn what_surrounds_a_place_is_a_few_bytes_to_either_side() {
        assert_eq!(surroundings(b"0123456789abcdefghijklmnopqrstuvwxyz", 18), "6789abcdefghijklmnopqrst");
        assert_eq!((surroundings(b"abc", 1), surroundings(b"abc", 100)), ("abc".to_owned(), "abc".to_owned()));
        assert_eq!(surroundings(b"", 3), "");
    }
}
