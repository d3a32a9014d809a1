//! Whether what was measured so far is precise enough.

use super::{CellSummary, Summary};
use crate::names::{CellId, MetricId};
use crate::plan::{Looks, Plan};
use crate::record::{Look, LookDecision};

/// How precise the compared cells are after so many complete blocks, and
/// whether the run may stop.
///
/// Compared are the cells that no fault breaks on purpose: those of closed
/// loops, or of open loops where there is no other, for in an open loop the
/// drawn arrivals decide most of a throughput's spread. The half-width is that
/// of the report's own 95 % interval over its estimate. Only precision is
/// looked at, never which treatment leads, so that stopping favours none.
pub fn look(summary: &Summary, plan: &Plan, looks: &Looks, blocks: u32) -> Look {
    let widest = compared(summary, plan)
        .into_iter()
        .map(|(id, cell)| (id, half_width(cell, &looks.metric)))
        .max_by(|(_, one), (_, other)| width_of(*one).total_cmp(&width_of(*other)));
    let half_width = widest.and_then(|(_, half_width)| half_width);
    let wanted = looks.half_width.fraction();
    Look {
        blocks,
        metric: looks.metric.clone(),
        cell: widest.map(|(id, _)| id.clone()),
        half_width,
        wanted,
        decision: match half_width {
            _ if blocks >= plan.blocks => LookDecision::ReachedMaximum,
            Some(half_width) if half_width <= wanted => LookDecision::Stopped,
            Some(_) | None => LookDecision::WentOn,
        },
    }
}

fn compared<'a>(summary: &'a Summary, plan: &Plan) -> Vec<(&'a CellId, &'a CellSummary)> {
    let is_whole = |id: &CellId| plan.cells.get(id).is_some_and(|spec| spec.fault.is_none());
    let whole: Vec<_> = summary.cells.iter().filter(|(id, _)| is_whole(id)).collect();
    let closed: Vec<_> = whole.iter().copied().filter(|(_, cell)| cell.clients.is_some()).collect();
    if closed.is_empty() { whole } else { closed }
}

fn half_width(cell: &CellSummary, metric: &MetricId) -> Option<f64> {
    let estimate = cell.estimates.get(metric)?.estimate()?;
    let interval = estimate.interval?;
    Some((interval.upper - interval.lower) / 2.0 / estimate.value.abs()).filter(|width| width.is_finite())
}

/// Nothing is wider than no interval at all.
fn width_of(half_width: Option<f64>) -> f64 {
    half_width.unwrap_or(f64::INFINITY)
}
