//! The shape of a scenario file, for editors: a JSON Schema.
//!
//! Sections that are decoded as a whole describe themselves (`Design`,
//! `RequestSpec`, …). The others are read key by key, from a shape that differs
//! from the domain type's; their tables stand here, and are never made. That
//! they have the reader's keys, all of them and no others, is tested against
//! the reader's own messages.

mod claim;
mod file;
mod phase;
mod server;
mod step;

pub(crate) use file::ScenarioFile;

use schemars::JsonSchema;
use serde_json::{Value, json};

/// Exactly one of these keys.
pub(super) fn exactly_one(keys: &[&str]) -> Value {
    Value::Array(keys.iter().map(|key| json!({ "required": [key] })).collect())
}

/// One of these keys, or none.
pub(super) fn one_at_most(keys: &[&str]) -> Value {
    let mut ways: Vec<Value> = keys.iter().map(|key| json!({ "required": [key] })).collect();
    ways.push(json!({ "not": { "anyOf": ways } }));
    Value::Array(ways)
}

/// One value, or a list of them.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its shape is used")]
pub(super) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}
