//! From estimates to verdicts: claims, comparisons, effects, decision, rules.
//! Pure.

mod advice;
mod claim;
mod comparison;
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
mod significance;
mod standing;
mod system;
mod trend;
mod types;

#[cfg(test)]
mod tests;

use crate::record::{Environment, Simulation};
use crate::scenario::{Claim, Rule, Selector};
use crate::summary::Summary;

pub use effects::{Change, Effect};
pub use noise::{Noise, noise};
pub use plausible::hold_against_bandwidth;
pub use significance::Significance;
pub use types::{
    AgainstBest, Comparison, Decision, Evidence, Judged, JudgedRule, Pace, Ruling, ServingOption, Standing, Turning,
    Verdict, Verdicts,
};

/// Judges every claim and rule, holds every treatment against the baseline, and
/// ranks the ways to serve.
///
/// On a simulated machine the system that a claim speaks of is looked for in
/// the simulation's title, never among the GPUs of the host.
pub fn judge(
    summary: &Summary,
    claims: &[Claim],
    rules: &[Rule],
    baseline: Option<&Selector>,
    environment: &Environment,
    simulated: Option<&Simulation>,
) -> Verdicts {
    let system = system::System { environment, simulated, served: &summary.served };
    Verdicts {
        significance: Significance::of(summary),
        claims: claims.iter().map(|claim| claim::judge(claim, summary, system)).collect(),
        comparisons: baseline.map(|baseline| comparison::against(summary, baseline)).unwrap_or_default(),
        effects: effects::all(summary, baseline),
        decision: decision::decide(summary),
        rules: rules.iter().map(|rule| rule::judge(rule, summary)).collect(),
    }
}
