//! `[[claim]]`.
#![expect(dead_code, reason = "only the shapes are used")]

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::super::claim::{Direction, RequestTime, Source, SystemMatch};
use super::super::factor::Selector;
use super::super::read::claim::{Kind, PARTICULAR};
use crate::names::{ClaimId, MetricId};
use crate::units::{Period, Share};

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
    /// What it speaks of, that of its document if left out; elsewhere it is not
    /// comparable. `{}` is any system.
    system: Option<SystemMatch>,
    /// What kind of statement it is.
    kind: Kind,
    /// Which metric; of a `fraction_under`, which time of a request: `ttft`,
    /// `tpot` or `e2e`, as `slo` bounds it.
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
    /// The cells of a trend, in order; two or more.
    along: Option<Vec<Selector>>,
    /// Which way a trend goes.
    direction: Option<Direction>,
    /// What the time of a request must stay under.
    limit: Option<Period>,
    /// The lower end of a range.
    from: Option<f64>,
    /// Its upper end.
    to: Option<f64>,
    /// The number as published, in the metric's unit; of a `fraction_under`,
    /// the share of requests: `95%`.
    value: Option<PublishedValue>,
    /// How far off still counts as reproduced; `10%` if left out.
    tolerance: Option<Share>,
}

#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum PublishedValue {
    Number(f64),
    Share(Share),
}

/// For each kind, the particular keys it must have and those it may have.
const KINDS: [(&str, &[&str], &[&str]); 8] = [
    ("absolute", &["where", "value"], &["tolerance"]),
    ("ratio", &["numerator", "denominator", "value"], &["tolerance"]),
    ("at_least", &["where", "value"], &[]),
    ("at_most", &["where", "value"], &[]),
    ("range", &["where", "from", "to"], &[]),
    ("ordering", &["larger", "smaller"], &[]),
    ("trend", &["along", "direction"], &[]),
    ("fraction_under", &["where", "limit", "value"], &[]),
];

fn by_kind() -> Value {
    let rule = |(kind, required, optional): &(&str, &[&str], &[&str])| {
        let foreign = PARTICULAR.iter().filter(|key| !required.contains(key) && !optional.contains(key));
        let foreign = foreign.map(|key| ((*key).to_owned(), Value::Bool(false)));
        let narrowed = narrowed(kind).into_iter().filter(|(key, _)| *key == "metric" || required.contains(key));
        let properties: Map<String, Value> =
            foreign.chain(narrowed.map(|(key, shape)| (key.to_owned(), shape))).collect();
        json!({
            "if": { "properties": { "kind": { "const": kind } }, "required": ["kind"] },
            "then": { "required": required, "properties": properties },
        })
    };
    KINDS.iter().map(rule).collect()
}

/// Keys that several kinds have and that do not hold the same in all of them.
fn narrowed(kind: &str) -> Vec<(&'static str, Value)> {
    match kind {
        "fraction_under" => vec![
            ("metric", json!({ "type": "string", "enum": RequestTime::ALL.map(RequestTime::id) })),
            ("value", json!({ "$ref": "#/$defs/Share" })),
        ],
        _ => vec![("value", json!({ "type": "number" }))],
    }
}
