//! Pieces of JSON Schemas that several tables have.

use schemars::JsonSchema;
use serde_json::{Value, json};

/// Exactly one of these keys.
pub(crate) fn exactly_one(keys: &[&str]) -> Value {
    Value::Array(keys.iter().map(|key| json!({ "required": [key] })).collect())
}

/// One of these keys, or none.
pub(crate) fn one_at_most(keys: &[&str]) -> Value {
    let mut ways: Vec<Value> = keys.iter().map(|key| json!({ "required": [key] })).collect();
    ways.push(json!({ "not": { "anyOf": ways } }));
    Value::Array(ways)
}

/// One value, or a list of them.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its shape is used")]
pub(crate) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

/// An expression, `servers > 1 and mps == 'on'` say, or `true` or `false`.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Condition {
    Expression(String),
    Known(bool),
}
