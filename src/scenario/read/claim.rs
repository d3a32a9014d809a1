//! `[[claim]]`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::claim::{Claim, ClaimKind, Document, RequestTime};
use super::super::factor::Selector;
use super::super::printed::printed;
use super::factor::read_selector;
use super::known_metric;
use crate::format::{Code, Fields, Finding, Node, Scope, decode, list_of};
use crate::names::MetricId;
use crate::units::{Period, Share};

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ClaimKind")]
pub(in super::super) enum Kind {
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

/// Keys that only some kinds have.
pub(in super::super) const PARTICULAR: [&str; 12] = [
    "where",
    "numerator",
    "denominator",
    "larger",
    "smaller",
    "along",
    "direction",
    "limit",
    "from",
    "to",
    "value",
    "tolerance",
];

/// Reads every `[[document]]`.
pub(in super::super) fn read_documents(fields: &Fields<'_>) -> Vec<Document> {
    let nodes = list_of(fields, "document");
    nodes.iter().filter_map(|node| decode(&fields.scope.render(node)?, fields.scope.notes)).collect()
}

/// Reads every `[[claim]]`; a second one of the same id is noted. One that names
/// no system has that of its document.
pub(in super::super) fn read_claims(
    nodes: &[Node],
    documents: &[Document],
    (cells, metrics): (&[&str], &[&str]),
    scope: &Scope<'_>,
) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for node in nodes {
        let Some(mut claim) = read_claim(node, cells, metrics, scope) else { continue };
        let document = documents.iter().find(|document| document.file == claim.source.file);
        claim.system = claim.system.or_else(|| Some(document?.system.clone()));
        if claims.iter().any(|earlier| earlier.id == claim.id) {
            let span = node.as_table().and_then(|table| table.get("id")).map_or(&node.span, |entry| &entry.node.span);
            let finding = Finding::new(Code::Duplicate, span.clone(), format!("a second claim `{}`", claim.id));
            scope.notes.push(finding);
        }
        claims.push(claim);
    }
    claims
}

/// Reads one `[[claim]]`; `cells` are the keys a selector may have, `metrics`
/// the known ids.
fn read_claim(node: &Node, cells: &[&str], metrics: &[&str], scope: &Scope<'_>) -> Option<Claim> {
    let fields = Fields::of(node, scope)?;
    let id = fields.required("id");
    let says: Option<String> = fields.required("says");
    let source = fields.required("source");
    let system = fields.optional("system");
    let written = fields.required("kind");
    let kind = written.and_then(|kind| read_kind(kind, &fields, metrics, cells));
    if written.is_none() {
        let times = RequestTime::ALL.map(RequestTime::id);
        read_metric(&fields, &[metrics, times.as_slice()].concat());
    }
    if kind.is_none() {
        // Which of these belong to it cannot be told.
        for key in PARTICULAR {
            fields.raw(key);
        }
    }
    if let (Some(says), Some(kind)) = (&says, &kind) {
        check_figures(&fields, says, kind);
    }
    fields.finish();
    Some(Claim { id: id?, says: says?, source: source?, kind: kind?, system })
}

/// Notes a figure that the words of its claim print so that it may be another.
fn check_figures(fields: &Fields<'_>, says: &str, kind: &ClaimKind) {
    let ends = match kind {
        ClaimKind::Range { from, to, .. } => vec![*from, *to],
        other => other.value().into_iter().collect(),
    };
    for ambiguous in ends.into_iter().filter_map(|value| printed(says, value).err()) {
        let span = fields.raw("says").map_or_else(|| fields.span(), |node| node.span.clone());
        let finding = Finding::new(Code::AmbiguousFigure, span, ambiguous.to_string());
        let plain = format!("add it as it is meant, `[{}]`, or correct the value", ambiguous.meant);
        fields.scope.notes.push(finding.help(plain));
    }
}

fn read_metric(fields: &Fields<'_>, metrics: &[&str]) -> Option<MetricId> {
    let metric: MetricId = fields.required("metric")?;
    let span = fields.raw("metric").map_or_else(|| fields.span(), |node| node.span.clone());
    known_metric(metric.as_str(), span, metrics, fields.scope.notes)
}

