//! From repetitions to estimates.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::observe::ObservedCell;
use super::{
    CellSummary, Estimate, Gap, Interval, Limit, Measured, Repetition, UnitValue, Validity, fraction, objective,
};
use crate::metric::{self, Basis, MetricDefinition, Unit};
use crate::names::{CellId, MetricId};
use crate::plan::Plan;
use crate::stats::{Bounds, Sample, geometric_center, mean_center};

const CONFIDENCE: f64 = 0.95;

/// Puts the estimate of every metric, every objective and every share under a
/// limit into every cell.
pub(super) fn fill(
    plan: &Plan,
    limits: &[Limit],
    cells: &mut IndexMap<CellId, CellSummary>,
    observed: &BTreeMap<&CellId, ObservedCell<'_>>,
) {
    for (id, cell) in cells {
        let skipped = observed.get(id).and_then(|cell| cell.skipped);
        let metrics = metric::all().iter().filter_map(|metric| Some((MetricId::new(metric.id).ok()?, metric)));
        cell.estimates = metrics
            .map(|(metric, definition)| {
                let unit = definition.unit;
                let mut measured = measure(&cell.repetitions, |one| one.values.get(&metric).cloned(), unit, skipped);
                if let Measured::Estimate(estimate) = &mut measured {
                    estimate.basis = basis(&cell.repetitions, definition);
                }
                (metric, measured)
            })
            .collect();
        cell.fractions = fraction::judge(limits, &cell.repetitions, skipped);
        if let Some(spec) = plan.cells.get(id) {
            cell.objectives = objective::judge(&spec.slo, &cell.repetitions, skipped);
        }
    }
}

/// What the tokens of any valid repetition stand on, if the metric counts them
/// so.
fn basis(repetitions: &[Repetition], metric: &MetricDefinition) -> Option<Basis> {
    let valid = repetitions.iter().filter(|one| one.validity == Validity::Valid);
    valid.filter_map(|one| one.answers.basis).max().filter(|basis| basis.concerns(metric))
}

/// From the value of each valid repetition. Where one took longer than anybody
/// watched, there is no estimate: the others alone would make it too small.
pub(super) fn measure(
    repetitions: &[Repetition],
    value: impl Fn(&Repetition) -> Option<UnitValue>,
    unit: Unit,
    skipped: Option<&str>,
) -> Measured {
    let valid = repetitions.iter().filter(|repetition| repetition.validity == Validity::Valid);
    let values = valid.filter_map(|repetition| Some((repetition.block, value(repetition)?)));
    let (found, missing): (Vec<_>, Vec<_>) = values.partition(|(_, value)| value.is_ok());
    if let Some(gap) = missing.iter().find_map(|(_, value)| censored(value)) {
        return Measured::Gap(gap);
    }
    let units = found.into_iter().filter_map(|(block, value)| Some((block, value.ok()?))).collect();
    estimate(units, unit).map_or_else(
        || {
            let first = missing.into_iter().find_map(|(_, value)| value.err());
            Measured::Gap(first.unwrap_or_else(|| gap(repetitions, skipped)))
        },
        Measured::Estimate,
    )
}

fn censored(value: &UnitValue) -> Option<Gap> {
    value.as_ref().err().filter(|gap| matches!(gap, Gap::Censored { .. })).cloned()
}

/// Why a cell has no valid repetition at all.
fn gap(repetitions: &[Repetition], skipped: Option<&str>) -> Gap {
    let reason = repetitions.iter().find_map(|repetition| repetition.validity.reasons().first());
    match (reason, skipped) {
        (Some(reason), _) => Gap::Invalid { reason: reason.text.clone() },
        (None, Some(reason)) => Gap::not_measured(format!("skipped: {reason}")),
        (None, None) => Gap::NotRun,
    }
}

/// Geometric mean with its log-t interval where every value is positive, else
/// arithmetic mean with its t interval. An excess is a difference, whose sign
/// is an accident: it always has the arithmetic mean.
fn estimate(units: Vec<(u32, f64)>, unit: Unit) -> Option<Estimate> {
    let sample = Sample::new(units.iter().map(|(_, value)| *value).collect()).ok()?;
    let geometric = match unit {
        Unit::Excess => None,
        _ => geometric_center(&sample, CONFIDENCE),
    };
    let center = geometric.unwrap_or_else(|| mean_center(&sample, CONFIDENCE));
    let interval = center.bounds.map(|Bounds { lower, upper }| Interval { lower, upper });
    Some(Estimate {
        value: center.value,
        interval,
        n: u32::try_from(units.len()).unwrap_or(u32::MAX),
        units,
        basis: None,
    })
}
