//! `[[claim]]`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::claim::{Claim, ClaimKind};
use super::super::diagnostic::Code;
use super::super::factor::Selector;
use super::super::fields::Fields;
use super::super::source::Finding;
use super::super::template::Scope;
use super::super::tree::Node;
use super::factor::read_selector;
use super::known_metric;
use crate::names::MetricId;
use crate::units::Share;

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
    /// The metric is larger in one cell than in another.
    Ordering,
}

/// Reads every `[[claim]]`; a second one of the same id is noted.
pub(in super::super) fn read_claims(nodes: &[Node], cells: &[&str], metrics: &[&str], scope: &Scope<'_>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for node in nodes {
        let Some(claim) = read_claim(node, cells, metrics, scope) else { continue };
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
    let says = fields.required("says");
    let source = fields.required("source");
    let metric = read_metric(&fields, metrics);
    let system = fields.optional("system");
    let kind = fields.required("kind").and_then(|kind| read_kind(kind, metric, &fields, cells));
    if kind.is_none() {
        // Which of these belong to it cannot be told.
        for key in ["where", "numerator", "denominator", "larger", "smaller", "value", "tolerance"] {
            fields.raw(key);
        }
    }
    fields.finish();
    Some(Claim { id: id?, says: says?, source: source?, kind: kind?, system })
}

fn read_metric(fields: &Fields<'_>, metrics: &[&str]) -> Option<MetricId> {
    let metric: MetricId = fields.required("metric")?;
    let span = fields.raw("metric").map_or_else(|| fields.span(), |node| node.span.clone());
    known_metric(metric.as_str(), span, metrics, fields.scope.notes)
}

fn read_kind(kind: Kind, metric: Option<MetricId>, fields: &Fields<'_>, cells: &[&str]) -> Option<ClaimKind> {
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
        Kind::Ordering => {
            let (larger, smaller) = (selector("larger"), selector("smaller"));
            Some(ClaimKind::Ordering { metric: metric?, larger: larger?, smaller: smaller? })
        }
    }
}

fn read_value(fields: &Fields<'_>) -> Option<f64> {
    let value: f64 = fields.required("value")?;
    if !value.is_finite() {
        let span = fields.raw("value").map_or_else(|| fields.span(), |node| node.span.clone());
        fields.scope.notes.push(Finding::new(Code::Bounds, span, "a published value is finite"));
    }
    Some(value)
}
