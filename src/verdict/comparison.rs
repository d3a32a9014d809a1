//! Treatments against the baseline, at equal load.

use super::family::{self, Difference, Member, Pairs};
use super::interval::{estimate, pairs};
use super::select::{factors_only, fits};
use super::{Comparison, Pace, Significance};
use crate::metric::{self, Better, MetricDefinition};
use crate::names::{CellId, MetricId};
use crate::scenario::Selector;
use crate::stats::paired_ratio;
use crate::summary::{CellSummary, Summary};

/// What treatments are compared by.
const COMPARED: [&str; 2] = ["output_throughput", "ttft_p50"];
/// The same in an open loop, where a wait begins when the request was due.
const COMPARED_OPEN: [&str; 2] = ["output_throughput", "ttft_scheduled_p50"];

/// Every cell against the cell of the same phase and load in the baseline
/// treatment, where both were measured in a common block; all of them are one
/// family. A baseline that fits several treatments compares nothing.
pub(super) fn against(summary: &Summary, baseline: &Selector, margin: f64) -> Vec<Comparison> {
    let baseline = factors_only(baseline);
    let mut compared = Vec::new();
    for (closed, open) in COMPARED.into_iter().zip(COMPARED_OPEN) {
        for (id, cell) in summary.cells.iter().filter(|(_, cell)| !fits(cell, &baseline)) {
            let Some(metric) = metric::find(if cell.clients.is_some() { closed } else { open }) else { continue };
            let there = counterpart(summary, cell, &baseline);
            compared.extend(there.and_then(|there| pair(metric, (id, cell), there)));
        }
    }
    let family: Vec<Pairs> = compared.iter().map(|compared| compared.pairs.clone()).collect();
    let members = family::test(&family, Significance::of(summary), summary.confidence(), margin);
    compared.into_iter().zip(members).filter_map(|(compared, member)| judge(compared, &member)).collect()
}

/// Two cells with a common block.
struct Compared<'a> {
    metric: &'static MetricDefinition,
    cell: &'a CellId,
    baseline: &'a CellId,
    pairs: Pairs,
}

/// The only cell of the baseline with this phase and load.
fn counterpart<'a>(
    summary: &'a Summary,
    cell: &CellSummary,
    baseline: &Selector,
) -> Option<(&'a CellId, &'a CellSummary)> {
    let same_load = |other: &CellSummary| other.phase == cell.phase && other.load == cell.load;
    let mut found = summary.cells.iter().filter(|(_, other)| same_load(other) && fits(other, baseline));
    found.next().filter(|_| found.next().is_none())
}

fn pair<'a>(
    metric: &'static MetricDefinition,
    (cell, above): (&'a CellId, &CellSummary),
    (baseline, below): (&'a CellId, &CellSummary),
) -> Option<Compared<'a>> {
    let pairs = pairs(estimate(above, metric.id).ok()?, estimate(below, metric.id).ok()?);
    Some(Compared { metric, cell, baseline, pairs })
}

fn judge(compared: Compared<'_>, member: &Member) -> Option<Comparison> {
    let Compared { metric, cell, baseline, pairs } = compared;
    Some(Comparison {
        metric: MetricId::new(metric.id).ok()?,
        cell: cell.clone(),
        baseline: baseline.clone(),
        ratio: paired_ratio(&pairs, family::CONFIDENCE)?.value,
        interval: member.interval,
        pairs: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
        p: member.p,
        pace: pace(member.difference, metric.better),
    })
}

/// A latency that is less is faster.
const fn pace(difference: Difference, better: Better) -> Pace {
    match (difference, better) {
        (Difference::Equivalent, _) => Pace::Equivalent,
        (Difference::Undecided { more_blocks }, _) => Pace::Inconclusive { more_blocks },
        (Difference::Above, Better::Lower) | (Difference::Below, Better::Higher | Better::Neither) => Pace::Slower,
        (Difference::Above, Better::Higher | Better::Neither) | (Difference::Below, Better::Lower) => Pace::Faster,
    }
}
