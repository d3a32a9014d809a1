//! Claims as a reader counts them.

use crate::scenario::{Claim, ClaimKind};

/// Two limits to one metric in one cell, from one place of a source, are one
/// claim with two ends: earlier scenarios wrote `~5-15%` as `at_least` 5 % and
/// `at_most` 15 %. What is about zero (`~0`) is so on both sides.
pub(super) fn as_ranges(claims: &[Claim]) -> Vec<Claim> {
    let mut counted: Vec<Claim> = Vec::new();
    for claim in claims {
        match counted.last_mut().and_then(|before| joined(before, claim).map(|both| (before, both))) {
            Some((before, both)) => *before = both,
            None => counted.push(around_zero(claim)),
        }
    }
    counted
}

/// The range of which these are the lower end and the upper end.
fn joined(lower: &Claim, upper: &Claim) -> Option<Claim> {
    let ClaimKind::AtLeast { metric, cell, value: from } = &lower.kind else { return None };
    let ClaimKind::AtMost { metric: same_metric, cell: same_cell, value: to } = &upper.kind else { return None };
    let is_one = metric == same_metric
        && cell == same_cell
        && from < to
        && lower.source == upper.source
        && lower.system == upper.system;
    is_one.then(|| Claim {
        says: common_beginning(&lower.says, &upper.says),
        kind: ClaimKind::Range { metric: metric.clone(), cell: cell.clone(), from: *from, to: *to },
        ..lower.clone()
    })
}

/// What both say before they differ, up to the last comma.
fn common_beginning(one: &str, other: &str) -> String {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).map(|(c, _)| c);
    let same: String = same.collect();
    let beginning = same.rsplit_once(',').map_or(same.as_str(), |(before, _)| before).trim_end();
    if beginning.is_empty() { one.to_owned() } else { beginning.to_owned() }
}

fn around_zero(claim: &Claim) -> Claim {
    let kind = match &claim.kind {
        ClaimKind::AtMost { metric, cell, value } if *value > 0.0 && claim.says.contains("~0") => {
            ClaimKind::Range { metric: metric.clone(), cell: cell.clone(), from: -value, to: *value }
        }
        other => other.clone(),
    };
    Claim { kind, ..claim.clone() }
}
