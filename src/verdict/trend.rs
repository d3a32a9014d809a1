//! A metric that rises from one cell to the next.

use super::finding::{Finding, ordering};
use super::{Significance, Verdict};
use crate::summary::Estimate;

/// Two neighbouring cells, `(larger, smaller)` as it is claimed.
pub(super) type Step<'a> = (&'a Estimate, &'a Estimate);

/// Reproduced if every step is certain with all of them tested at once (Holm
/// 1979); not reproduced if one of them is certain to go the other way, tested
/// among as many as there are.
pub(super) fn trend(steps: &[Step<'_>], significance: Significance) -> Verdict {
    let among_all = among(steps, significance.among(steps.len()));
    if among_all.iter().any(|step| step.verdict == Verdict::NotReproduced) {
        return Verdict::NotReproduced;
    }
    let found = step_down(steps, significance);
    if !found.is_empty() && found.iter().all(is_certain) {
        return Verdict::Reproduced;
    }
    Verdict::Inconclusive { needs: needs(&among_all, &found) }
}

/// Every step at its share of the error.
fn among(steps: &[Step<'_>], share: Significance) -> Vec<Finding> {
    steps.iter().map(|(larger, smaller)| ordering(larger, smaller, 0.0, share)).collect()
}

fn is_certain(step: &Finding) -> bool {
    step.verdict == Verdict::Reproduced
}

/// Steps that are certain leave their share of the error to the others.
fn step_down(steps: &[Step<'_>], significance: Significance) -> Vec<Finding> {
    let (mut tests, mut found) = (steps.len(), among(steps, significance.among(steps.len())));
    loop {
        let open = found.iter().filter(|step| !is_certain(step)).count();
        if open == 0 || open == tests {
            return found;
        }
        (tests, found) = (open, among(steps, significance.among(open)));
    }
}

/// About how many repetitions would tell: where steps seem to go the other way,
/// one of them has to become certain; else all that are open.
fn needs(among_all: &[Finding], found: &[Finding]) -> Option<u32> {
    let needs = |step: &Finding| match step.verdict {
        Verdict::Inconclusive { needs } => Some(needs),
        _ => None,
    };
    let mut wrong = among_all.iter().filter(|step| step.ratio.is_some_and(|ratio| ratio.value < 1.0)).peekable();
    if wrong.peek().is_some() {
        return wrong.filter_map(needs).flatten().min();
    }
    found.iter().filter_map(needs).collect::<Option<Vec<u32>>>()?.into_iter().max()
}
