//! `[[claim]]`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::model::claim::{Direction, RequestTime, Source, SystemMatch};
use super::super::model::factor::Selector;
use crate::format::table;
use crate::names::{ClaimId, MetricId};
use crate::units::{Period, Share};

table! {
    /// A published number or order, and the cells that it speaks of.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields, extend("allOf" = by_kind()))]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct Claim as pub(in crate::scenario) ClaimKeys {
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
}

#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::scenario) enum PublishedValue {
    Number(f64),
    Share(Share),
}

#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ClaimKind")]
pub(in crate::scenario) enum Kind {
    /// The metric has this value in `where`.
    Absolute,
    /// The metric in one cell over the metric in another has this value.
    Ratio,
    /// The metric is at least this in `where`.
    AtLeast,
    /// The metric is at most this in `where`.
    AtMost,
    /// The metric in `where` lies between two values.
    Range,
    /// The metric is larger in one cell than in another.
    Ordering,
    /// The metric rises, or falls, from each cell of `along` to the next.
    Trend,
    /// At least a share of the requests in `where` takes less than a limit.
    FractionUnder,
}

/// The keys that only some kinds have: those a kind must have, and may have.
struct KindKeys {
    kind: Kind,
    word: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

impl KindKeys {
    const ALL: [Self; 8] = [
        Self::of(Kind::Absolute, "absolute", &["where", "value"], &["tolerance"]),
        Self::of(Kind::Ratio, "ratio", &["numerator", "denominator", "value"], &["tolerance"]),
        Self::of(Kind::AtLeast, "at_least", &["where", "value"], &[]),
        Self::of(Kind::AtMost, "at_most", &["where", "value"], &[]),
        Self::of(Kind::Range, "range", &["where", "from", "to"], &[]),
        Self::of(Kind::Ordering, "ordering", &["larger", "smaller"], &[]),
        Self::of(Kind::Trend, "trend", &["along", "direction"], &[]),
        Self::of(Kind::FractionUnder, "fraction_under", &["where", "limit", "value"], &[]),
    ];

    const fn of(
        kind: Kind,
        word: &'static str,
        required: &'static [&'static str],
        optional: &'static [&'static str],
    ) -> Self {
        Self { kind, word, required, optional }
    }

    fn has(&self, key: &str) -> bool {
        self.required.contains(&key) || self.optional.contains(&key)
    }
}

impl Claim {
    /// The keys of a claim of this kind; every key if the kind is not known.
    pub(in crate::scenario) fn keys_of(kind: Option<Kind>) -> Vec<&'static str> {
        let Some(own) = KindKeys::ALL.iter().find(|keys| Some(keys.kind) == kind) else { return Self::NAMES.to_vec() };
        Self::NAMES.iter().copied().filter(|key| own.has(key) || !is_particular(key)).collect()
    }
}

fn is_particular(key: &str) -> bool {
    KindKeys::ALL.iter().any(|keys| keys.has(key))
}

fn by_kind() -> Value {
    let rule = |keys: &KindKeys| {
        let KindKeys { word, required, .. } = keys;
        let foreign = Claim::NAMES.iter().filter(|key| is_particular(key) && !keys.has(key));
        let foreign = foreign.map(|key| ((*key).to_owned(), Value::Bool(false)));
        let narrowed = narrowed(word).into_iter().filter(|(key, _)| *key == "metric" || required.contains(key));
        let properties: Map<String, Value> =
            foreign.chain(narrowed.map(|(key, shape)| (key.to_owned(), shape))).collect();
        json!({
            "if": { "properties": { "kind": { "const": word } }, "required": ["kind"] },
            "then": { "required": required, "properties": properties },
        })
    };
    KindKeys::ALL.iter().map(rule).collect()
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
