//! When a repetition's values do not count: one small function per rule, and
//! one table of them all.

mod cause;
mod client;
mod counts;
mod envelope;
mod gpu;
mod id;
mod load;
mod mps;
mod page;
mod prompt_cut;
mod records;
mod reload;
mod requests;
mod rule;
mod rules;
mod servers;

use serde::{Deserialize, Serialize};

use super::ThroughputCourse;
use crate::metric::Window;
use crate::plan::CellSpec;
use crate::record::CellEnd;
pub use cause::Cause;
pub use page::{explain_rule, rule_words};
pub(super) use records::examine_records;
use rule::Check;
pub use rule::{Rule, RuleDefinition};
pub use rules::RULES;
pub(super) use servers::{DeclaredSlots, examine_servers};

/// The margin within which two values count as equal (`verdict::standing`).
const MARGIN: f64 = 0.03;

/// What the rules look at.
pub(super) struct Examined<'a> {
    pub(super) spec: &'a CellSpec,
    pub(super) how: &'a CellEnd,
    pub(super) window: &'a Window<'a>,
    /// Whether every server that is asked sends each token by itself.
    pub(super) sends_each_token: bool,
    pub(super) course: Option<ThroughputCourse>,
}

/// Whether a repetition's values count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Validity {
    /// They do.
    Valid,
    /// They do not; every reason is named.
    Invalid {
        /// At least one, in the order of [`RULES`].
        reasons: Vec<Reason>,
    },
}

impl Validity {
    /// Where the cause lies; none if the values count. Of several reasons one
    /// circumstance suffices: it may have brought about the others.
    pub fn cause(&self) -> Option<Cause> {
        let Self::Invalid { reasons } = self else { return None };
        let is_circumstance = reasons.iter().any(|reason| reason.rule.cause() == Cause::Circumstance);
        Some(if is_circumstance { Cause::Circumstance } else { Cause::Workload })
    }

    /// Why the values do not count; empty if they do.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Valid => &[],
            Self::Invalid { reasons } => reasons,
        }
    }

    /// Adds one more reason, in the order of [`RULES`].
    pub(super) fn add(&mut self, reason: Reason) {
        let mut reasons = self.reasons().to_vec();
        reasons.push(reason);
        let place = |reason: &Reason| RULES.iter().position(|definition| definition.rule == reason.rule);
        reasons.sort_by_key(place);
        *self = Self::Invalid { reasons };
    }

    pub(super) fn because(rule: Rule, text: impl Into<String>) -> Self {
        Self::Invalid { reasons: vec![Reason { rule, text: text.into() }] }
    }
}

/// Why a repetition's values do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule that says so.
    pub rule: Rule,
    /// What was found, in a sentence.
    pub text: String,
}

/// What was found, and by which rule: `it was interrupted (not_complete)`.
impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.text, self.rule.id())
    }
}

/// Every rule, every reason.
pub(super) fn examine(examined: &Examined<'_>) -> Validity {
    let reason = |definition: &RuleDefinition| match definition.check {
        Check::Repetition(check) => check(examined).map(|text| Reason { rule: definition.rule, text }),
        Check::Servers | Check::Records | Check::Search => None,
    };
    let reasons: Vec<Reason> = RULES.iter().filter_map(reason).collect();
    if reasons.is_empty() { Validity::Valid } else { Validity::Invalid { reasons } }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 tokens")]
const fn as_f64(count: u64) -> f64 {
    count as f64
}
