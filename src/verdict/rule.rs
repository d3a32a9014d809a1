//! A rule of the scenario against what was measured.

use super::interval::{self, estimate, interval};
use super::select::only;
use super::{JudgedRule, Ruling, Significance, sensitivity};
use crate::scenario::{Part, Quantity, Rule, Selector};
use crate::summary::{Estimate, Gap, Interval, Measured, Summary};

/// Of a rule's intervals, and more in a run whose tests share their 5 % among
/// several looks.
/// Of more figures in one condition only the first are taken to their ends.
const MOST_FREE: usize = 8;

/// Everything that a condition reads, once.
pub(super) type Figures = Vec<(Quantity, Measured)>;

/// A rule is decided only if everything it reads has an interval: were a gap
/// passed over where `and` or `or` settles the rest, the verdict would hang on
/// the order in which the condition is written.
pub(super) fn judge(rule: &Rule, summary: &Summary) -> JudgedRule {
    let mut figures = Figures::new();
    for term in &rule.terms {
        if figures.iter().all(|(known, _)| *known != term.quantity) {
            figures.push((term.quantity.clone(), measure(&term.quantity, summary)));
        }
    }
    JudgedRule {
        recommend: rule.recommend.clone(),
        when: rule.when.clone(),
        because: rule.because.clone(),
        ruling: ruling(rule, &figures),
        turnings: sensitivity::turnings(rule, &figures),
        figures,
    }
}

fn measure(quantity: &Quantity, summary: &Summary) -> Measured {
    let confidence = Significance::of(summary).confidence().max(summary.confidence().share());
    let measured = match quantity {
        Quantity::Value { metric, cell } => {
            found(summary, cell, metric.as_str()).map(|estimate| at(estimate, confidence))
        }
        Quantity::Ratio { metric, above, below } => found(summary, above, metric.as_str())
            .and_then(|above| ratio(above, found(summary, below, metric.as_str())?, confidence)),
    };
    measured.map_or_else(Measured::Gap, Measured::Estimate)
}

/// The estimate in the only cell of a selector.
fn found<'a>(summary: &'a Summary, cell: &Selector, metric: &str) -> Result<&'a Estimate, Gap> {
    let (id, found) = only(summary, cell).map_err(Gap::not_measured)?;
    estimate(found, metric).map_err(|gap| {
        let only = if matches!(gap, Gap::TooFew { .. }) { "only " } else { "" };
        Gap::not_measured(format!("`{id}`: {only}{gap}"))
    })
}

/// With an interval of this confidence; an estimate that has none has none.
fn at(estimate: &Estimate, confidence: f64) -> Estimate {
    let is_printed = confidence <= estimate.confidence.share() || estimate.interval.is_none();
    let wider = if is_printed { None } else { estimate.center(confidence).and_then(|center| center.bounds) };
    Estimate { interval: wider.map(interval).or(estimate.interval), ..estimate.clone() }
}

fn ratio(above: &Estimate, below: &Estimate, confidence: f64) -> Result<Estimate, Gap> {
    let (center, n) = interval::ratio(above, below, confidence)
        .ok_or_else(|| Gap::not_measured("a ratio takes positive values, and one of these is not"))?;
    Ok(Estimate {
        value: center.value,
        interval: center.bounds.map(interval),
        n: u32::try_from(n).unwrap_or(u32::MAX),
        units: Vec::new(),
        basis: above.basis.max(below.basis),
        ..Estimate::default()
    })
}

fn ruling(rule: &Rule, figures: &Figures) -> Ruling {
    match holds(rule, figures) {
        Ok(true) => Ruling::Holds,
        Ok(false) if may_hold(rule, figures) => Ruling::Undecided,
        Ok(false) => Ruling::DoesNotHold,
        Err(reasons) => Ruling::NotDecidable { reasons },
    }
}

/// Whether the condition holds with these figures, or every reason why nobody
/// can tell.
pub(super) fn holds(rule: &Rule, figures: &Figures) -> Result<bool, Vec<String>> {
    let mut reasons: Vec<String> = figures.iter().filter_map(|(_, measured)| undecidable(measured)).collect();
    reasons.dedup();
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let numbers = rule.terms.iter().filter_map(|term| {
        let (_, measured) = figures.iter().find(|(known, _)| *known == term.quantity)?;
        number(measured.estimate()?, term.part)
    });
    rule.holds(&numbers.collect::<Vec<f64>>()).map_err(|error| vec![error.to_string()])
}

/// Whether the condition would hold if the true values were known, and lay at
/// some ends of their intervals.
fn may_hold(rule: &Rule, figures: &Figures) -> bool {
    let free = figures.len().min(MOST_FREE);
    (0..1_u32 << free).any(|ends| {
        let at_an_end = |(place, (quantity, measured)): (usize, &(Quantity, Measured))| {
            let is_upper = place < free && ends >> place & 1 == 1;
            (quantity.clone(), known(measured, is_upper))
        };
        holds(rule, &figures.iter().enumerate().map(at_an_end).collect()) == Ok(true)
    })
}

/// As if its true value were known.
fn known(measured: &Measured, is_upper: bool) -> Measured {
    let Measured::Estimate(estimate) = measured else { return measured.clone() };
    let ends = estimate.interval.map(|interval| if is_upper { interval.upper } else { interval.lower });
    let value = ends.unwrap_or(estimate.value);
    let interval = Some(Interval { lower: value, upper: value });
    Measured::Estimate(Estimate { value, interval, ..estimate.clone() })
}

fn undecidable(measured: &Measured) -> Option<String> {
    match measured {
        Measured::Gap(gap) => Some(gap.to_string()),
        Measured::Estimate(Estimate { interval: None, .. }) => {
            Some("an interval needs at least 2 repetitions".to_owned())
        }
        Measured::Estimate(_) => None,
    }
}

fn number(estimate: &Estimate, part: Part) -> Option<f64> {
    match part {
        Part::Estimate => Some(estimate.value),
        Part::Lower => estimate.interval.map(|interval| interval.lower),
        Part::Upper => estimate.interval.map(|interval| interval.upper),
        Part::N => Some(f64::from(estimate.n)),
    }
}
