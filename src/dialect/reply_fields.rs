//! Fields as servers really write them: read generously, and what cannot be
//! read is told instead of spoiling the rest.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::bounded_list::BoundedList;
use super::mend::mend;
use super::text::Text;
use super::{Event, TokenKind};

/// A field as it is written; none if it is absent or null.
pub(super) type Raw<'a> = Option<&'a RawValue>;

/// Largest whole number that a float tells exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// How deep lists of parts may hold each other.
const DEPTH: u32 = 4;

/// Reads the fields of one JSON object.
pub(super) struct Fields<'s> {
    sink: &'s mut dyn FnMut(Event<'_>),
    /// Whether any gave a token.
    pub(super) has_tokens: bool,
}

impl<'s> Fields<'s> {
    /// Gives what it reads to `sink`.
    pub(super) fn new(sink: &'s mut dyn FnMut(Event<'_>)) -> Self {
        Self { sink, has_tokens: false }
    }

    pub(super) fn event(&mut self, event: Event<'_>) {
        (self.sink)(event);
    }

    fn passed_over(&mut self, field: &'static str) {
        self.event(Event::PassedOver { field });
    }

    /// A whole number that is not negative, be it written as `8`, `8.0` or
    /// `"8"`.
    pub(super) fn count(&mut self, raw: Raw<'_>, field: &'static str) -> Option<u64> {
        let read = whole_number(bare(raw?));
        if read.is_none() {
            self.passed_over(field);
        }
        read
    }

    /// A finite number.
    pub(super) fn number(&mut self, raw: Raw<'_>, field: &'static str) -> Option<f64> {
        let read = bare(raw?).parse().ok().filter(|number: &f64| number.is_finite());
        if read.is_none() {
            self.passed_over(field);
        }
        read
    }

    /// An object of whatever it should hold.
    pub(super) fn object<'a, T: Deserialize<'a>>(&mut self, raw: Raw<'a>, field: &'static str) -> Option<T> {
        let raw = raw.filter(|raw| is_stated(raw))?;
        let read =
            Some(raw.get()).filter(|text| text.starts_with('{')).and_then(|text| serde_json::from_str(text).ok());
        if read.is_none() {
            self.passed_over(field);
        }
        read
    }

    /// A text, be it with half characters.
    pub(super) fn text<'a>(&mut self, raw: Raw<'a>, field: &'static str) -> Option<Cow<'a, str>> {
        let written = raw?.get();
        if let Ok(Text(text)) = serde_json::from_str::<Text<'_>>(written) {
            return Some(text);
        }
        self.passed_over(field);
        let mended = Some(written).filter(|text| text.starts_with('"')).and_then(|text| mend(text.as_bytes()))?;
        serde_json::from_str::<String>(&mended).ok().map(Cow::Owned)
    }

    /// Why a reply ended: a word, or an object whose `type` is one. An empty
    /// one is none.
    pub(super) fn reason(&mut self, raw: Raw<'_>, field: &'static str) -> Option<String> {
        let raw = raw?;
        let raw = if raw.get().starts_with('{') {
            serde_json::from_str::<Part<'_>>(raw.get()).ok().and_then(|Part { kind, .. }| kind)?
        } else {
            raw
        };
        self.text(Some(raw), field).map(|word| word.trim().to_owned()).filter(|word| !word.is_empty())
    }

    /// A token, unless the text is absent or empty.
    pub(super) fn token(&mut self, text: Option<Cow<'_, str>>, kind: TokenKind) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.has_tokens = true;
            self.event(Event::Token { text, kind });
        }
    }

    /// The tokens of a text, or of a list of parts.
    pub(super) fn tokens(&mut self, raw: Raw<'_>, field: &'static str, kind: TokenKind) {
        self.tokens_within(raw, field, kind, DEPTH);
    }

    fn tokens_within(&mut self, raw: Raw<'_>, field: &'static str, kind: TokenKind, depth: u32) {
        let Some(value) = raw else { return };
        match value.get().as_bytes().first() {
            Some(b'[') if depth > 0 => match serde_json::from_str::<BoundedList<Raw<'_>>>(value.get()) {
                Ok(parts) => parts.into_iter().for_each(|part| self.tokens_within(part, field, kind, depth - 1)),
                Err(_) => self.passed_over(field),
            },
            Some(b'{') if depth > 0 => match serde_json::from_str::<Part<'_>>(value.get()) {
                Ok(part) => self.part(&part, field, kind, depth - 1),
                Err(_) => self.passed_over(field),
            },
            _ => {
                let text = self.text(raw, field);
                self.token(text, kind);
            }
        }
    }

    /// What a part says under the first of its names that holds anything; one
    /// that says nothing we know, a picture say, is passed over.
    fn part(&mut self, part: &Part<'_>, field: &'static str, kind: TokenKind, depth: u32) {
        let Part { kind: name, text, content, thinking, reasoning, summary, refusal, data } = part;
        let name = name.map(bare).unwrap_or_default();
        let is_thought = name.contains("think") || name.contains("reason") || thinking.is_some() || reasoning.is_some();
        let kind = if is_thought { TokenKind::Reasoning } else { kind };
        let says = [thinking, reasoning, summary, text, content, refusal, data].into_iter().copied().flatten();
        match says.into_iter().find(|value| is_stated(value)) {
            Some(value) => self.tokens_within(Some(value), field, kind, depth),
            None if text.is_some() || thinking.is_some() || content.is_some() => {}
            None => self.passed_over(field),
        }
    }
}