fn read_kind(kind: Kind, fields: &Fields<'_>, metrics: &[&str], cells: &[&str]) -> Option<ClaimKind> {
    if let Kind::FractionUnder = kind {
        return read_fraction(fields, cells);
    }
    let metric = read_metric(fields, metrics);
    let selector = |key| -> Option<Selector> { read_selector(fields.must_have(key)?, cells, &fields.scope) };
    let tolerance = || fields.optional("tolerance").or_else(|| Share::from_fraction(0.1));
    match kind {
        Kind::Absolute => {
            let (cell, value, tolerance) = (selector("where"), read_value(fields), tolerance());
            Some(ClaimKind::Absolute { metric: metric?, cell: cell?, value: value?, tolerance: tolerance? })
        }
        Kind::Ratio => {
            let (numerator, denominator) = (selector("numerator"), selector("denominator"));
            let (value, tolerance) = (read_value(fields), tolerance());
            Some(ClaimKind::Ratio {
                metric: metric?,
                numerator: numerator?,
                denominator: denominator?,
                value: value?,
                tolerance: tolerance?,
            })
        }
        Kind::AtLeast => {
            let (cell, value) = (selector("where"), read_value(fields));
            Some(ClaimKind::AtLeast { metric: metric?, cell: cell?, value: value? })
        }
        Kind::AtMost => {
            let (cell, value) = (selector("where"), read_value(fields));
            Some(ClaimKind::AtMost { metric: metric?, cell: cell?, value: value? })
        }
        Kind::Range => {
            let (cell, from, to) = (selector("where"), read_number(fields, "from"), read_number(fields, "to"));
            if from.zip(to).is_some_and(|(from, to)| from >= to) {
                complain(fields, "to", "`to` must be more than `from`".to_owned());
            }
            Some(ClaimKind::Range { metric: metric?, cell: cell?, from: from?, to: to? })
        }
        Kind::Ordering => {
            let (larger, smaller) = (selector("larger"), selector("smaller"));
            Some(ClaimKind::Ordering { metric: metric?, larger: larger?, smaller: smaller? })
        }
        Kind::Trend => {
            let (direction, along) = (fields.required("direction"), read_along(fields, cells));
            Some(ClaimKind::Trend { metric: metric?, direction: direction?, along: along? })
        }
        Kind::FractionUnder => None,
    }
}

fn read_fraction(fields: &Fields<'_>, cells: &[&str]) -> Option<ClaimKind> {
    let metric = fields.required("metric");
    let cell = fields.must_have("where").and_then(|node| read_selector(node, cells, &fields.scope));
    let (limit, value) = (fields.required::<Period>("limit"), fields.required::<Share>("value"));
    if limit.is_some_and(Period::is_zero) {
        complain(fields, "limit", "no request takes less than no time".to_owned());
    }
    if let Some(share) = value.filter(|share| !(0.0 < share.fraction() && share.fraction() <= 1.0)) {
        complain(fields, "value", format!("`value` is {share} but must be above 0 % and at most 100 %"));
    }
    Some(ClaimKind::FractionUnder { metric: metric?, cell: cell?, limit: limit?, value: value? })
}

/// The cells of a trend, in order.
fn read_along(fields: &Fields<'_>, cells: &[&str]) -> Option<Vec<Selector>> {
    let node = fields.must_have("along")?;
    let Some(list) = node.as_list() else {
        let finding =
            Finding::new(Code::Value, node.span.clone(), format!("expected a list, found {}", node.describe()));
        fields.scope.notes.push(finding.help("write it like along = [{ clients = 1 }, { clients = 2 }]"));
        return None;
    };
    let along: Vec<Option<Selector>> = list.iter().map(|node| read_selector(node, cells, &fields.scope)).collect();
    if along.len() < 2 {
        complain(fields, "along", "a trend needs two cells or more".to_owned());
    }
    for (index, (selector, node)) in along.iter().zip(list).enumerate() {
        if let Some(selector) = selector.as_ref().filter(|_| along.iter().take(index).any(|other| other == selector)) {
            let message = format!("{selector} stands twice in `along`");
            fields.scope.notes.push(Finding::new(Code::Duplicate, node.span.clone(), message));
        }
    }
    along.into_iter().collect()
}

/// Notes what is out of bounds, at the key's value.
fn complain(fields: &Fields<'_>, key: &'static str, message: String) {
    let span = fields.raw(key).map_or_else(|| fields.span(), |node| node.span.clone());
    fields.scope.notes.push(Finding::new(Code::Bounds, span, message));
}

fn read_value(fields: &Fields<'_>) -> Option<f64> {
    read_number(fields, "value")
}

fn read_number(fields: &Fields<'_>, key: &'static str) -> Option<f64> {
    let value: f64 = fields.required(key)?;
    if !value.is_finite() {
        complain(fields, key, "a published value is finite".to_owned());
    }
    Some(value)
}
