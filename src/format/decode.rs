//! From a [`Node`] to a plain type, through serde.
//!
//! Unknown keys are all noted here, with advice, because `deserialize_struct`
//! hands over the names of the known ones; any other error ends the value it
//! is found in.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::{Deserializer, forward_to_deserialize_any};

use super::code::Code;
use super::source::{Finding, Notes, Span};
use super::spelling;
use super::tree::{Entry, Node, Table, Value};

/// Reads a value; a problem is noted and gives `None`. Serde gives up at the
/// first wrong part of a table: that part is then left out and the rest is read
/// too, for its problems.
pub(crate) fn decode<T: DeserializeOwned>(node: &Node, notes: &Notes) -> Option<T> {
    let error = match T::deserialize(Decoder { node, notes }) {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    let mut rest = node.clone();
    let mut found = Some(error);
    while let Some(error) = found.take() {
        let span = error.span.clone().unwrap_or_else(|| node.span.clone());
        if remove_part(&mut rest, &span) {
            found = T::deserialize(Decoder { node: &rest, notes }).err().filter(|next| next.code != Code::MissingKey);
        }
        if !error.is_misspelt {
            notes.push(Finding::new(error.code, span, error.message).maybe_help(error.help));
        }
    }
    None
}

/// Leaves out the entry of a table, however deep, that a problem points at.
fn remove_part(node: &mut Node, span: &Span) -> bool {
    match &mut node.value {
        Value::Table(table) => {
            let before = table.len();
            table.retain(|_, entry| entry.key != *span && entry.node.span != *span);
            table.len() < before || table.values_mut().any(|entry| remove_part(&mut entry.node, span))
        }
        Value::List(list) => list.iter_mut().any(|item| remove_part(item, span)),
        Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Bool(_) => false,
    }
}

/// Why a value cannot be read.
#[derive(Debug)]
struct DecodeError {
    code: Code,
    message: String,
    help: Option<String>,
    span: Option<Span>,
    /// The key that must be there.
    missing: Option<&'static str>,
    /// It is there, misspelt, which is noted as an unknown key.
    is_misspelt: bool,
}

impl DecodeError {
    fn new(message: String) -> Self {
        Self { code: Code::Value, message, help: None, span: None, missing: None, is_misspelt: false }
    }

    /// In this table, where a missing key may be misspelt.
    fn in_table(self, table: &Table, known: &[&str]) -> Self {
        let is_near =
            |key: &String, missing| !known.contains(&key.as_str()) && spelling::nearest(key, &[missing]).is_some();
        let is_misspelt = self.missing.is_some_and(|missing| table.keys().any(|key| is_near(key, missing)));
        Self { missing: None, is_misspelt: self.is_misspelt || is_misspelt, ..self }
    }

    /// At this node, unless a place inside it is already known.
    fn at(mut self, node: &Node) -> Self {
        if self.span.is_none() && self.message.starts_with("data did not match any variant") {
            self.message = format!("{} cannot stand here", node.describe());
        }
        self.span.get_or_insert_with(|| node.span.clone());
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        let is_number = matches!(found, Unexpected::Signed(_) | Unexpected::Unsigned(_) | Unexpected::Float(_));
        let help = match (found, in_words(&expected)) {
            (_, "a string") if is_number => Some("put it in quotes, with its unit if it has one, like \"60s\""),
            (Unexpected::Str(text), "a number" | "a whole number" | "a whole number that is not negative")
                if text.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                Some("write it without quotes and without a unit")
            }
            _ => None,
        };
        let help = help.map(str::to_owned);
        Self { help, ..Self::new(format!("expected {}, found {}", in_words(&expected), found_in_words(&found))) }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {}", in_words(&expected.to_string()), found_in_words(&found)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let help = spelling::advice(variant, expected.iter().copied());
        Self { help, ..Self::new(format!("unknown value `{variant}`")) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { code: Code::MissingKey, missing: Some(field), ..Self::new(format!("`{field}` is missing")) }
    }
}

fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        text if text.starts_with("struct ") || text == "a map" => "a table",
        other => other,
    }
}

fn found_in_words(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(truth) => format!("`{truth}`"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Str(text) => format!("the string `{text}`"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

#[derive(Clone, Copy)]
struct Decoder<'a> {
    node: &'a Node,
    notes: &'a Notes,
}

impl<'a> Decoder<'a> {
    fn entries(self, known: Option<&'static [&'static str]>) -> Entries<'a> {
        let mut entries: Vec<(&'a str, &'a Entry)> = Vec::new();
        for (key, entry) in self.node.as_table().into_iter().flatten() {
            match known {
                Some(known) if !known.contains(&key.as_str()) => {
                    self.notes.push(unknown_key(key, entry, known.iter().copied()));
                }
                _ => entries.push((key, entry)),
            }
        }
        Entries { rest: entries.into_iter(), value: None, notes: self.notes }
    }

    /// What a type refuses after it was read is a problem of this value.
    fn value<'de, T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(self).map_err(|error| error.at(self.node))
    }
}

/// The finding for a key that means nothing where it stands.
pub(crate) fn unknown_key<'a>(key: &str, entry: &Entry, known: impl IntoIterator<Item = &'a str>) -> Finding {
    Finding::new(Code::UnknownKey, entry.key.clone(), format!("unknown key `{key}`"))
        .maybe_help(spelling::advice(key, known))
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::List(list) => visitor.visit_seq(Items { rest: list.iter(), notes: self.notes }),
            Value::Table(_) => visitor.visit_map(self.entries(None)),
        }
        .map_err(|error| error.at(self.node))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Integer(number) if self.node.computed => visitor.visit_string(number.to_string()),
            Value::Float(number) if self.node.computed => visitor.visit_string(number.to_string()),
            Value::Bool(truth) if self.node.computed => visitor.visit_string(truth.to_string()),
            _ => return self.deserialize_any(visitor),
        }
        .map_err(|error: DecodeError| error.at(self.node))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self).map_err(|error: DecodeError| error.at(self.node))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self).map_err(|error: DecodeError| error.at(self.node))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let Some(table) = self.node.as_table() else { return self.deserialize_any(visitor) };
        visitor.visit_map(self.entries(Some(fields))).map_err(|error| error.in_table(table, fields).at(self.node))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            Value::Table(_) => visitor.visit_enum(MapAccessDeserializer::new(self.entries(None))),
            _ => Err(DecodeError::new(format!("expected a string, found {}", self.node.describe()))),
        }
        .map_err(|error| error.at(self.node))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'a> {
    rest: std::slice::Iter<'a, Node>,
    notes: &'a Notes,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        self.rest.next().map(|node| Decoder { node, notes: self.notes }.value(seed)).transpose()
    }
}

struct Entries<'a> {
    rest: std::vec::IntoIter<(&'a str, &'a Entry)>,
    value: Option<&'a Node>,
    notes: &'a Notes,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, entry)) = self.rest.next() else { return Ok(None) };
        self.value = Some(&entry.node);
        let key: StrDeserializer<'_, DecodeError> = key.into_deserializer();
        seed.deserialize(key).map(Some).map_err(|error| DecodeError { span: Some(entry.key.clone()), ..error })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        match self.value.take() {
            Some(node) => Decoder { node, notes: self.notes }.value(seed),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }
}
