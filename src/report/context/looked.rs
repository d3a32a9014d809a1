//! How often the data had been looked at, and what that costs.

use crate::record::LookDecision;
use crate::summary::{Confidence, Summary};
use crate::verdict::Verdicts;

/// How often tests may err, over all looks at the data, and what part of it this
/// look has.
pub(super) fn sentence(summary: &Summary, verdicts: &Verdicts) -> String {
    let share = format!("{:.2}", verdicts.significance.chance() * 100.0);
    let share = share.trim_end_matches('0').trim_end_matches('.');
    let seen: Vec<String> = summary.seen_after().iter().map(ToString::to_string).collect();
    let planned = match summary.planned_looks {
        0 => None,
        1 => Some("the one look that was planned".to_owned()),
        looks => Some(format!("the {looks} looks that were planned")),
    };
    let all = "Verdicts, comparisons and rules err at most 5 % of the time";
    let told = match (planned, seen.as_slice()) {
        (Some(planned), []) => format!("{all} over {planned}; each look has {share} %."),
        (None, []) => {
            format!("{all}, extensions of this run by `--resume` included: this look at the data has {share} %.")
        }
        (_, seen) => format!(
            "The data could be seen after {} blocks, before the run went on. {all} over all looks; this one has {share} %.",
            seen.join(" and ")
        ),
    };
    told + &intervals(summary)
}

/// How wide intervals are for the looks, and what they miss all the same in a run
/// that stopped at its first.
fn intervals(summary: &Summary) -> String {
    let confidence = summary.confidence();
    if confidence == Confidence::default() {
        return String::new();
    }
    let told = format!(" Each interval is one of {confidence}, so that 95 % of them cover over all looks.");
    let is_first = matches!(summary.looks.as_slice(), [look] if look.decision == LookDecision::Stopped);
    let early = " This run stopped at its first look: where it did by the chance of little spread, intervals cover less, down to 72 % in simulations (`runexp explain estimators`).";
    if is_first { told + early } else { told }
}
