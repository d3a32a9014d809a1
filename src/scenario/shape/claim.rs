//! `[[claim]]`.
#![expect(dead_code, reason = "only the shapes are used")]

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::super::claim::{Source, SystemMatch};
use super::super::factor::Selector;
use super::super::read::claim::Kind;
use crate::names::{ClaimId, MetricId};
use crate::units::Share;

/// A published number or order, and the cells that it speaks of.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("allOf" = by_kind()))]
pub(super) struct Claim {
    /// Its short name.
    id: ClaimId,
    /// The claim in its publisher's words.
    says: String,
    /// Where it stands.
    source: Source,
    /// What it speaks of; elsewhere it is not comparable.
    system: Option<SystemMatch>,
    /// What kind of statement it is.
    kind: Kind,
    /// Which metric.
    metric: MetricId,
    /// The cell it speaks of: levels, `phase`, `clients`, `rate`.
    r#where: Option<Selector>,
    /// The cell above the line of a ratio.
    numerator: Option<Selector>,
    /// The cell below the line of a ratio.
    denominator: Option<Selector>,
    /// The cell where the metric is larger.
    larger: Option<Selector>,
    /// The cell where the metric is smaller.
    smaller: Option<Selector>,
    /// The number as published, in the metric's unit.
    value: Option<f64>,
    /// How far off still counts as reproduced; `10%` if left out.
    tolerance: Option<Share>,
}

/// Keys that only some kinds have.
const PARTICULAR: [&str; 7] = ["where", "numerator", "denominator", "larger", "smaller", "value", "tolerance"];

/// For each kind, the particular keys it must have and those it may have.
const KINDS: [(&str, &[&str], &[&str]); 5] = [
    ("absolute", &["where", "value"], &["tolerance"]),
    ("ratio", &["numerator", "denominator", "value"], &["tolerance"]),
    ("at_least", &["where", "value"], &[]),
    ("at_most", &["where", "value"], &[]),
    ("ordering", &["larger", "smaller"], &[]),
];

fn by_kind() -> Value {
    let rule = |(kind, required, optional): &(&str, &[&str], &[&str])| {
        let foreign = PARTICULAR.iter().filter(|key| !required.contains(key) && !optional.contains(key));
        let foreign: Map<String, Value> = foreign.map(|key| ((*key).to_owned(), Value::Bool(false))).collect();
        json!({
            "if": { "properties": { "kind": { "const": kind } }, "required": ["kind"] },
            "then": { "required": required, "properties": foreign },
        })
    };
    KINDS.iter().map(rule).collect()
}
