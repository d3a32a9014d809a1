//! Treatments against the baseline, at equal load.

use super::Comparison;
use super::interval::{estimate, interval, pairs};
use super::select::{factors_only, fits};
use crate::names::{CellId, MetricId};
use crate::scenario::Selector;
use crate::stats::paired_ratio;
use crate::summary::{CellSummary, Summary};

/// What treatments are compared by.
const COMPARED: [&str; 2] = ["output_throughput", "ttft_p50"];
/// The same in an open loop, where a wait begins when the request was due.
const COMPARED_OPEN: [&str; 2] = ["output_throughput", "ttft_scheduled_p50"];

/// Every cell against the cell of the same phase and load in the baseline
/// treatment, where both were measured in a common block. A baseline that fits
/// several treatments compares nothing.
pub(super) fn against(summary: &Summary, baseline: &Selector) -> Vec<Comparison> {
    let baseline = factors_only(baseline);
    let mut comparisons = Vec::new();
    for (closed, open) in COMPARED.into_iter().zip(COMPARED_OPEN) {
        for (id, cell) in summary.cells.iter().filter(|(_, cell)| !fits(cell, &baseline)) {
            let Ok(metric) = MetricId::new(if cell.clients.is_some() { closed } else { open }) else { continue };
            let there = counterpart(summary, cell, &baseline);
            comparisons.extend(there.and_then(|there| compare(&metric, (id, cell), there)));
        }
    }
    comparisons
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

fn compare(
    metric: &MetricId,
    (cell, above): (&CellId, &CellSummary),
    (baseline, below): (&CellId, &CellSummary),
) -> Option<Comparison> {
    let pairs = pairs(estimate(above, metric.as_str()).ok()?, estimate(below, metric.as_str()).ok()?);
    let center = paired_ratio(&pairs, 0.95)?;
    Some(Comparison {
        metric: metric.clone(),
        cell: cell.clone(),
        baseline: baseline.clone(),
        ratio: center.value,
        interval: center.bounds.map(interval),
        pairs: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
    })
}
