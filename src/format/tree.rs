//! A scenario as it was written: TOML values that know their place and keep
//! their order.

use indexmap::IndexMap;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::code::Code;
use super::source::{Finding, Notes, SourceMap, Span};
use super::syntax::{told_once, too_deep};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
    /// Computed by a template: where a text is wanted it is written out.
    pub(crate) computed: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(Table),
}

/// A table in the order its author wrote it.
pub(crate) type Table = IndexMap<String, Entry>;

/// A value under a key.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where the key stands.
    pub(crate) key: Span,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn new(value: Value, span: Span) -> Self {
        Self { value, span, computed: false }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(crate) fn as_table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        if let Value::List(list) = &self.value { Some(list) } else { None }
    }

    /// What it is, for messages: "the string `x`", "a list".
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("the string `{text}`"),
            Value::Integer(number) => format!("the number {number}"),
            Value::Float(number) => format!("the number {number}"),
            Value::Bool(truth) => format!("`{truth}`"),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }

    /// Every text in it, with its place.
    pub(crate) fn visit_texts(&self, visit: &mut impl FnMut(&str, &Span)) {
        match &self.value {
            Value::Text(text) => visit(text, &self.span),
            Value::List(list) => list.iter().for_each(|node| node.visit_texts(visit)),
            Value::Table(table) => table.values().for_each(|entry| entry.node.visit_texts(visit)),
            Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {}
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::List(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|node| sequence.serialize_element(node))?;
                sequence.end()
            }
            Value::Table(table) => {
                let mut map = serializer.serialize_map(Some(table.len()))?;
                table.iter().try_for_each(|(key, entry)| map.serialize_entry(key, &entry.node))?;
                map.end()
            }
        }
    }
}

/// Parses a text and takes it into `sources`; every syntax error is noted.
pub(crate) fn parse(name: &str, text: &str, sources: &mut SourceMap, notes: &Notes) -> Table {
    let base = sources.add(name, text);
    parse_at(text, base, notes)
}

/// Parses a text whose numbering starts at `base`.
pub(crate) fn parse_at(text: &str, base: usize, notes: &Notes) -> Table {
    if let Some(finding) = too_deep(text) {
        notes.push(finding.moved(base));
        return Table::new();
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for finding in told_once(text, &errors) {
        notes.push(finding.moved(base));
    }
    Converter { base, notes }.table(document.into_inner())
}

struct Converter<'a> {
    base: usize,
    notes: &'a Notes,
}

impl Converter<'_> {
    fn shift(&self, span: &Span) -> Span {
        self.base + span.start..self.base + span.end
    }

    /// The parser sorts keys by name; their places give the order back.
    fn table(&self, table: DeTable<'_>) -> Table {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| {
                let span = self.shift(&key.span());
                (key.into_inner().into_owned(), Entry { key: span, node: self.node(value) })
            })
            .collect()
    }

    fn node(&self, value: Spanned<DeValue<'_>>) -> Node {
        let span = self.shift(&value.span());
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => self.too_large(&span, Value::Integer(0)),
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) => Value::Float(number),
                Err(_) => self.too_large(&span, Value::Float(0.0)),
            },
            DeValue::Boolean(truth) => Value::Bool(truth),
            DeValue::Datetime(moment) => Value::Text(moment.to_string()),
            DeValue::Array(list) => Value::List(list.into_iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node::new(value, span)
    }

    fn too_large(&self, span: &Span, stand_in: Value) -> Value {
        self.notes.push(Finding::new(Code::Value, span.clone(), "this number cannot be held in 64 bits"));
        stand_in
    }
}
