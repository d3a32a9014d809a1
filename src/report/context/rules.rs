use serde::Serialize;

use super::row;
use crate::metric::MetricDefinition;
use crate::report::figure::{self, Figure};
use crate::report::text::{NOT_MEASURED, line, sentence};
use crate::scenario::Quantity;
use crate::summary::Measured;
use crate::verdict::{JudgedRule, Ruling, Verdicts};

/// A rule of the scenario and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    /// What it recommends.
    pub recommend: String,
    /// Its condition, as written.
    pub when: String,
    /// Why the one follows from the other.
    pub because: String,
    /// `holds`, `does not hold` or `not decidable`.
    pub ruling: &'static str,
    /// Why it is not decidable; none if it is.
    pub reason: Option<String>,
    /// What the condition reads, each with its interval.
    pub figures: Vec<String>,
}

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
            Ruling::NotDecidable { reasons } => Some(line(&reasons.join("; "))),
        },
        figures: rule.figures.iter().map(|(quantity, measured)| line(&figure(quantity, measured, metrics))).collect(),
    }
}

/// `TTFT p95, mps=on ÷ mps=off: ×0.50 [0.49, 0.51], n = 5`.
fn figure(quantity: &Quantity, measured: &Measured, metrics: &[MetricDefinition]) -> String {
    let (Quantity::Ratio { metric, .. } | Quantity::Value { metric, .. }) = quantity;
    let definition = row(metrics, metric.as_str());
    let title = definition.map_or(metric.as_str(), |metric| metric.title);
    let cells = match quantity {
        Quantity::Ratio { above, below, .. } => format!("{above} ÷ {below}"),
        Quantity::Value { cell, .. } => cell.to_string(),
    };
    let shown = match (quantity, measured) {
        (_, Measured::Gap(_)) => NOT_MEASURED.to_owned(),
        (Quantity::Ratio { .. }, Measured::Estimate(ratio)) => {
            format!("×{}, n = {}", figure::ratio(ratio.value, ratio.interval), ratio.n)
        }
        (Quantity::Value { .. }, Measured::Estimate(value)) => {
            format!("{}, n = {}", Figure::estimate(metric.as_str(), definition, value).with_unit, value.n)
        }
    };
    format!("{title}, {cells}: {shown}")
}
