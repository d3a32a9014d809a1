//! From what was measured to a recommendation, as data.

use std::collections::BTreeMap;

use minijinja::value::{Value as Computed, ValueKind};
use minijinja::{Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};

use super::factor::Selector;
use crate::format::template;
use crate::names::MetricId;

/// Instructions a condition may take.
const FUEL: u64 = 10_000;

/// `[[decision.rule]]`: a recommendation, and what must have been measured for
/// it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What to do.
    pub recommend: String,
    /// The condition, as written: a minijinja expression over
    /// `ratio(metric, {cell}, {cell})` and `value(metric, {cell})`.
    pub when: String,
    /// Why it follows from the condition.
    pub because: String,
    /// What `when` reads, in the order written.
    pub terms: Vec<Term>,
    /// `when` with [`term_name`]s in place of the terms.
    pub(in crate::scenario) condition: String,
}

/// One number in a condition: `ratio('ttft_p50', {mps: 'on'}, {mps: 'off'}).upper`.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What is measured.
    pub quantity: Quantity,
    /// Which number of it.
    pub part: Part,
}

/// Something measured that has an interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// A metric in one cell over the same metric in another.
    Ratio {
        /// Which metric.
        metric: MetricId,
        /// Above the line.
        above: Selector,
        /// Below the line.
        below: Selector,
    },
    /// A metric in one cell.
    Value {
        /// Which metric.
        metric: MetricId,
        /// In which cell.
        cell: Selector,
    },
}

impl Quantity {
    /// Every cell it speaks of.
    pub(in crate::scenario) fn selectors(&self) -> Vec<&Selector> {
        match self {
            Self::Ratio { above, below, .. } => vec![above, below],
            Self::Value { cell, .. } => vec![cell],
        }
    }
}

/// A number of a [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `.estimate`: the mean, in the metric's own unit; a ratio has none.
    Estimate,
    /// `.lower`: the lower end of its 95 % interval.
    Lower,
    /// `.upper`: the upper end of its 95 % interval.
    Upper,
    /// `.n`: the repetitions, or pairs of them, that it stands on.
    N,
}

impl Part {
    /// Every part, as it is written behind the dot.
    pub(in crate::scenario) const ALL: [(&'static str, Self); 4] =
        [("estimate", Self::Estimate), ("lower", Self::Lower), ("upper", Self::Upper), ("n", Self::N)];
}

/// The condition of a rule has no truth value.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// It cannot be parsed or computed.
    #[error("{0}")]
    Expression(String),
    /// It gives something else.
    #[error("`when` gives a {found}, not true or false")]
    NoTruth {
        /// What it gives.
        found: ValueKind,
    },
}

impl From<minijinja::Error> for RuleError {
    fn from(error: minijinja::Error) -> Self {
        Self::Expression(template::reason(&error))
    }
}

impl Rule {
    /// Whether the condition holds, with one number for each of [`Rule::terms`].
    ///
    /// # Errors
    /// When it cannot be computed with these numbers: a division by zero, say.
    pub fn holds(&self, numbers: &[f64]) -> Result<bool, RuleError> {
        let names = (0..).map(term_name).zip(numbers.iter().copied().map(Computed::from));
        let environment = environment();
        let truth = environment
            .compile_expression(&self.condition)?
            .eval(Computed::from(names.collect::<BTreeMap<String, Computed>>()))?;
        match truth.kind() {
            ValueKind::Bool => Ok(truth.is_true()),
            found => Err(RuleError::NoTruth { found }),
        }
    }
}

/// What stands in a condition in place of its term number `position`.
pub(in crate::scenario) fn term_name(position: usize) -> String {
    format!("term_{position}")
}

/// Numbers, comparisons, `and`, `or`, `not`: no filter, no function.
pub(in crate::scenario) fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
}
