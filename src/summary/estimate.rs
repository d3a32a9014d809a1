//! From repetitions to estimates.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::observe::ObservedCell;
use super::{
    CellSummary, Confidence, Estimate, Gap, Interval, Limit, Measured, Repetition, UnitValue, Validity, fraction,
    objective,
};
use crate::metric::{self, Basis, Counted, Estimator, MetricDefinition};
use crate::names::{CellId, MetricId};
use crate::plan::Plan;
use crate::stats::Bounds;

/// What the estimates of a cell are made under.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// Why the cell was skipped, if it was.
    pub(super) skipped: Option<&'a str>,
    /// Of every interval.
    pub(super) confidence: Confidence,
}

/// Puts the estimate of every metric, every objective and every share under a
/// limit into every cell.
pub(super) fn fill(
    plan: &Plan,
    (limits, confidence): (&[Limit], Confidence),
    cells: &mut IndexMap<CellId, CellSummary>,
    observed: &BTreeMap<&CellId, ObservedCell<'_>>,
) {
    for (id, cell) in cells {
        let terms = Terms { skipped: observed.get(id).and_then(|cell| cell.skipped), confidence };
        let metrics = metric::all().iter().filter_map(|metric| Some((MetricId::new(metric.id).ok()?, metric)));
        cell.estimates =
            metrics.map(|(id, metric)| (id.clone(), of_metric(&cell.repetitions, &id, metric, terms))).collect();
        disbelieve(&mut cell.estimates);
        cell.fractions = fraction::judge(limits, &cell.repetitions, terms);
        if let Some(spec) = plan.cells.get(id) {
            cell.objectives = objective::judge(&spec.slo, &cell.repetitions, terms);
        }
        cell.repetitions.iter_mut().for_each(|one| one.pools.clear());
    }
}

fn of_metric(repetitions: &[Repetition], id: &MetricId, metric: &MetricDefinition, terms: Terms<'_>) -> Measured {
    let by = metric.estimator();
    let mut measured = if by == Estimator::Pooled {
        super::pooled::measure(repetitions, |one| one.pools.of_metric(id), terms)
    } else {
        let value = |one: &'_ Repetition| {
            Some(Value { value: one.values.get(id).cloned()?, counted: one.counted.get(id).copied() })
        };
        measure(repetitions, value, by, terms)
    };
    if let Measured::Estimate(estimate) = &mut measured {
        estimate.basis = basis(repetitions, metric);
    }
    measured
}

/// Takes out what is made of an energy counter that power gainsays.
fn disbelieve(estimates: &mut IndexMap<MetricId, Measured>) {
    let check = estimates.iter().find(|(id, _)| id.as_str() == "energy_check");
    let Some(check) = check.and_then(|(_, check)| check.estimate()).map(|check| check.value) else { return };
    for (id, measured) in estimates {
        if let (Measured::Estimate(_), Some(gap)) = (&*measured, metric::gainsaid(id.as_str(), check)) {
            *measured = Measured::Gap(gap);
        }
    }
}

/// What the tokens of any valid repetition stand on, if the metric counts them
/// so.
fn basis(repetitions: &[Repetition], metric: &MetricDefinition) -> Option<Basis> {
    valid(repetitions).filter_map(|one| one.answers.basis).max().filter(|basis| basis.concerns(metric))
}

pub(super) fn valid(repetitions: &[Repetition]) -> impl Iterator<Item = &Repetition> {
    repetitions.iter().filter(|repetition| repetition.validity == Validity::Valid)
}

/// A repetition's value, and what it is of.
pub(super) struct Value {
    pub(super) value: UnitValue,
    pub(super) counted: Option<Counted>,
}

impl Value {
    pub(super) const fn plain(value: UnitValue) -> Self {
        Self { value, counted: None }
    }
}

/// From the value of each valid repetition. Where one took longer than anybody
/// watched, there is no estimate: the others alone would make it too small.
pub(super) fn measure(
    repetitions: &[Repetition],
    value: impl Fn(&Repetition) -> Option<Value>,
    by: Estimator,
    terms: Terms<'_>,
) -> Measured {
    let (mut units, mut counted, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for (block, found) in valid(repetitions).filter_map(|one| Some((one.block, value(one)?))) {
        match found.value {
            Ok(value) => units.push((block, value)),
            Err(gap) => missing.push(gap),
        }
        counted.extend(found.counted);
    }
    if let Some(gap) = missing.iter().find(|gap| matches!(gap, Gap::Censored { .. })) {
        return Measured::Gap(gap.clone());
    }
    let n = u32::try_from(units.len()).unwrap_or(u32::MAX);
    let valid = u32::try_from(valid(repetitions).count()).unwrap_or(u32::MAX);
    let Terms { skipped, confidence } = terms;
    estimate(Estimate { n, valid, units, by, counted, confidence, ..Estimate::default() }).map_or_else(
        || Measured::Gap(missing.into_iter().next().unwrap_or_else(|| gap(repetitions, skipped))),
        Measured::Estimate,
    )
}

/// Why a cell has no valid repetition at all.
pub(super) fn gap(repetitions: &[Repetition], skipped: Option<&str>) -> Gap {
    let reason = repetitions.iter().find_map(|repetition| repetition.validity.reasons().first());
    match (reason, skipped) {
        (Some(reason), _) => Gap::Invalid { reason: reason.text.clone() },
        (None, Some(reason)) => Gap::not_measured(format!("skipped: {reason}")),
        (None, None) => Gap::NotRun,
    }
}

/// Fills in value and interval from the repetitions; `None` without any.
pub(super) fn estimate(repetitions: Estimate) -> Option<Estimate> {
    let center = repetitions.center(repetitions.confidence.share())?;
    let is_whole = matches!(repetitions.by, Estimator::Requests | Estimator::Kills)
        && (center.value <= 0.0 || center.value >= 1.0);
    let bounds = if is_whole { repetitions.center(repetitions.confidence.one_sided())?.bounds } else { center.bounds };
    let interval = bounds.map(|Bounds { lower, upper }| Interval { lower, upper });
    Some(Estimate { value: center.value, interval, ..repetitions })
}
