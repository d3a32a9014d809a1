use indexmap::IndexMap;
use serde::Serialize;

use super::row;
use crate::metric::{Better, Family, Measure, MetricDefinition, Unit};
use crate::report::figure::{self, Figure, Shown};
use crate::report::text::{NOT_MEASURED, line};
use crate::scenario::{ClaimKind, Direction, RequestTime, Selector};
use crate::summary::Estimate;
use crate::verdict::{Judged, Over, Significance, Verdict, Verdicts};

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
    /// Which cell, or which of them.
    pub cells: String,
    /// As published, with its unit.
    pub published: String,
    /// `10.0 %`, or `–` where none belongs to the kind.
    pub tolerance: String,
    /// What was measured; of two cells, in the one above the line, and of a trend
    /// in the last.
    pub measured: Figure,
    /// The same as a reader compares it with what was published: of a ratio the
    /// ratio, of an order both sides and their ratio.
    pub shown: String,
    /// Whether it speaks of two cells, so that it says something on any machine.
    pub is_ratio: bool,
    /// Measured over published (for an order: larger over smaller) with its
    /// interval, or `–`.
    pub ratio: String,
    /// The GPU it speaks of, if it names one.
    pub gpu: Option<String>,
    /// `reproduced`, `not comparable` and so on.
    pub verdict: &'static str,
    /// Why this verdict; of a trend, every step; and where a figure takes more memory traffic than its
    /// machine has, by what arithmetic.
    pub reason: String,
    /// Whether a figure does.
    pub implausible: bool,
    /// By what arithmetic.
    pub arithmetic: String,
}

const NONE: &str = "–";

/// How the share of requests under a limit is shown.
const FRACTION: MetricDefinition = MetricDefinition {
    id: "fraction_under",
    title: "requests under a limit",
    unit: Unit::Share,
    better: Better::Higher,
    family: Family::Quality,
    measure: Measure::Nothing("it is counted where a claim names the limit"),
};

/// How often a test may err, and the margin within which two values are equal.
type Judging = (Significance, f64);

/// Every claim, in the scenario's order.
pub(super) fn claims(verdicts: &Verdicts, metrics: &[MetricDefinition]) -> Vec<ClaimRow> {
    let judging = (verdicts.significance, verdicts.decision.margin);
    verdicts.claims.iter().map(|judged| claim(judged, judging, metrics)).collect()
}

fn claim(judged: &Judged, judging: Judging, metrics: &[MetricDefinition]) -> ClaimRow {
    let (id, metric, title) = subject(&judged.claim.kind, metrics);
    let shown = Shown::of(metric);
    let source = &judged.claim.source;
    let place = [Some(&source.file), source.section.as_ref(), source.date.as_ref()];
    ClaimRow {
        id: judged.claim.id.to_string(),
        says: line(&judged.claim.says),
        source: place.into_iter().flatten().map(|part| line(part)).collect::<Vec<_>>().join(", "),
        metric: title.to_owned(),
        cells: line(&cells(judged)),
        published: published(&judged.claim.kind, shown),
        tolerance: tolerance(&judged.claim.kind),
        shown: measured_text(judged, id, metric),
        measured: measured(judged, id, metric),
        is_ratio: judged.over.is_some(),
        ratio: judged.ratio.map_or_else(|| NONE.to_owned(), |(ratio, interval)| figure::ratio(ratio, Some(interval))),
        gpu: judged.claim.system.as_ref().and_then(|system| system.gpu.as_deref()).map(line),
        verdict: judged.verdict.words(),
        reason: reason(judged, judging, metrics),
        implausible: !judged.implausible.is_empty(),
        arithmetic: line(&judged.implausible.join("; ")),
    }
}

fn measured(judged: &Judged, id: &str, metric: Option<&MetricDefinition>) -> Figure {
    let gap = || Figure::gap(id, metric, NOT_MEASURED);
    judged.measured.as_ref().map_or_else(gap, |estimate| Figure::estimate(id, metric, estimate))
}

/// `×1.38 [1.37, 1.40] (295 tok/s over 213 tok/s)`.
fn measured_text(judged: &Judged, id: &str, metric: Option<&MetricDefinition>) -> String {
    let Some((above, below)) = judged.measured.as_ref().zip(judged.below.as_ref()) else {
        return measured(judged, id, metric).with_unit;
    };
    let of = |value: &Estimate| Shown::of(metric).number(value.value);
    let sides = format!("{} over {}", of(above), of(below));
    match judged.over {
        Some(over) => format!("×{} ({sides})", figure::ratio(over.ratio, Some(over.interval))),
        None => sides,
    }
}

/// What is shown of a claim's metric: its id, how its numbers look, its title.
fn subject<'a>(
    kind: &'a ClaimKind,
    metrics: &'a [MetricDefinition],
) -> (&'a str, Option<&'a MetricDefinition>, &'a str) {
    match kind {
        ClaimKind::FractionUnder { metric: RequestTime::Ttft, .. } => {
            (FRACTION.id, Some(&FRACTION), "time to first token")
        }
        ClaimKind::FractionUnder { metric: RequestTime::Tpot, .. } => {
            (FRACTION.id, Some(&FRACTION), "time per output token")
        }
        ClaimKind::FractionUnder { metric: RequestTime::E2e, .. } => (FRACTION.id, Some(&FRACTION), "whole request"),
        other => {
            let metric = row(metrics, other.metric());
            (other.metric(), metric, metric.map_or(other.metric(), |metric| metric.title))
        }
    }
}

