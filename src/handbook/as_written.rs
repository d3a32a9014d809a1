//! From the shape of values to the shape of what is written: there is no null,
//! and a template may stand for most values.

use std::collections::BTreeSet;

use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value, json};

/// What a text with a template in it looks like.
const TEMPLATE: &str = r"\{[{%]";

/// Keys that do not decide which values there are; they stay where an editor
/// looks for them.
const ANNOTATIONS: [&str; 3] = ["title", "description", "default"];

/// Lets a template stand for every number, choice and list.
pub(super) fn as_written(schema: &mut Schema) {
    let definitions = schema.get("$defs").and_then(Value::as_object).into_iter().flatten();
    let tables = definitions.filter(|(_, shape)| is_table(shape)).map(|(name, _)| format!("#/$defs/{name}"));
    AsWritten { tables: tables.collect() }.transform(schema);
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        let template = json!({
            "description": "A template that computes the value, `{{ output_tokens }}` say. It may use variables and \
                factors, and in a server `port`, `index` and its own `slots`.",
            "type": "string",
            "pattern": TEMPLATE,
        });
        definitions.insert("Template".to_owned(), template);
    }
}

fn is_table(shape: &Value) -> bool {
    shape.get("properties").is_some() || shape.get("additionalProperties").is_some()
}

struct AsWritten {
    /// References to the definitions that are tables.
    tables: BTreeSet<String>,
}

impl Transform for AsWritten {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(shape) = schema.as_object_mut() else { return };
        // Widths of machine numbers are no business of the file's author.
        shape.shift_remove("format");
        without_null(shape);
        if let Some(Value::String(pattern)) = shape.get_mut("pattern") {
            *pattern = format!("{pattern}|{TEMPLATE}");
        }
        if self.may_be_computed(shape) {
            let template = json!({ "$ref": "#/$defs/Template" });
            let mut alternatives = alternatives(shape);
            alternatives.retain(|alternative| *alternative != template);
            alternatives.push(template);
            shape.insert("anyOf".to_owned(), Value::Array(alternatives));
        }
    }
}

impl AsWritten {
    /// Whether a template could not otherwise be written here. Tables, and
    /// lists of them, are always written out.
    fn may_be_computed(&self, shape: &Map<String, Value>) -> bool {
        let is_table = |items: &Value| {
            items.get("$ref").and_then(Value::as_str).is_some_and(|reference| self.tables.contains(reference))
        };
        if shape.contains_key("const") {
            return false;
        }
        match shape.get("type").and_then(Value::as_str) {
            Some("integer" | "number" | "boolean") => true,
            Some("array") => !shape.get("items").is_some_and(is_table),
            Some(_) => shape.contains_key("enum"),
            None => is_any_of_values(shape) || is_choice(shape),
        }
    }
}

/// One of several values, and not a rule about the keys of a table.
fn is_any_of_values(shape: &Map<String, Value>) -> bool {
    let alternatives = shape.get("anyOf").and_then(Value::as_array);
    alternatives.is_some_and(|alternatives| !alternatives.iter().any(|shape| shape.get("required").is_some()))
}

/// One of several texts, each with its meaning.
fn is_choice(shape: &Map<String, Value>) -> bool {
    let choices = shape.get("oneOf").and_then(Value::as_array);
    choices.is_some_and(|choices| choices.iter().all(|choice| choice.get("const").is_some()))
}

/// Takes what a value may be out of its shape, flat.
fn alternatives(shape: &mut Map<String, Value>) -> Vec<Value> {
    for key in ["anyOf", "oneOf"] {
        if let Some(Value::Array(alternatives)) = shape.shift_remove(key) {
            let inner = |alternative: Value| match alternative.get("anyOf") {
                Some(Value::Array(inner)) => inner.clone(),
                _ => vec![alternative],
            };
            return alternatives.into_iter().flat_map(inner).collect();
        }
    }
    let only: Vec<String> = shape.keys().filter(|key| !ANNOTATIONS.contains(&key.as_str())).cloned().collect();
    let only: Map<String, Value> = only.into_iter().filter_map(|key| shape.shift_remove_entry(&key)).collect();
    vec![Value::Object(only)]
}

/// TOML has no null: a key is there or it is not.
fn without_null(shape: &mut Map<String, Value>) {
    let null = json!({ "type": "null" });
    if let Some(Value::Array(types)) = shape.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            shape.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = shape.get_mut("anyOf") {
        alternatives.retain(|alternative| *alternative != null);
        if let [Value::Object(only)] = alternatives.as_mut_slice() {
            let only = std::mem::take(only);
            shape.shift_remove("anyOf");
            for (key, value) in only {
                shape.entry(key).or_insert(value);
            }
        }
    }
    if shape.get("default").is_some_and(Value::is_null) {
        shape.shift_remove("default");
    }
}
