//! A trend against the figures of its cells.

use super::cells::may_be_one;
use super::figure::{Figures, Stated};
use super::{Basis, Check, Made, Verdict};
use crate::scenario::{Claim, Direction, Selector};

/// Judges a trend by those of its cells that have one figure each; in words what
/// is missing.
pub(super) fn judge(
    claim: &Claim,
    figures: &Figures<'_>,
    metric: &str,
    direction: Direction,
    along: &[Selector],
) -> Result<Made, String> {
    let stated = figures.stated_beside(claim, metric);
    let of = |cell: &Selector| {
        let mut its = stated.iter().filter(|stated| may_be_one(stated.cell, cell));
        let first = its.next()?;
        its.next().is_none().then_some(first)
    };
    let known: Vec<&Stated<'_>> = along.iter().filter_map(of).collect();
    if known.len() < 2 {
        return Err("a trend, and no figures for two of its cells".to_owned());
    }
    let is_against = |pair: &[&Stated<'_>]| match (direction, pair) {
        (Direction::Rises, [before, after]) => before.figure.range.is_above(after.figure.range),
        (Direction::Falls, [before, after]) => after.figure.range.is_above(before.figure.range),
        _ => false,
    };
    let verdict = if known.windows(2).any(is_against) { Verdict::Inconsistent } else { Verdict::Consistent };
    let told: Vec<&str> = known.iter().map(|stated| stated.figure.printed.as_str()).collect();
    let word = if direction == Direction::Rises { "rises" } else { "falls" };
    let check = Check::new(Basis::Figures, verdict, format!("it {word}: {}", told.join(", ")));
    Ok(Made { claim: None, check, rests_on: known.iter().map(|stated| stated.claim.id.clone()).collect() })
}
