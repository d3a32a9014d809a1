//! Metrics that hold a cell against another one of the same block.

use indexmap::IndexMap;

use super::{CellSummary, Gap, Repetition, UnitValue, Validity};
use crate::metric::{self, Measure, Reference, Side};
use crate::names::{CellId, MetricId};
use crate::plan::{CellSpec, Plan};
use crate::scenario::{Load, Treatment};

/// Puts the cross-cell metrics into every repetition.
pub(super) fn fill(plan: &Plan, cells: &mut IndexMap<CellId, CellSummary>) {
    for definition in metric::all() {
        let Measure::Against(reference, formula) = definition.measure else { continue };
        let Ok(metric) = MetricId::new(definition.id) else { continue };
        for (id, spec) in &plan.cells {
            let values = values(cells, id, &reference_cell(plan, spec, reference), formula);
            let repetitions = cells.get_mut(id).map(|cell| cell.repetitions.iter_mut()).into_iter().flatten();
            for (repetition, value) in repetitions.zip(values) {
                repetition.values.insert(metric.clone(), value);
            }
        }
    }
}

/// One value per repetition of the cell `here`.
fn values(
    cells: &IndexMap<CellId, CellSummary>,
    here: &CellId,
    there: &Result<CellId, Gap>,
    formula: fn(Side, Side) -> f64,
) -> Vec<UnitValue> {
    let Some(here) = cells.get(here) else { return Vec::new() };
    let value = |repetition: &Repetition| {
        let there = cells.get(there.as_ref().map_err(Clone::clone)?).ok_or(Gap::NotRun)?;
        let valid = |one: &&Repetition| one.block == repetition.block && one.validity == Validity::Valid;
        let reference =
            there.repetitions.iter().find(valid).ok_or_else(|| {
                Gap::not_measured("the cell it is held against has no valid repetition in this block")
            })?;
        Ok(formula(side(repetition, here)?, side(reference, there)?))
    };
    here.repetitions.iter().map(value).collect()
}

fn side(repetition: &Repetition, cell: &CellSummary) -> Result<Side, Gap> {
    let output_throughput = repetition.value("output_throughput")?;
    match cell.clients {
        Some(clients) if clients > 0 && output_throughput > 0.0 => Ok(Side { output_throughput, clients }),
        _ => Err(Gap::not_measured("no token arrived inside the window")),
    }
}

/// The only cell that the reference describes, or why there is none.
fn reference_cell(plan: &Plan, here: &CellSpec, reference: Reference) -> Result<CellId, Gap> {
    if here.load.is_open() {
        return Err(Gap::not_measured("it is defined for closed loops"));
    }
    if reference == Reference::OneServer && here.servers == 1 {
        return Err(Gap::not_measured("it takes more than one server process"));
    }
    let mut found = plan.cells.iter().filter(|(_, there)| there.phase == here.phase && fits(here, there, reference));
    match (found.next(), found.next()) {
        (Some((id, _)), None) => Ok(id.clone()),
        (Some(_), Some(_)) => Err(Gap::not_measured("several cells could be the one it is held against")),
        (None, _) => Err(Gap::not_measured(match reference {
            Reference::OneClient => "the plan has no cell with one client to hold it against",
            Reference::OneServer => {
                "the plan has no cell with one server process that differs in one factor to hold it against"
            }
        })),
    }
}

fn fits(here: &CellSpec, there: &CellSpec, reference: Reference) -> bool {
    if there.find.is_some() {
        return false;
    }
    match reference {
        Reference::OneClient => there.load == Load::Clients(1) && there.treatment == here.treatment,
        Reference::OneServer => {
            there.servers == 1 && there.load == here.load && differing_factors(&here.treatment, &there.treatment) == 1
        }
    }
}

fn differing_factors(one: &Treatment, other: &Treatment) -> usize {
    one.0.iter().filter(|(factor, level)| other.0.get(*factor) != Some(*level)).count()
}
