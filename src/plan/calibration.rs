//! One treatment twice, under two labels: what differs between them is noise.

use indexmap::IndexMap;

use super::expand::{Choices, PlanError, ResolvedTreatment, assemble, resolve};
use super::{CellSpec, Plan};
use crate::names::{CellId, FactorName};
use crate::scenario::{Design, Level, Order, Scenario, Selector};

/// The factor that tells the two apart, unless the scenario has one of that
/// name.
const LABEL: &str = "label";
const OWN_LABEL: &str = "calibration_label";
const LABELS: [&str; 2] = ["A", "B"];

/// The plan of an A/A control: the baseline, or the first treatment where none
/// is declared or `only` leaves it out, as A and as B in randomised blocks.
///
/// It is never ended early: its own spread is what it is about.
///
/// # Errors
/// As for [`expand`](super::expand()).
pub fn calibration(scenario: &Scenario, choices: &Choices<'_>) -> Result<Plan, PlanError> {
    let mut all = IndexMap::new();
    let treatments = resolve(scenario, choices, &mut all)?;
    let is_baseline = |one: &&ResolvedTreatment| {
        let baseline = scenario.design.baseline.as_ref();
        baseline.is_some_and(|baseline| fits(one, baseline))
    };
    let chosen = treatments.iter().find(is_baseline).or_else(|| treatments.first());
    let label = FactorName::new(
        chosen.map_or(LABEL, |one| if one.treatment.level(LABEL).is_some() { OWN_LABEL } else { LABEL }),
    )?;
    let mut cells = IndexMap::new();
    let mut labelled = Vec::new();
    for level in LABELS {
        if let Some(one) = chosen {
            labelled.push(under_label(one, &label, level, &all, &mut cells)?);
        }
    }
    let design = Design {
        order: Order::RandomizedBlocks,
        adaptive: None,
        baseline: Some(Selector(IndexMap::from([(label.to_string(), text(LABELS[0]))]))),
        ..scenario.design.clone()
    };
    let plan = assemble(scenario, choices, &design, &labelled, cells)?;
    Ok(Plan { calibration: Some(label), ..plan })
}

/// Whether a treatment has the levels of a selector, whatever that says of
/// phases and loads.
fn fits(one: &ResolvedTreatment, selector: &Selector) -> bool {
    selector.0.iter().all(|(key, wanted)| one.treatment.level(key).is_none_or(|level| level == wanted))
}

fn under_label(
    one: &ResolvedTreatment,
    label: &FactorName,
    level: &str,
    all: &IndexMap<CellId, CellSpec>,
    cells: &mut IndexMap<CellId, CellSpec>,
) -> Result<ResolvedTreatment, PlanError> {
    let mut treatment = one.treatment.clone();
    treatment.0.insert_before(0, label.clone(), text(level));
    let mut own = Vec::new();
    for spec in one.cells.iter().filter_map(|id| all.get(id)) {
        let id = CellId::new(format!("{treatment}/{}/{}", spec.phase, spec.load_words()))?;
        cells.insert(id.clone(), CellSpec { treatment: treatment.clone(), ..spec.clone() });
        own.push(id);
    }
    Ok(ResolvedTreatment { treatment, resolved: one.resolved.clone(), cells: own })
}

fn text(level: &str) -> Level {
    Level::Text(level.to_owned())
}
