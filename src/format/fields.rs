//! Reads one table of a scenario, key by key.
//!
//! A value is rendered when it is asked for, so that `count` can be known before
//! `index` is. Which keys there are, [`table!`](super::table) declares.

use super::code::Code;
use super::decode::unknown_key;
use super::source::{Finding, Span};
use super::spelling;
use super::template::Scope;
use super::tree::{Entry, Node, Table, Value};

/// A table being read.
pub(crate) struct Fields<'a> {
    table: &'a Table,
    span: Span,
    pub(crate) scope: Scope<'a>,
}

impl<'a> Fields<'a> {
    /// Begins with a value that must be a table.
    pub(crate) fn of(node: &'a Node, scope: &Scope<'a>) -> Option<Self> {
        let Value::Table(table) = &node.value else {
            let message = format!("expected a table, found {}", node.describe());
            scope.notes.push(Finding::new(Code::Value, node.span.clone(), message));
            return None;
        };
        Some(Self { table, span: node.span.clone(), scope: scope.clone() })
    }

    /// Where the table stands.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// As written.
    pub(crate) fn raw(&self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// As written, with the place of its key.
    pub(crate) fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        self.table.get(key)
    }

    /// Rendered.
    pub(crate) fn node(&self, key: &'static str) -> Option<Node> {
        self.scope.render(self.raw(key)?)
    }

    /// Notes a key that must be there and is not.
    pub(crate) fn must_have(&self, key: &'static str) -> Option<&'a Node> {
        let node = self.raw(key);
        if node.is_none() && !self.has_misspelt(&[key]) {
            self.scope.notes.push(Finding::new(Code::MissingKey, self.span(), format!("`{key}` is missing")));
        }
        node
    }

    /// The one key of several that is given; none or more than one is noted.
    pub(crate) fn exactly_one(&self, keys: &[&'static str]) -> Option<&'static str> {
        let given: Vec<&'static str> = keys.iter().copied().filter(|key| self.raw(key).is_some()).collect();
        match given.as_slice() {
            [] if self.has_misspelt(keys) => None,
            [] => {
                let message = format!("one of {} is missing", spelling::list(keys));
                self.scope.notes.push(Finding::new(Code::Choice, self.span(), message));
                None
            }
            [only] => Some(only),
            [first, rest @ ..] => {
                for key in rest {
                    let span = self.entry(key).map_or_else(|| self.span(), |entry| entry.key.clone());
                    let message = format!("`{key}` cannot stand beside `{first}`");
                    self.scope.notes.push(Finding::new(Code::Choice, span, message).help("leave one of them out"));
                }
                None
            }
        }
    }

    /// Whether a missing key is there after all, misspelt: one mistake should
    /// make one problem, and [`Fields::only`] notes that one.
    fn has_misspelt(&self, keys: &[&str]) -> bool {
        self.table.keys().any(|written| spelling::nearest(written, keys).is_some())
    }

    /// A number must lie within bounds; at its key's value if it does not.
    pub(crate) fn within<T>(&self, key: &'static str, number: T, least: T, most: T) -> Option<T>
    where
        T: Copy + PartialOrd + std::fmt::Display,
    {
        if number >= least && number <= most {
            return Some(number);
        }
        let span = self.raw(key).map_or_else(|| self.span(), |node| node.span.clone());
        let message = format!("`{key}` is {number} but must be from {least} to {most}");
        self.scope.notes.push(Finding::new(Code::Bounds, span, message));
        None
    }

    /// Notes every key that is not among these.
    pub(crate) fn only(&self, known: &[&str]) {
        for (key, entry) in self.table.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            self.scope.notes.push(unknown_key(key, entry, known.iter().copied()));
        }
    }
}

/// The list `[[key]]`; a value that is no list is noted, and reads as empty.
pub(crate) fn list_of(fields: &Fields<'_>, key: &'static str) -> Vec<Node> {
    let Some(node) = fields.raw(key) else { return Vec::new() };
    if let Some(list) = node.as_list() {
        return list.to_vec();
    }
    let message = format!("expected a list of tables, found {}", node.describe());
    let finding = Finding::new(Code::Value, node.span.clone(), message);
    fields.scope.notes.push(finding.help(format!("write `[[{key}]]` with two brackets")));
    Vec::new()
}
