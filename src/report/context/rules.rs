use indexmap::IndexMap;
use serde::Serialize;

use super::row;
use crate::metric::MetricDefinition;
use crate::report::figure::{self, Figure, Shown};
use crate::report::text::{NOT_MEASURED, line, sentence};
use crate::scenario::Quantity;
use crate::summary::Measured;
use crate::verdict::{JudgedRule, Ruling, Turning, Verdicts};

/// A rule of the scenario and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    /// What it recommends.
    pub recommend: String,
    /// Its condition, as written.
    pub when: String,
    /// Why the one follows from the other.
    pub because: String,
    /// `holds`, `does not hold`, `insufficient evidence` or `not decidable`.
    pub ruling: &'static str,
    /// Why it is not decidable; none if it is.
    pub reason: Option<String>,
    /// What the condition reads, each with its interval.
    pub figures: Vec<String>,
    /// The same, short: metric, ratio or value, without the cells.
    pub shown: Vec<String>,
    /// Which of them would have to change, and to what, for another ruling.
    pub turnings: Vec<String>,
    /// Those of these that lie within a tenth.
    pub near: Vec<String>,
}

/// How far off a turning may be and still be near, as a ratio.
const NEAR: f64 = 1.1;

/// Every rule, in order.
pub(super) fn rules(verdicts: &Verdicts, metrics: &[MetricDefinition]) -> Vec<RuleRow> {
    verdicts.rules.iter().map(|rule| rule_row(rule, metrics)).collect()
}

fn rule_row(rule: &JudgedRule, metrics: &[MetricDefinition]) -> RuleRow {
    RuleRow {
        recommend: sentence(&line(&rule.recommend)),
        when: line(&rule.when),
        because: line(&rule.because),
        ruling: rule.ruling.words(),
        reason: match &rule.ruling {
            Ruling::Holds | Ruling::DoesNotHold => None,
            Ruling::Undecided => Some("it would hold with true values inside their intervals".to_owned()),
            Ruling::NotDecidable { reasons } => Some(line(&reasons.join("; "))),
        },
        figures: rule.figures.iter().map(|(quantity, measured)| line(&figure(quantity, measured, metrics))).collect(),
        shown: shown(rule, metrics),
        turnings: rule.turnings.iter().map(|turning| line(&self::turning(turning, metrics, Cells::Told))).collect(),
        near: near(rule, metrics),
    }
}

/// Whether a sentence names the cells that it speaks of.
#[derive(Clone, Copy)]
enum Cells {
    Told,
    Left,
}

fn near(rule: &JudgedRule, metrics: &[MetricDefinition]) -> Vec<String> {
    let is_near = |turning: &&Turning| (turning.turns_at / turning.measured).ln().abs() <= NEAR.ln();
    rule.turnings.iter().filter(is_near).map(|one| line(&turning(one, metrics, Cells::Left))).collect()
}

/// `would hold from ×1.05 on, not ×0.98: output throughput, mps=on ÷ mps=off`.
fn turning(turning: &Turning, metrics: &[MetricDefinition], told: Cells) -> String {
    let Turning { quantity, measured, turns_at, holds_beyond } = turning;
    let (title, cells, definition) = named(quantity, metrics);
    let number = |value: f64| match quantity {
        Quantity::Ratio { .. } => format!("×{}", Shown::PLAIN.number(value)),
        Quantity::Value { .. } => Shown::of(definition).number(value),
    };
    let verb = if *holds_beyond { "would hold" } else { "would no longer hold" };
    let side = if turns_at > measured { "from" } else { "down from" };
    let cells = match told {
        Cells::Told => format!(", {cells}"),
        Cells::Left => String::new(),
    };
    format!("{verb} {side} {} on, measured {}: {title}{cells}", number(*turns_at), number(*measured))
}

/// Title and cells of a quantity, and its metric.
fn named<'a>(
    quantity: &'a Quantity,
    metrics: &'a [MetricDefinition],
) -> (&'a str, String, Option<&'a MetricDefinition>) {
    let (Quantity::Ratio { metric, .. } | Quantity::Value { metric, .. }) = quantity;
    let definition = row(metrics, metric.as_str());
    let title = definition.map_or(metric.as_str(), |metric| metric.title);
    let cells = match quantity {
        Quantity::Ratio { above, below, .. } => format!("{above} ÷ {below}"),
        Quantity::Value { cell, .. } => cell.to_string(),
    };
    (title, cells, definition)
}

/// `TTFT p95, mps=on ÷ mps=off: ×0.50 [0.49, 0.51], n = 5`.
fn figure(quantity: &Quantity, measured: &Measured, metrics: &[MetricDefinition]) -> String {
    let (title, cells, _) = named(quantity, metrics);
    let n = measured.estimate().map_or_else(String::new, |estimate| format!(", n = {}", estimate.n));
    format!("{title}, {cells}: {}{n}", number(quantity, measured, metrics))
}

/// `TTFT p95 ×0.50 [0.49, 0.51] and ×0.60 [0.55, 0.65]`, one text for each metric.
fn shown(rule: &JudgedRule, metrics: &[MetricDefinition]) -> Vec<String> {
    let mut by_title: IndexMap<&str, Vec<String>> = IndexMap::new();
    for (quantity, measured) in &rule.figures {
        let (title, ..) = named(quantity, metrics);
        by_title.entry(title).or_default().push(number(quantity, measured, metrics));
    }
    by_title.into_iter().map(|(title, numbers)| line(&format!("{title} {}", numbers.join(" and ")))).collect()
}

fn number(quantity: &Quantity, measured: &Measured, metrics: &[MetricDefinition]) -> String {
    let (.., definition) = named(quantity, metrics);
    match (quantity, measured) {
        (_, Measured::Gap(_)) => NOT_MEASURED.to_owned(),
        (Quantity::Ratio { .. }, Measured::Estimate(ratio)) => {
            format!("×{}", figure::ratio(ratio.value, ratio.interval))
        }
        (Quantity::Value { metric, .. }, Measured::Estimate(value)) => {
            Figure::estimate(metric.as_str(), definition, value).with_unit
        }
    }
}
