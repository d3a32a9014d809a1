use std::borrow::Cow;
use std::ops::Range;

use super::{Event, TokenKind};

/// The longest object that is remembered, in bytes.
const LIMIT: usize = 4 << 10;

/// What stands around the text of a token.
///
/// Most objects of a stream differ from the one before in that text alone.
/// Such an object needs no parser: with the same bytes around it, and in it
/// nothing that ends or changes a JSON string, it can only be the same object
/// with another text.
#[derive(Debug)]
pub(super) struct TokenFastPath {
    /// What an event begins with, up to the text.
    before: Vec<u8>,
    /// What follows the text, to the end of the event.
    after: Vec<u8>,
    kind: Option<TokenKind>,
}

/// What stands before the object of an event, and what ends the event.
const EVENT: (&[u8], &[u8]) = (b"data: ", b"\n\n");

impl TokenFastPath {
    /// One that knows no object.
    pub(super) const fn new() -> Self {
        Self { before: Vec::new(), after: Vec::new(), kind: None }
    }

    /// The token of `json`, if that is the remembered object with another
    /// text; `None` says nothing about it.
    pub(super) fn token<'a>(&self, json: &'a [u8]) -> Option<Event<'a>> {
        let kind = self.kind?;
        let (before, after) = (self.before.strip_prefix(EVENT.0)?, self.after.strip_suffix(EVENT.1)?);
        let text = json.strip_prefix(before)?.strip_suffix(after)?;
        Some(Event::Token { text: Cow::Borrowed(plain(text)?), kind })
    }

    /// The text and kind of the token in the server-sent event that `stream`
    /// begins with, if its data is the remembered object with another text, and
    /// what follows the event. Only the text is searched for its end; all around
    /// it is compared.
    #[inline]
    pub(super) fn event<'a>(&self, stream: &'a [u8]) -> Option<(&'a str, TokenKind, &'a [u8])> {
        let kind = self.kind?;
        let rest = stream.strip_prefix(&*self.before)?;
        // Texts are too short for `memchr` to gain what its call costs.
        let end = rest.iter().position(|byte| !PLAIN[usize::from(*byte)]).filter(|end| *end > 0)?;
        let (text, rest) = rest.split_at(end);
        let rest = rest.strip_prefix(&*self.after)?;
        Some((std::str::from_utf8(text).ok()?, kind, rest))
    }

    /// Remembers `json`, an object that gives one token and nothing else, with
    /// its text at `place`.
    pub(super) fn cut(&mut self, json: &[u8], place: Range<usize>, kind: TokenKind) {
        if let (Some(before), Some(after)) = (json.get(..place.start), json.get(place.end..))
            && json.len() <= LIMIT
        {
            refill(&mut self.before, [EVENT.0, before]);
            refill(&mut self.after, [after, EVENT.1]);
            self.kind = Some(kind);
        }
    }
}

fn refill(bytes: &mut Vec<u8>, parts: [&[u8]; 2]) {
    bytes.clear();
    bytes.reserve(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        bytes.extend_from_slice(part);
    }
}

/// A text that needs no unescaping, and ends no JSON string.
fn plain(text: &[u8]) -> Option<&str> {
    let plain = !text.is_empty() && text.iter().all(|byte| PLAIN[usize::from(*byte)]);
    std::str::from_utf8(text).ok().filter(|_| plain)
}

/// Of each byte, whether it stands for itself in a JSON string.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut control = 0;
    while control < b' ' as usize {
        plain[control] = false;
        control += 1;
    }
    (plain[b'"' as usize], plain[b'\\' as usize]) = (false, false);
    plain
};