/// A part of a message, or of a thought.
#[derive(serde::Deserialize)]
struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Raw<'a>,
    #[serde(borrow)]
    text: Raw<'a>,
    #[serde(borrow)]
    content: Raw<'a>,
    #[serde(borrow)]
    thinking: Raw<'a>,
    #[serde(borrow)]
    reasoning: Raw<'a>,
    #[serde(borrow)]
    summary: Raw<'a>,
    #[serde(borrow)]
    refusal: Raw<'a>,
    #[serde(borrow)]
    data: Raw<'a>,
}

/// A value without the quotes that may stand around it.
fn bare(raw: &RawValue) -> &str {
    raw.get().trim_matches('"').trim()
}

fn whole_number(text: &str) -> Option<u64> {
    let of_float = || {
        let number: f64 = text.parse().ok()?;
        let is_whole = (0.0..=EXACT).contains(&number) && number.fract().abs().total_cmp(&0.0).is_eq();
        is_whole.then(|| format!("{:.0}", number.abs()).parse().ok())?
    };
    text.parse().ok().or_else(of_float)
}

/// How many values a list has; none if it is no list, or empty.
pub(super) fn length(raw: Raw<'_>) -> Option<u32> {
    let Length(length) = serde_json::from_str(raw?.get()).ok()?;
    Some(length).filter(|length| *length > 0)
}

/// Whether a field says anything: `null`, `false`, `0`, `""`, and lists and
/// objects of nothing else do not.
pub(super) fn is_stated(raw: &RawValue) -> bool {
    serde_json::from_str(raw.get()).map_or(true, |Stated(stated)| stated)
}

/// See [`is_stated`].
struct Stated(bool);

impl<'de> Deserialize<'de> for Stated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatedVisitor).map(Self)
    }
}

struct StatedVisitor;

impl<'de> Visitor<'de> for StatedVisitor {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<bool, E> {
        Ok(value != 0)
    }

    fn visit_u64<E>(self, value: u64) -> Result<bool, E> {
        Ok(value != 0)
    }

    fn visit_f64<E>(self, value: f64) -> Result<bool, E> {
        Ok(value.abs() > 0.0)
    }

    fn visit_str<E>(self, value: &str) -> Result<bool, E> {
        Ok(!value.trim().is_empty())
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let mut any = false;
        while let Some(Stated(stated)) = list.next_element()? {
            any |= stated;
        }
        Ok(any)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut any = false;
        while let Some((IgnoredAny, Stated(stated))) = map.next_entry()? {
            any |= stated;
        }
        Ok(any)
    }
}

/// How many values a list has, without keeping one.
struct Length(u32);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LengthVisitor).map(Self)
    }
}

struct LengthVisitor;

impl<'de> Visitor<'de> for LengthVisitor {
    type Value = u32;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u32, A::Error> {
        let mut length = 0_u32;
        while list.next_element::<IgnoredAny>()?.is_some() {
            length = length.saturating_add(1);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests;
