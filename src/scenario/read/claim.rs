//! `[[claim]]`.

use super::super::model::claim::{Claim, ClaimKind, Document, RequestTime};
use super::super::model::factor::Selector;
use super::super::model::printed::printed;
use super::super::tables::{Claim as Written, ClaimKeys, Kind};
use super::factor::read_selector;
use super::known_metric;
use crate::format::{Code, Fields, Finding, Key, Keys, Node, Scope};
use crate::names::MetricId;
use crate::units::{Period, Share};

/// Reads every `[[document]]`.
pub(in super::super) fn read_documents<T>(written: Key<'_, T>, scope: &Scope<'_>) -> Vec<Document> {
    written.list().iter().filter_map(|node| written.decode(&scope.render(node)?)).collect()
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
    let keys = ClaimKeys::among(&fields);
    let (id, says, source) = (keys.id.required(), keys.says.required(), keys.source.required());
    let system = keys.system.optional();
    let written = keys.kind.required();
    let reader = Reader { keys: &keys, cells, metrics, scope };
    let kind = written.and_then(|kind| reader.kind(kind));
    if written.is_none() {
        reader.metric(&[metrics, RequestTime::ALL.map(RequestTime::id).as_slice()].concat());
    }
    if let (Some(says), Some(kind)) = (&says, &kind) {
        check_figures(keys.says, says, kind);
    }
    // Without a kind, which of the keys belong to it cannot be told.
    fields.only(&Written::keys_of(written.filter(|_| kind.is_some())));
    Some(Claim { id: id?, says: says?, source: source?, kind: kind?, system })
}

/// Notes a figure that the words of its claim print so that it may be another.
fn check_figures(key: Key<'_, String>, says: &str, kind: &ClaimKind) {
    let ends = match kind {
        ClaimKind::Range { from, to, .. } => vec![*from, *to],
        other => other.value().into_iter().collect(),
    };
    for ambiguous in ends.into_iter().filter_map(|value| printed(says, value).err()) {
        let plain = format!("add it as it is meant, `[{}]`, or correct the value", ambiguous.meant);
        key.advise(Code::AmbiguousFigure, ambiguous.to_string(), plain);
    }
}

struct Reader<'a> {
    keys: &'a ClaimKeys<'a>,
    cells: &'a [&'a str],
    metrics: &'a [&'a str],
    scope: &'a Scope<'a>,
}

impl Reader<'_> {
    fn metric(&self, known: &[&str]) -> Option<MetricId> {
        let metric = self.keys.metric.required()?;
        known_metric(metric.as_str(), self.keys.metric.span(), known, self.scope.notes)
    }

    fn selector(&self, key: Key<'_, Option<Selector>>) -> Option<Selector> {
        read_selector(key.must_have()?, self.cells, self.scope)
    }

    fn kind(&self, kind: Kind) -> Option<ClaimKind> {
        if kind == Kind::FractionUnder {
            return self.fraction();
        }
        let keys = self.keys;
        let metric = self.metric(self.metrics);
        let tolerance = || keys.tolerance.optional().or_else(|| Share::from_fraction(0.1));
        match kind {
            Kind::Absolute => {
                let (cell, value, tolerance) = (self.selector(keys.r#where), number(keys.value), tolerance());
                Some(ClaimKind::Absolute { metric: metric?, cell: cell?, value: value?, tolerance: tolerance? })
            }
            Kind::Ratio => {
                let (numerator, denominator) = (self.selector(keys.numerator), self.selector(keys.denominator));
                let (value, tolerance) = (number(keys.value), tolerance());
                Some(ClaimKind::Ratio {
                    metric: metric?,
                    numerator: numerator?,
                    denominator: denominator?,
                    value: value?,
                    tolerance: tolerance?,
                })
            }
            Kind::AtLeast => {
                let (cell, value) = (self.selector(keys.r#where), number(keys.value));
                Some(ClaimKind::AtLeast { metric: metric?, cell: cell?, value: value? })
            }
            Kind::AtMost => {
                let (cell, value) = (self.selector(keys.r#where), number(keys.value));
                Some(ClaimKind::AtMost { metric: metric?, cell: cell?, value: value? })
            }
            Kind::Range => {
                let (cell, from, to) = (self.selector(keys.r#where), number(keys.from), number(keys.to));
                if from.zip(to).is_some_and(|(from, to)| from >= to) {
                    keys.to.complain(Code::Bounds, "`to` must be more than `from`");
                }
                Some(ClaimKind::Range { metric: metric?, cell: cell?, from: from?, to: to? })
            }
            Kind::Ordering => {
                let (larger, smaller) = (self.selector(keys.larger), self.selector(keys.smaller));
                Some(ClaimKind::Ordering { metric: metric?, larger: larger?, smaller: smaller? })
            }
            Kind::Trend => {
                let (direction, along) = (keys.direction.required_as(), self.along());
                Some(ClaimKind::Trend { metric: metric?, direction: direction?, along: along? })
            }
            Kind::FractionUnder => None,
        }
    }

    fn fraction(&self) -> Option<ClaimKind> {
        let ClaimKeys { metric, r#where, limit, value, .. } = self.keys;
        let (metric, cell) = (metric.required_as::<RequestTime>(), self.selector(*r#where));
        let (under, share) = (limit.required_as::<Period>(), value.required_as::<Share>());
        if under.is_some_and(Period::is_zero) {
            limit.complain(Code::Bounds, "no request takes less than no time");
        }
        if let Some(share) = share.filter(|share| !(0.0 < share.fraction() && share.fraction() <= 1.0)) {
            value.complain(Code::Bounds, format!("`value` is {share} but must be above 0 % and at most 100 %"));
        }
        Some(ClaimKind::FractionUnder { metric: metric?, cell: cell?, limit: under?, value: share? })
    }

    /// The cells of a trend, in order.
    fn along(&self) -> Option<Vec<Selector>> {
        let (key, notes) = (self.keys.along, self.scope.notes);
        let node = key.must_have()?;
        let Some(list) = node.as_list() else {
            let message = format!("expected a list, found {}", node.describe());
            key.advise(Code::Value, message, "write it like along = [{ clients = 1 }, { clients = 2 }]");
            return None;
        };
        let along: Vec<Option<Selector>> =
            list.iter().map(|node| read_selector(node, self.cells, self.scope)).collect();
        if along.len() < 2 {
            key.complain(Code::Bounds, "a trend needs two cells or more");
        }
        for (index, (selector, node)) in along.iter().zip(list).enumerate() {
            if let Some(selector) =
                selector.as_ref().filter(|_| along.iter().take(index).any(|other| other == selector))
            {
                let message = format!("{selector} stands twice in `along`");
                notes.push(Finding::new(Code::Duplicate, node.span.clone(), message));
            }
        }
        along.into_iter().collect()
    }
}

fn number<T>(key: Key<'_, T>) -> Option<f64> {
    let value: f64 = key.required_as()?;
    if !value.is_finite() {
        key.complain(Code::Bounds, "a published value is finite");
    }
    Some(value)
}
