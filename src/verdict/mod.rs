//! From estimates to verdicts: claims, comparisons, effects, decision, rules.
//! Pure.

mod bound;
mod claim;
mod comparison;
mod cost;
mod counted;
mod decision;
mod effects;
mod evidence;
mod family;
mod finding;
mod fraction;
mod interval;
mod noise;
mod plausible;
mod rule;
mod select;
mod sensitivity;
mod serving;
mod significance;
mod system;
mod trend;
mod types;
mod way;

#[cfg(test)]
mod tests;

use crate::record::{Environment, Simulation};
use crate::scenario::{Claim, Question, Rule, Selector};
use crate::summary::Summary;

pub use effects::{Change, Effect};
pub use noise::{Noise, noise};
pub use plausible::hold_against_bandwidth;
pub use serving::{Advice, AgainstFirst, Constraint, Cost, Decision, Otherwise, Over, ServingOption, Standing};
pub use significance::Significance;
pub use types::{Comparison, Evidence, Judged, JudgedRule, Pace, Ruling, Turning, Verdict, Verdicts};

/// Judges every claim and rule, holds every treatment against the baseline, and
/// ranks the ways to serve.
///
/// On a simulated machine the system that a claim speaks of is looked for in
/// the simulation's title, never among the GPUs of the host.
pub fn judge(
    summary: &Summary,
    claims: &[Claim],
    (question, rules): (&Question, &[Rule]),
    baseline: Option<&Selector>,
    environment: &Environment,
    simulated: Option<&Simulation>,
) -> Verdicts {
    let system = system::System { environment, simulated, served: &summary.served };
    Verdicts {
        significance: Significance::of(summary),
        claims: counted::as_ranges(claims)
            .iter()
            .map(|claim| claim::judge(claim, summary, system, question.margin))
            .collect(),
        comparisons: baseline
            .map(|baseline| comparison::against(summary, baseline, question.margin))
            .unwrap_or_default(),
        effects: effects::all(summary, baseline),
        decision: decision::decide(summary, question),
        rules: rules.iter().map(|rule| rule::judge(rule, summary)).collect(),
    }
}
