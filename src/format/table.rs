//! Tables of which each key is declared once.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::code::Code;
use super::decode::decode;
use super::fields::{Fields, list_of};
use super::schema::Condition;
use super::source::{Finding, Span};
use super::tree::{Entry, Node, Value};

/// Declares a table whose keys are read one by one.
///
/// `struct Server as pub(…) ServerKeys { … }` is the struct as it stands, of which
/// schemars makes the JSON Schema, and beside it `ServerKeys`: the same keys as
/// they are written in a file. Nothing can be read that is not declared, for
/// there is no such field; and what is declared and never read is an unread
/// field, which the compiler reports. Without `as` there are only the names.
macro_rules! table {
    (
        $(#[$about:meta])*
        $vis:vis struct $table:ident as $keys_vis:vis $keys:ident {
            $($(#[$key_about:meta])* $key_vis:vis $key:ident: $type:ty,)*
        }
    ) => {
        $crate::format::table! {
            $(#[$about])*
            $vis struct $table { $($(#[$key_about])* $key_vis $key: $type,)* }
        }

        /// The keys of the table as they are written.
        $keys_vis struct $keys<'f> {
            $($keys_vis $key: $crate::format::Key<'f, $type>,)*
        }

        impl<'f> $crate::format::Keys<'f> for $keys<'f> {
            const NAMES: &'static [&'static str] = $table::NAMES;

            fn among(fields: &'f $crate::format::Fields<'f>) -> Self {
                Self { $($key: $crate::format::Key::new(fields, $crate::format::name_of(stringify!($key))),)* }
            }
        }
    };
    (
        $(#[$about:meta])*
        $vis:vis struct $table:ident {
            $($(#[$key_about:meta])* $key_vis:vis $key:ident: $type:ty,)*
        }
    ) => {
        $(#[$about])*
        $vis struct $table { $($(#[$key_about])* $key_vis $key: $type,)* }

        impl $table {
            /// Every key, in the order of the handbook.
            pub(crate) const NAMES: &'static [&'static str] = &[$($crate::format::name_of(stringify!($key)),)*];
        }
    };
}
pub(crate) use table;

/// The declared keys of a table that is being read.
pub(crate) trait Keys<'f>: Sized {
    /// Every one of them.
    const NAMES: &'static [&'static str];

    /// Whatever else stands beside them.
    fn among(fields: &'f Fields<'f>) -> Self;

    /// With nothing beside them: every other key is noted.
    fn of(fields: &'f Fields<'f>) -> Self {
        fields.only(Self::NAMES);
        Self::among(fields)
    }
}

/// The name of a key: `r#where` is written `where`.
pub(crate) const fn name_of(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}

/// A declared key of a table that is being read.
pub(crate) struct Key<'f, T> {
    fields: &'f Fields<'f>,
    name: &'static str,
    declared: PhantomData<fn() -> T>,
}

impl<T> Clone for Key<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<'_, T> {}

impl<'f, T> Key<'f, T> {
    pub(crate) const fn new(fields: &'f Fields<'f>, name: &'static str) -> Self {
        Self { fields, name, declared: PhantomData }
    }

    pub(crate) const fn name(self) -> &'static str {
        self.name
    }

    /// A part of its value, rendered before.
    pub(crate) fn decode<V: DeserializeOwned>(self, part: &Node) -> Option<V> {
        decode(part, self.fields.scope.notes)
    }

    /// As written, with the place of its key.
    pub(crate) fn entry(self) -> Option<&'f Entry> {
        self.fields.entry(self.name)
    }

    /// As written.
    pub(crate) fn raw(self) -> Option<&'f Node> {
        self.entry().map(|entry| &entry.node)
    }

    /// Rendered.
    pub(crate) fn node(self) -> Option<Node> {
        self.fields.node(self.name)
    }

    /// Where its value stands; the table without one.
    pub(crate) fn span(self) -> Span {
        self.raw().map_or_else(|| self.fields.span(), |node| node.span.clone())
    }

    /// A table in it.
    pub(crate) fn table(self) -> Option<Fields<'f>> {
        Fields::of(self.raw()?, &self.fields.scope)
    }

    /// The tables of `[[key]]`; a value that is no list is noted, and reads as
    /// empty.
    pub(crate) fn list(self) -> Vec<Node> {
        list_of(self.fields, self.name)
    }

    /// As written; noted if it is not there.
    pub(crate) fn must_have(self) -> Option<&'f Node> {
        self.fields.must_have(self.name)
    }

    /// Its value as another type than the declared one, if it is there.
    pub(crate) fn read_as<V: DeserializeOwned>(self) -> Option<V> {
        decode(&self.node()?, self.fields.scope.notes)
    }

    /// Its value as another type than the declared one; noted if it is not there.
    pub(crate) fn required_as<V: DeserializeOwned>(self) -> Option<V> {
        self.must_have()?;
        self.read_as()
    }

    /// A number within bounds; noted if it is not.
    pub(crate) fn within<N: Copy + PartialOrd + fmt::Display>(self, number: N, least: N, most: N) -> Option<N> {
        self.fields.within(self.name, number, least, most)
    }

    /// Notes a problem at its value.
    pub(crate) fn complain(self, code: Code, message: impl Into<String>) {
        self.fields.scope.notes.push(Finding::new(code, self.span(), message));
    }

    /// Notes a problem at its value, with advice.
    pub(crate) fn advise(self, code: Code, message: impl Into<String>, help: impl Into<String>) {
        self.fields.scope.notes.push(Finding::new(code, self.span(), message).help(help));
    }

    /// Notes that it cannot stand here, if it does.
    pub(crate) fn means_nothing(self, beside: &str, help: &str) {
        if let Some(entry) = self.entry() {
            let message = format!("`{}` means nothing beside {beside}", self.name);
            self.fields.scope.notes.push(Finding::new(Code::Choice, entry.key.clone(), message).help(help));
        }
    }
}

impl<T: DeserializeOwned> Key<'_, T> {
    /// Its value; noted if it is not there.
    pub(crate) fn required(self) -> Option<T> {
        self.required_as()
    }

    /// Its value, or what it is if it is left out. A wrong one is noted, and
    /// reads as left out.
    pub(crate) fn or(self, default: T) -> T {
        self.read_as().unwrap_or(default)
    }
}

impl<T: DeserializeOwned> Key<'_, Option<T>> {
    /// Its value, if it is there. A wrong one is noted, and reads as left out.
    pub(crate) fn optional(self) -> Option<T> {
        self.read_as()
    }
}

impl Key<'_, Option<Condition>> {
    /// Whether it holds; without one it does. `None` if that cannot be told.
    pub(crate) fn holds(self) -> Option<bool> {
        let Some(node) = self.raw() else { return Some(true) };
        match &node.value {
            Value::Text(expression) => self.fields.scope.holds(expression, &node.span),
            Value::Bool(truth) => Some(*truth),
            _ => {
                let message = format!("expected an expression, found {}", node.describe());
                self.advise(Code::Value, message, "write it like when = \"servers > 1\"");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use schemars::{JsonSchema, schema_for};

    use super::super::source::{Notes, SourceMap};
    use super::super::template::Scope;
    use super::super::tree::{Node, Value, parse};
    use super::super::{Color, Fields, Keys};

    table! {
        /// What tea is drunk from.
        #[derive(JsonSchema)]
        #[schemars(deny_unknown_fields)]
        #[expect(dead_code, reason = "only its schema is used")]
        struct Cup as CupKeys {
            /// How much it holds, in litres.
            size: f64,
            /// The cupboard.
            r#where: Option<String>,
            /// How many there are; 1 if left out.
            count: Option<u32>,
        }
    }

    #[test]
    fn one_declaration_reads_every_key_and_notes_every_problem() {
        let (notes, mut sources) = (Notes::default(), SourceMap::default());
        let table = parse("cup.toml", "size = 'large'\ncount = 70\nwhree = 'here'\n", &mut sources, &notes);
        let node = Node::new(Value::Table(table), 0..0);
        let scope = Scope::empty(&notes, &sources);
        let fields = Fields::of(&node, &scope).unwrap();
        let keys = CupKeys::of(&fields);
        assert_eq!((keys.size.required(), keys.r#where.optional()), (None, None));
        assert_eq!(keys.count.within(keys.count.optional().unwrap(), 1, 12), None);
        assert_snapshot!(notes.problems(&sources).render(Color::Plain), @r"
        error[E007]: expected a number, found the string `large`
         --> cup.toml:1:8
          |
        1 | size = 'large'
          |        ^^^^^^^

        error[E008]: `count` is 70 but must be from 1 to 12
         --> cup.toml:2:9
          |
        2 | count = 70
          |         ^^

        error[E005]: unknown key `whree`
         --> cup.toml:3:1
          |
        3 | whree = 'here'
          | ^^^^^
          |
          = help: did you mean `where`?
        ");
    }

    #[test]
    fn the_schema_has_the_keys_of_the_declaration() {
        let schema = schema_for!(Cup).to_value();
        let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, Cup::NAMES);
        assert_eq!(schema["required"], serde_json::json!(["size"]));
        assert_eq!(schema["properties"]["where"]["description"], "The cupboard.");
    }
}