fn cells(judged: &Judged) -> String {
    match &judged.claim.kind {
        ClaimKind::Absolute { cell, .. }
        | ClaimKind::AtLeast { cell, .. }
        | ClaimKind::AtMost { cell, .. }
        | ClaimKind::Range { cell, .. }
        | ClaimKind::FractionUnder { cell, .. } => {
            judged.cell.as_ref().map_or_else(|| selected(cell), ToString::to_string)
        }
        ClaimKind::Ratio { numerator, denominator, .. } => {
            format!("{} over {}", selected(numerator), selected(denominator))
        }
        ClaimKind::Ordering { larger, smaller, .. } => format!("{} over {}", selected(larger), selected(smaller)),
        ClaimKind::Trend { along, .. } => along.iter().map(selected).collect::<Vec<_>>().join(", then "),
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
        ClaimKind::Range { from, to, .. } => shown.between(*from, *to),
        ClaimKind::Ordering { .. } => "larger".to_owned(),
        ClaimKind::Trend { direction: Direction::Rises, .. } => "rises".to_owned(),
        ClaimKind::Trend { direction: Direction::Falls, .. } => "falls".to_owned(),
        ClaimKind::FractionUnder { limit, value, .. } => {
            format!("at least {} under {limit}", shown.number(value.fraction()))
        }
    }
}

fn tolerance(kind: &ClaimKind) -> String {
    match kind {
        ClaimKind::Absolute { tolerance, .. } | ClaimKind::Ratio { tolerance, .. } => format!("±{tolerance}"),
        ClaimKind::AtLeast { .. }
        | ClaimKind::AtMost { .. }
        | ClaimKind::Range { .. }
        | ClaimKind::Ordering { .. }
        | ClaimKind::Trend { .. }
        | ClaimKind::FractionUnder { .. } => NONE.to_owned(),
    }
}

fn reason(judged: &Judged, judging: Judging, metrics: &[MetricDefinition]) -> String {
    let implausible =
        judged.implausible.iter().map(|arithmetic| format!("physically implausible: {}", line(arithmetic)));
    let faults = judged.faults.as_deref().map(line);
    [because(judged, judging, metrics)]
        .into_iter()
        .chain(steps(judged))
        .chain(faults)
        .chain(implausible)
        .collect::<Vec<_>>()
        .join("; ")
}

/// `each over the one before: 1.9 [1.8, 2.0], 1.3 [1.2, 1.4]`.
fn steps(judged: &Judged) -> Option<String> {
    let ratios: Vec<String> =
        judged.steps.iter().map(|(ratio, interval)| figure::ratio(*ratio, Some(*interval))).collect();
    (!ratios.is_empty()).then(|| format!("each over the one before: {}", ratios.join(", ")))
}

/// `measured 15.9 [14.3, 17.6] %, claimed 5 to 15 %`.
fn fact(judged: &Judged, metrics: &[MetricDefinition]) -> String {
    let (id, metric, _) = subject(&judged.claim.kind, metrics);
    let claimed = published(&judged.claim.kind, Shown::of(metric));
    let tolerance = tolerance(&judged.claim.kind);
    let tolerance = if tolerance == NONE { String::new() } else { format!(" {tolerance}") };
    format!("measured {}, claimed {claimed}{tolerance}", measured_text(judged, id, metric))
}

/// Why an order does not hold. What lies within the margin is equal, and no order
/// the other way.
fn no_difference(judged: &Judged, margin: f64) -> &'static str {
    let is_order = matches!(judged.claim.kind, ClaimKind::Ordering { .. });
    match judged.over {
        Some(Over { interval, .. }) if is_order && interval.upper < 1.0 / (1.0 + margin) => ": the other way round",
        Some(Over { interval, .. }) if is_order && interval.lower > 1.0 / (1.0 + margin) => ": equal within the margin",
        Some(_) if is_order => ": not larger by the margin",
        Some(_) | None => "",
    }
}

fn because(judged: &Judged, (significance, margin): Judging, metrics: &[MetricDefinition]) -> String {
    let is_trend = matches!(judged.claim.kind, ClaimKind::Trend { .. });
    match &judged.verdict {
        Verdict::Reproduced if is_trend => "every step goes that way, with all of them tested at once".to_owned(),
        Verdict::NotReproduced if is_trend => "a step goes the other way, or none".to_owned(),
        Verdict::Inconclusive { needs: None } if is_trend => "a step may go either way".to_owned(),
        Verdict::Reproduced => fact(judged, metrics),
        Verdict::NotReproduced => format!("{}{}", fact(judged, metrics), no_difference(judged, margin)),
        Verdict::Inconclusive { needs } => {
            let needs = needs.map_or_else(String::new, |needs| format!("; about {needs} repetitions would tell"));
            format!("{}: the {significance} interval reaches over the edge{needs}", fact(judged, metrics))
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
