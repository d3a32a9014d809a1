//! What the recommended option costs, and what to do where it cannot be had.

use super::bound::over;
use super::decision::{Candidate, Ranking};
use super::interval::estimate;
use super::serving::{Constraint, Cost, Otherwise, Over};
use crate::metric::{self, Better, MetricDefinition};
use crate::names::{CellId, MetricId};
use crate::summary::{CellSummary, Summary};

/// On what an option may be worse while it is recommended.
const COSTS: [&str; 4] = ["ttft_p50", "tpot_p50", "energy_per_token", "memory_of_servers"];
/// The same under the other load, where what does not depend on the load would
/// only be said twice.
const COSTS_ELSEWHERE: [&str; 3] = ["ttft_scheduled_p50", "tpot_p50", "attainment"];

/// Every metric on which another option is better than the first by more than
/// the margin, surely: its 95 % interval lies beyond. Of several such options
/// the best. Looked at are the cell that decides, and those of the same
/// treatments under another kind of load.
pub(super) fn costs(summary: &Summary, candidates: &[Candidate<'_>], ranking: Ranking) -> Vec<Cost> {
    let [deciding, elsewhere] = places(summary, candidates);
    let known = |ids: &'static [&'static str]| ids.iter().filter_map(|id| metric::find(id));
    let here = known(&COSTS).filter_map(|definition| cost(&deciding, definition, ranking.margin));
    let there = known(&COSTS_ELSEWHERE).filter_map(|definition| cost(&elsewhere, definition, ranking.margin));
    here.chain(there).collect()
}

/// The cells of all options under one load.
type Place<'a> = Vec<Option<(&'a CellId, &'a CellSummary)>>;

/// The load that decides, and the first open loop that has objectives.
fn places<'a>(summary: &'a Summary, candidates: &[Candidate<'a>]) -> [Place<'a>; 2] {
    let cell_of = |id: &CellId| summary.cells.get_key_value(id);
    let deciding: Place<'a> = candidates.iter().map(|(option, _)| cell_of(&option.cell)).collect();
    let is_small = |cell: &CellSummary| cell.rate.is_some() && estimate(cell, "attainment").is_ok();
    let other = summary
        .cells
        .values()
        .find(|cell| is_small(cell) && !deciding.iter().flatten().any(|(_, one)| one.phase == cell.phase));
    let of_treatment = |other: &CellSummary, like: &CellSummary| {
        summary
            .cells
            .iter()
            .find(|(_, cell)| cell.phase == other.phase && cell.load == other.load && cell.treatment == like.treatment)
    };
    let small = other.map(|other| candidates.iter().map(|(_, like)| of_treatment(other, like)).collect());
    [deciding, small.unwrap_or_default()]
}

fn cost(place: &Place<'_>, definition: &MetricDefinition, margin: f64) -> Option<Cost> {
    let (id, cell) = (*place.first()?)?;
    let here = estimate(cell, definition.id).ok()?;
    let rivals = place.iter().enumerate().skip(1).filter_map(|(option, cell)| {
        let there = estimate(cell.as_ref()?.1, definition.id).ok()?;
        let over = over(here, there)?;
        let is_cost = match definition.better {
            Better::Lower => over.interval.lower > 1.0 + margin,
            Better::Higher => over.interval.upper < 1.0 / (1.0 + margin),
            Better::Neither => false,
        };
        is_cost.then_some((option, there, over))
    });
    let farther = |one: &Over, other: &Over| match definition.better {
        Better::Higher => one.ratio < other.ratio,
        Better::Lower | Better::Neither => one.ratio > other.ratio,
    };
    let (option, there, over) = rivals.reduce(|best, next| if farther(&next.2, &best.2) { next } else { best })?;
    Some(Cost {
        metric: MetricId::new(definition.id).ok()?,
        cell: id.clone(),
        here: here.clone(),
        option,
        there: there.clone(),
        over,
    })
}

/// For everything that may rule out the first option, the best of the others.
pub(super) fn otherwise(candidates: &[Candidate<'_>], ranking: Ranking) -> Vec<Otherwise> {
    let Some((_, first)) = candidates.first() else { return Vec::new() };
    let ruled_out = Constraint::ALL.into_iter().filter(|constraint| !constraint.allows(first));
    ruled_out.filter_map(|constraint| best_under(constraint, candidates, ranking)).collect()
}

fn best_under(constraint: Constraint, candidates: &[Candidate<'_>], ranking: Ranking) -> Option<Otherwise> {
    let allowed = candidates.iter().enumerate();
    let mut allowed: Vec<_> =
        allowed.filter(|(_, (option, cell))| constraint.allows(cell) && option.fails.is_empty()).collect();
    allowed.sort_by(|(_, (one, _)), (_, (other, _))| ranking.compare(&one.figure, &other.figure));
    let (option, (best, _)) = *allowed.first()?;
    let next = allowed.get(1).and_then(|(place, (next, _))| Some((*place, over(&best.figure, &next.figure)?)));
    Some(Otherwise { constraint, option, over: next })
}
