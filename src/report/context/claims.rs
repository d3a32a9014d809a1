use indexmap::IndexMap;
use serde::Serialize;

use super::row;
use crate::metric::MetricDefinition;
use crate::report::figure::{self, Figure, Shown};
use crate::report::text::{NOT_MEASURED, line};
use crate::scenario::{ClaimKind, Selector};
use crate::verdict::{Judged, Verdict, Verdicts};

/// A published number and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimRow {
    /// Its short name.
    pub id: String,
    /// In its publisher's words.
    pub says: String,
    /// Where it stands: file, section, date.
    pub source: String,
    /// The metric's title.
    pub metric: String,
    /// Which cell, or which two.
    pub cells: String,
    /// As published, with its unit.
    pub published: String,
    /// `10.0 %`, or `–` where none belongs to the kind.
    pub tolerance: String,
    /// What was measured; of two cells, in the one above the line.
    pub measured: Figure,
    /// Measured over published (for an order: larger over smaller) with its
    /// 90 % interval, or `–`.
    pub ratio: String,
    /// The GPU it speaks of, if it names one.
    pub gpu: Option<String>,
    /// `reproduced`, `not comparable` and so on.
    pub verdict: &'static str,
    /// Why this verdict; and where a figure takes more memory traffic than its
    /// machine has, by what arithmetic.
    pub reason: String,
    /// Whether a figure does.
    pub implausible: bool,
}

const NONE: &str = "–";

/// Every claim, in the scenario's order.
pub(super) fn claims(verdicts: &Verdicts, metrics: &[MetricDefinition]) -> Vec<ClaimRow> {
    verdicts.claims.iter().map(|judged| claim(judged, metrics)).collect()
}

fn claim(judged: &Judged, metrics: &[MetricDefinition]) -> ClaimRow {
    let id = judged.claim.kind.metric().as_str();
    let metric = row(metrics, id);
    let shown = Shown::of(metric);
    let source = &judged.claim.source;
    let place = [Some(&source.file), source.section.as_ref(), source.date.as_ref()];
    ClaimRow {
        id: judged.claim.id.to_string(),
        says: line(&judged.claim.says),
        source: place.into_iter().flatten().map(|part| line(part)).collect::<Vec<_>>().join(", "),
        metric: metric.map_or(id, |metric| metric.title).to_owned(),
        cells: line(&cells(judged)),
        published: published(&judged.claim.kind, shown),
        tolerance: tolerance(&judged.claim.kind),
        measured: judged
            .measured
            .as_ref()
            .map_or_else(|| Figure::gap(id, metric, NOT_MEASURED), |estimate| Figure::estimate(id, metric, estimate)),
        ratio: judged.ratio.map_or_else(|| NONE.to_owned(), |(ratio, interval)| figure::ratio(ratio, Some(interval))),
        gpu: judged.claim.system.as_ref().and_then(|system| system.gpu.as_deref()).map(line),
        verdict: judged.verdict.words(),
        reason: reason(judged),
        implausible: !judged.implausible.is_empty(),
    }
}

fn cells(judged: &Judged) -> String {
    match &judged.claim.kind {
        ClaimKind::Absolute { cell, .. } | ClaimKind::AtLeast { cell, .. } | ClaimKind::AtMost { cell, .. } => {
            judged.cell.as_ref().map_or_else(|| selected(cell), ToString::to_string)
        }
        ClaimKind::Ratio { numerator, denominator, .. } => {
            format!("{} over {}", selected(numerator), selected(denominator))
        }
        ClaimKind::Ordering { larger, smaller, .. } => format!("{} over {}", selected(larger), selected(smaller)),
    }
}

fn selected(selector: &Selector) -> String {
    if selector.0.is_empty() { "any cell".to_owned() } else { selector.to_string() }
}

fn published(kind: &ClaimKind, shown: Shown) -> String {
    match kind {
        ClaimKind::Absolute { value, .. } => shown.number(*value),
        ClaimKind::Ratio { value, .. } => format!("× {}", Shown::PLAIN.number(*value)),
        ClaimKind::AtLeast { value, .. } => format!("at least {}", shown.number(*value)),
        ClaimKind::AtMost { value, .. } => format!("at most {}", shown.number(*value)),
        ClaimKind::Ordering { .. } => "larger".to_owned(),
    }
}

fn tolerance(kind: &ClaimKind) -> String {
    match kind {
        ClaimKind::Absolute { tolerance, .. } | ClaimKind::Ratio { tolerance, .. } => format!("±{tolerance}"),
        ClaimKind::AtLeast { .. } | ClaimKind::AtMost { .. } | ClaimKind::Ordering { .. } => NONE.to_owned(),
    }
}

fn reason(judged: &Judged) -> String {
    let implausible =
        judged.implausible.iter().map(|arithmetic| format!("physically implausible: {}", line(arithmetic)));
    [because(&judged.verdict)].into_iter().chain(implausible).collect::<Vec<_>>().join("; ")
}

fn because(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Reproduced => "the 90 % interval lies within what the claim allows".to_owned(),
        Verdict::NotReproduced => "the 90 % interval lies outside what the claim allows".to_owned(),
        Verdict::Inconclusive { needs: Some(needs) } => format!("about {needs} repetitions would tell"),
        Verdict::Inconclusive { needs: None } => {
            "the interval reaches over the edge of what the claim allows".to_owned()
        }
        Verdict::NotComparable { differences } => line(&differences.join("; ")),
        Verdict::Invalid { reason } | Verdict::NotRun { reason } => line(reason),
    }
}

/// How many claims got a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The verdict, in words.
    pub verdict: &'static str,
    /// How many.
    pub count: u32,
}

/// In the order that verdicts first occur.
pub(super) fn tallies(verdicts: &Verdicts) -> Vec<Tally> {
    let mut counts: IndexMap<&'static str, u32> = IndexMap::new();
    for judged in &verdicts.claims {
        *counts.entry(judged.verdict.words()).or_default() += 1;
    }
    counts.into_iter().map(|(verdict, count)| Tally { verdict, count }).collect()
}
