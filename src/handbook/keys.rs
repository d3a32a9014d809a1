//! The page of a key of the scenario format, from the schema that its
//! declaration gives.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema::schema;

/// A key and where it stands: `phase.clients`.
struct Key<'s> {
    path: String,
    shape: &'s Value,
    is_required: bool,
}

/// The pages of every key of this name, or path: `clients`, `phase.clients`.
pub(super) fn explain_key(word: &str) -> Option<String> {
    let schema: Value = serde_json::from_str(&schema()).unwrap_or_default();
    let book = Book { definitions: &schema["$defs"] };
    let asked =
        |key: &&Key<'_>| key.path.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    let keys = book.keys(&schema);
    let pages: Vec<String> = keys.iter().filter(asked).map(|key| book.page(key)).collect();
    (!pages.is_empty()).then(|| pages.join("\n"))
}

/// The name of every key, for advice.
pub(super) fn key_names() -> BTreeSet<String> {
    let schema: Value = serde_json::from_str(&schema()).unwrap_or_default();
    let keys = Book { definitions: &schema["$defs"] }.keys(&schema);
    keys.iter().filter_map(|key| Some(key.path.rsplit('.').next()?.to_owned())).collect()
}

struct Book<'s> {
    definitions: &'s Value,
}

impl<'s> Book<'s> {
    /// Every key, outer tables first; a table that stands in several places is
    /// told of in the first.
    fn keys(&self, schema: &'s Value) -> Vec<Key<'s>> {
        let (mut keys, mut open, mut seen) = (Vec::new(), vec![(String::new(), schema)], BTreeSet::new());
        while !open.is_empty() {
            for (path, table) in std::mem::take(&mut open) {
                let required: Vec<&Value> = table["required"].as_array().into_iter().flatten().collect();
                for (name, shape) in table["properties"].as_object().into_iter().flatten() {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let is_required = required.iter().any(|key| *key == name);
                    let tables = self.tables(shape).into_iter().filter(|table| seen.insert(std::ptr::from_ref(*table)));
                    open.extend(tables.map(|table| (path.clone(), table)));
                    keys.push(Key { path, shape, is_required });
                }
            }
        }
        keys
    }

    /// The tables that may stand under a key, by themselves or in a list.
    fn tables(&self, shape: &'s Value) -> Vec<&'s Value> {
        let shape = self.resolved(shape);
        if shape["properties"].is_object() {
            return vec![shape];
        }
        let ways = shape["anyOf"].as_array().into_iter().flatten();
        ways.chain(shape.get("items")).flat_map(|way| self.tables(way)).collect()
    }

    fn resolved(&self, shape: &'s Value) -> &'s Value {
        let name = shape["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        name.and_then(|name| self.definitions.get(name)).unwrap_or(shape)
    }

    /// What the key means, what may be written, what it is if it is left out.
    fn page(&self, key: &Key<'s>) -> String {
        let text = key.shape["description"].as_str().unwrap_or_default();
        let value = self.value(key.shape);
        let default = match &key.shape["default"] {
            _ if key.is_required => "- It must be given.\n".to_owned(),
            Value::Null => String::new(),
            default => format!("- If left out: `{default}`\n"),
        };
        let name = key.path.rsplit('.').next().unwrap_or_default();
        let example = self.example(key.shape).map(|value| format!("- Example: `{name} = {value}`\n"));
        let choices = self.choices(key.shape);
        format!("# `{}`\n\n{text}\n\n- Value: {value}\n{choices}{default}{}", key.path, example.unwrap_or_default())
    }

    /// What may be written, in words.
    fn value(&self, shape: &'s Value) -> String {
        let shape = self.resolved(shape);
        if let Some(ways) = shape["anyOf"].as_array() {
            let is_written = |way: &&Value| !way["$ref"].as_str().is_some_and(|way| way.ends_with("/Template"));
            let ways: Vec<String> = ways.iter().filter(is_written).map(|way| self.value(way)).collect();
            return ways.join(", or ");
        }
        if let Some(keys) = shape["properties"].as_object() {
            return format!("a table of {}", list(keys));
        }
        if let (Some(examples), Some(text)) = (shape["examples"].as_array(), shape["description"].as_str()) {
            let examples: Vec<String> = examples.iter().map(|example| format!("`{example}`")).collect();
            return format!("{} ({})", in_a_sentence(text), examples.join(", "));
        }
        match shape["const"].as_str() {
            Some(word) => format!("`\"{word}\"`"),
            None => self.plain(shape),
        }
    }

    fn plain(&self, shape: &'s Value) -> String {
        let bounds = match (&shape["minimum"], &shape["maximum"]) {
            (Value::Null, Value::Null) => String::new(),
            (least, Value::Null) => format!(" of at least {least}"),
            (Value::Null, most) => format!(" of at most {most}"),
            (least, most) => format!(" from {least} to {most}"),
        };
        let words = |kind: &Value| match kind.as_str() {
            Some("string") => "a text".to_owned(),
            Some("integer") => format!("a whole number{bounds}"),
            Some("number") => format!("a number{bounds}"),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("array") => format!("a list, of each: {}", self.value(&shape["items"])),
            Some("object") => "a table".to_owned(),
            _ => "any value".to_owned(),
        };
        match &shape["type"] {
            Value::Array(kinds) => kinds.iter().map(words).collect::<Vec<_>>().join(", or "),
            kind => words(kind),
        }
    }

    /// The words that may stand for a value, each with its meaning.
    fn choices(&self, shape: &'s Value) -> String {
        let ways = self.resolved(shape)["anyOf"].as_array().into_iter().flatten();
        let choice = |way: &Value| {
            let meaning = way["description"].as_str()?.trim_end_matches('.').replace('\n', " ");
            Some(format!("  - `{}`: {meaning}.\n", way["const"].as_str()?))
        };
        ways.filter_map(choice).collect()
    }

    /// A value that may be written, as TOML; none for tables and free texts.
    fn example(&self, shape: &'s Value) -> Option<String> {
        let resolved = self.resolved(shape);
        let first = |key: &str| resolved[key].as_array().and_then(|values| values.first());
        let own = first("examples").or_else(|| resolved.get("const")).map(Value::to_string);
        own.or_else(|| first("anyOf").and_then(|way| self.example(way)))
    }
}

/// `A length of time.` inside a sentence: `a length of time`.
fn in_a_sentence(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_lowercase() + &rest.trim_end_matches('.').replace('\n', " ")
}

fn list(keys: &Map<String, Value>) -> String {
    keys.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}
