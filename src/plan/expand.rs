//! Factors × phases × blocks, in seeded random order.

use indexmap::IndexMap;

use super::order::Drawing;
use super::{CellSpec, Looks, Plan, pattern};
use crate::format::Problems;
use crate::names::{CellId, NameError};
use crate::scenario::{Adaptive, Bindings, Design, Load, PhaseSpec, Replicate, Resolved, Scenario, Treatment};

/// What the command line decides about a plan.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    /// Names and ports that templates may use.
    pub bindings: &'a Bindings,
    /// Instead of the scenario's own seed.
    pub seed: Option<u64>,
    /// Keeps only the cells that any of these patterns means; all if there is
    /// none. `*` in a pattern stands for any text, and then the whole id must
    /// fit; one without may stand anywhere in it.
    pub only: &'a [String],
}

/// There is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The scenario has problems.
    #[error(transparent)]
    Scenario(#[from] Problems),
    /// `--only` leaves nothing.
    #[error("no cell is meant by --only {}; of {count} cells the nearest {}", listed(patterns), nearest(examples))]
    NothingSelected {
        /// What was asked for.
        patterns: Vec<String>,
        /// Cells there are.
        count: usize,
        /// The ids most like it.
        examples: Vec<String>,
    },
    /// A cell's id is too long to be one.
    #[error("a cell cannot be named")]
    Name(#[from] NameError),
}

fn nearest(ids: &[String]) -> String {
    format!("{} {}", if ids.len() == 1 { "is" } else { "are" }, listed(ids))
}

fn listed(texts: &[String]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

/// A treatment and the cells of it that are kept.
pub(super) struct ResolvedTreatment {
    pub(super) treatment: Treatment,
    pub(super) resolved: Resolved,
    pub(super) cells: Vec<CellId>,
}

/// Decides everything: which cells, in which order, with which seeds.
///
/// # Errors
/// When the scenario has problems, or `--only` leaves no cell.
pub fn expand(scenario: &Scenario, choices: &Choices<'_>) -> Result<Plan, PlanError> {
    let mut cells = IndexMap::new();
    let treatments = resolve(scenario, choices, &mut cells)?;
    assemble(scenario, choices, &scenario.design, &treatments, cells)
}

/// What treatments and cells come to under a design.
pub(super) fn assemble(
    scenario: &Scenario,
    choices: &Choices<'_>,
    design: &Design,
    treatments: &[ResolvedTreatment],
    cells: IndexMap<CellId, CellSpec>,
) -> Result<Plan, PlanError> {
    let seed = choices.seed.unwrap_or(design.seed);
    let blocks = design.adaptive.as_ref().map_or(design.repetitions, |adaptive| adaptive.max_repetitions);
    let drawing = Drawing { order: design.order, blocks, seed, cells: &cells };
    let epochs = match design.replicate {
        Replicate::Epoch => drawing.epochs_per_block(treatments),
        Replicate::Phase => drawing.epochs_per_treatment(treatments),
    };
    Ok(Plan {
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        seed,
        blocks,
        looks: looks(design),
        baseline: design.baseline.clone(),
        setup: scenario.setup(choices.bindings)?,
        epochs,
        teardown: scenario.teardown(choices.bindings)?,
        rerun: design.rerun,
        cooldown: design.cooldown.clone(),
        foreign_gpu_processes: scenario.foreign_gpu_processes.clone(),
        calibration: None,
        cells,
        prompts: scenario.prompts.clone(),
        traces: scenario.traces.clone(),
        facts: scenario.facts.clone(),
    })
}

/// Fixed before the run, each half as late again as the one before: 5, 8, 12.
fn looks(design: &Design) -> Option<Looks> {
    let Adaptive { half_width, max_repetitions, metric } = design.adaptive.clone()?;
    let first = design.repetitions.max(Adaptive::LEAST_BLOCKS);
    let early = std::iter::successors(Some(first), |look| Some((look * 3).div_ceil(2)));
    let after = early.take_while(|look| *look < max_repetitions).chain([max_repetitions]).collect();
    Some(Looks { after, metric, half_width })
}

pub(super) fn resolve(
    scenario: &Scenario,
    choices: &Choices<'_>,
    cells: &mut IndexMap<CellId, CellSpec>,
) -> Result<Vec<ResolvedTreatment>, PlanError> {
    let mut all = Vec::new();
    let mut kept = Vec::new();
    for treatment in scenario.treatments() {
        let resolved = scenario.resolve(&treatment, choices.bindings)?;
        let mut own = Vec::new();
        for (id, cell) in cells_of(&treatment, &resolved)? {
            all.push(id.to_string());
            if choices.only.is_empty() || choices.only.iter().any(|pattern| pattern::fits(pattern, id.as_str())) {
                own.push(id.clone());
                cells.insert(id, cell);
            }
        }
        if !own.is_empty() {
            kept.push(ResolvedTreatment { treatment, resolved, cells: own });
        }
    }
    if kept.is_empty() && !choices.only.is_empty() {
        let examples = pattern::nearest(choices.only, &all);
        return Err(PlanError::NothingSelected { patterns: choices.only.to_vec(), count: all.len(), examples });
    }
    Ok(kept)
}

fn cells_of(treatment: &Treatment, resolved: &Resolved) -> Result<Vec<(CellId, CellSpec)>, NameError> {
    let servers = u32::try_from(resolved.servers.len()).unwrap_or(u32::MAX);
    let mut cells = Vec::new();
    for phase in &resolved.phases {
        for load in &phase.loads {
            let cell = cell(treatment, phase, load, servers);
            cells.push((CellId::new(format!("{treatment}/{}/{}", phase.name, cell.load_words()))?, cell));
        }
    }
    Ok(cells)
}

fn cell(treatment: &Treatment, phase: &PhaseSpec, load: &Load, servers: u32) -> CellSpec {
    let PhaseSpec { name, loads: _, find, max_in_flight, length, warmup, drain, request, expect, slo, fault } = phase;
    CellSpec {
        treatment: treatment.clone(),
        phase: name.clone(),
        load: load.clone(),
        find: find.clone(),
        max_in_flight: *max_in_flight,
        length: *length,
        warmup: *warmup,
        drain: *drain,
        request: request.clone(),
        expect: expect.clone(),
        slo: slo.clone(),
        fault: fault.clone(),
        servers,
    }
}