/// Where in `json` the text of a token stands, unless it had to be unescaped.
pub(super) fn place(json: &[u8], event: &Event<'_>) -> Option<(Range<usize>, TokenKind)> {
    let Event::Token { text: Cow::Borrowed(text), kind } = event else { return None };
    let start = text.as_ptr().addr().checked_sub(json.as_ptr().addr())?;
    let end = start.checked_add(text.len())?;
    (end <= json.len()).then_some((start..end, *kind))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{LIMIT, TokenFastPath, place};
    use crate::dialect::{Event, TokenKind};

    fn cut_of(json: &str, text: &str) -> TokenFastPath {
        let at = json.find(text).unwrap();
        let mut fast_path = TokenFastPath::new();
        fast_path.cut(json.as_bytes(), at..at + text.len(), TokenKind::Content);
        fast_path
    }

    fn text_in(fast_path: &TokenFastPath, json: &[u8]) -> Option<String> {
        match fast_path.token(json)? {
            Event::Token { text, kind: TokenKind::Content } => Some(text.into_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_object_with_another_text_is_known() {
        let fast_path = cut_of(r#"{"id":1,"text":"abc","n":2}"#, "abc");
        assert_eq!(text_in(&fast_path, br#"{"id":1,"text":"d","n":2}"#).as_deref(), Some("d"));
        let crab = r#"{"id":1,"text":" 🦀, {}","n":2}"#;
        assert_eq!(text_in(&fast_path, crab.as_bytes()).as_deref(), Some(" 🦀, {}"));
    }

    #[test]
    fn whatever_else_differs_is_left_to_the_parser() {
        let fast_path = cut_of(r#"{"id":1,"text":"abc","n":2}"#, "abc");
        for other in [
            r#"{"id":2,"text":"d","n":2}"#,
            r#"{"id":1,"text":"d","n":3}"#,
            r#"{"id":1,"text":"","n":2}"#,
            r#"{"id":1,"text":"\n","n":2}"#,
            r#"{"id":1,"text":"d","text":"e","n":2}"#,
            "{\"id\":1,\"text\":\"\n\",\"n\":2}",
            r#"{"id":1,"text":""#,
            "",
        ] {
            assert_eq!(text_in(&fast_path, other.as_bytes()), None, "{other}");
        }
        assert_eq!(text_in(&fast_path, b"{\"id\":1,\"text\":\"\xff\",\"n\":2}"), None);
        assert_eq!(text_in(&TokenFastPath::new(), b"x"), None);
    }

    #[test]
    fn an_event_that_holds_the_same_object_is_known_with_what_follows() {
        let fast_path = cut_of(r#"{"id":1,"text":"abc","n":2}"#, "abc");
        let follows = |stream: &str| {
            let (text, kind, rest) = fast_path.event(stream.as_bytes())?;
            assert_eq!(kind, TokenKind::Content);
            Some((text.to_owned(), String::from_utf8_lossy(rest).into_owned()))
        };
        let known = follows("data: {\"id\":1,\"text\":\"d\",\"n\":2}\n\ndata: x");
        assert_eq!(known, Some(("d".to_owned(), "data: x".to_owned())));
        for other in [
            "data: {\"id\":1,\"text\":\"d\",\"n\":2}\n",
            "data: {\"id\":1,\"text\":\"d\",\"n\":2}\r\n\r\n",
            "data: {\"id\":1,\"text\":\"d\",\"n\":2}\ndata: x\n\n",
            "data:{\"id\":1,\"text\":\"d\",\"n\":2}\n\n",
            "data: {\"id\":1,\"text\":\"\",\"n\":2}\n\n",
            "data: {\"id\":1,\"text\":\"\\\"\",\"n\":2}\n\n",
            "data: {\"id\":1,\"text\":\"\n\",\"n\":2}\n\n",
            "data: {\"id\":1,\"text\":\"d\",\"n\":3}\n\n",
            "",
        ] {
            assert_eq!(follows(other), None, "{other}");
        }
        assert!(TokenFastPath::new().event(b"data: x\n\n").is_none());
    }

    #[test]
    fn an_object_beyond_the_limit_is_not_remembered() {
        let long = format!(r#"{{"text":"abc","n":"{}"}}"#, "x".repeat(LIMIT));
        assert_eq!(text_in(&cut_of(&long, "abc"), long.as_bytes()), None);
    }

    #[test]
    fn only_a_text_that_stands_in_the_object_has_a_place_there() {
        let json = r#"{"text":"abc"}"#;
        let token = |text| Event::Token { text, kind: TokenKind::Content };
        assert_eq!(place(json.as_bytes(), &token(Cow::Borrowed(&json[9..12]))), Some((9..12, TokenKind::Content)));
        assert_eq!(place(json.as_bytes(), &token(Cow::Owned("abc".to_owned()))), None);
        assert_eq!(place(&json.as_bytes()[..11], &token(Cow::Borrowed(&json[9..12]))), None);
        assert_eq!(place(&json.as_bytes()[10..], &token(Cow::Borrowed(&json[9..12]))), None);
    }
}
