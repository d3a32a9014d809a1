//! Factors × phases × blocks, in seeded random order.

use indexmap::IndexMap;

use super::{CellSpec, Epoch, Plan, PlannedCell, seed};
use crate::names::{CellId, NameError};
use crate::scenario::{Bindings, Load, Order, PhaseSpec, Problems, Replicate, Resolved, Scenario, Treatment};

/// What the command line decides about a plan.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    /// Names and ports that templates may use.
    pub bindings: &'a Bindings,
    /// Instead of the scenario's own seed.
    pub seed: Option<u64>,
    /// Keeps only the cells whose id holds this text.
    pub only: Option<&'a str>,
}

/// There is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The scenario has problems.
    #[error("{0}")]
    Scenario(#[from] Problems),
    /// `--only` leaves nothing.
    #[error("no cell's id holds `{pattern}`; the first of {count} cells is `{example}`")]
    NothingSelected {
        /// What was asked for.
        pattern: String,
        /// Cells there are.
        count: usize,
        /// One of them.
        example: String,
    },
    /// A cell's id is too long to be one.
    #[error("a cell cannot be named")]
    Name(#[from] NameError),
}

struct ResolvedTreatment {
    treatment: Treatment,
    resolved: Resolved,
    cells: Vec<CellId>,
}

/// Decides everything: which cells, in which order, with which seeds.
///
/// # Errors
/// When the scenario has problems, or `--only` leaves no cell.
pub fn expand(scenario: &Scenario, choices: &Choices<'_>) -> Result<Plan, PlanError> {
    let seed = choices.seed.unwrap_or(scenario.design.seed);
    let mut cells = IndexMap::new();
    let treatments = resolve(scenario, choices, &mut cells)?;
    let design = &scenario.design;
    let epochs = match design.replicate {
        Replicate::Epoch => epochs_per_block(&treatments, design.repetitions, design.order, seed, &cells),
        Replicate::Phase => epochs_per_treatment(&treatments, design.repetitions, design.order, seed, &cells),
    };
    Ok(Plan {
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        seed,
        blocks: design.repetitions,
        baseline: design.baseline.clone(),
        setup: scenario.setup(choices.bindings)?,
        epochs,
        teardown: scenario.teardown(choices.bindings)?,
        cooldown: design.cooldown.clone(),
        cells,
        prompts: scenario.prompts.clone(),
    })
}

fn resolve(
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
            all.push(id.clone());
            if choices.only.is_none_or(|pattern| id.as_str().contains(pattern)) {
                own.push(id.clone());
                cells.insert(id, cell);
            }
        }
        if !own.is_empty() {
            kept.push(ResolvedTreatment { treatment, resolved, cells: own });
        }
    }
    match choices.only {
        Some(pattern) if kept.is_empty() => Err(PlanError::NothingSelected {
            pattern: pattern.to_owned(),
            count: all.len(),
            example: all.first().map(ToString::to_string).unwrap_or_default(),
        }),
        _ => Ok(kept),
    }
}

fn cells_of(treatment: &Treatment, resolved: &Resolved) -> Result<Vec<(CellId, CellSpec)>, NameError> {
    let servers = u32::try_from(resolved.servers.len()).unwrap_or(u32::MAX);
    let mut cells = Vec::new();
    for phase in &resolved.phases {
        for load in &phase.loads {
            let id = CellId::new(format!("{treatment}/{}/{load}", phase.name))?;
            cells.push((id, cell(treatment, phase, load, servers)));
        }
    }
    Ok(cells)
}

fn cell(treatment: &Treatment, phase: &PhaseSpec, load: &Load, servers: u32) -> CellSpec {
    let PhaseSpec { name, loads: _, length, warmup, drain, request, expect, slo, fault } = phase;
    CellSpec {
        treatment: treatment.clone(),
        phase: name.clone(),
        load: load.clone(),
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

fn epochs_per_block(
    treatments: &[ResolvedTreatment],
    blocks: u32,
    order: Order,
    seed: u64,
    cells: &IndexMap<CellId, CellSpec>,
) -> Vec<Epoch> {
    (0..blocks)
        .flat_map(|block| treatment_order(order, seed, block, treatments.len()).into_iter().map(move |at| (block, at)))
        .zip(0..)
        .map(|((block, at), index)| {
            let chosen = &treatments[at];
            epoch(chosen, index, block, planned(&chosen.cells, block, order, seed, cells))
        })
        .collect()
}

/// Servers stay up over all blocks, so a treatment is one long epoch.
fn epochs_per_treatment(
    treatments: &[ResolvedTreatment],
    blocks: u32,
    order: Order,
    seed: u64,
    cells: &IndexMap<CellId, CellSpec>,
) -> Vec<Epoch> {
    treatment_order(order, seed, 0, treatments.len())
        .into_iter()
        .zip(0..)
        .map(|(at, index)| {
            let chosen = &treatments[at];
            let mut own: Vec<PlannedCell> =
                (0..blocks).flat_map(|block| planned(&chosen.cells, block, order, seed, cells)).collect();
            // The next block runs on the same servers, so what breaks one waits.
            own.sort_by_key(|planned| cells[&planned.cell].fault.is_some());
            epoch(chosen, index, 0, own)
        })
        .collect()
}

fn epoch(chosen: &ResolvedTreatment, index: u32, block: u32, cells: Vec<PlannedCell>) -> Epoch {
    Epoch {
        index,
        block,
        treatment: chosen.treatment.clone(),
        setup: chosen.resolved.epoch_setup.clone(),
        servers: chosen.resolved.servers.clone(),
        cells,
    }
}

fn treatment_order(order: Order, seed: u64, block: u32, count: usize) -> Vec<usize> {
    match order {
        Order::RandomizedBlocks => {
            seed::permutation(seed::derive(seed, &format!("treatments of block {block}")), count)
        }
        Order::Mirrored if block % 2 == 1 => (0..count).rev().collect(),
        Order::Mirrored | Order::AsWritten => (0..count).collect(),
    }
}

/// Phases come as written, load levels of a phase in random order; a phase
/// that breaks a server comes last, so that no other phase runs on the mended
/// one. Treatments of one block share prompts and sending times: what differs
/// between them is the treatment.
fn planned(
    own: &[CellId],
    block: u32,
    order: Order,
    seed: u64,
    cells: &IndexMap<CellId, CellSpec>,
) -> Vec<PlannedCell> {
    let mut planned: Vec<(bool, usize, u64, PlannedCell)> = Vec::new();
    let mut phases: Vec<&str> = Vec::new();
    for (written, id) in own.iter().enumerate() {
        let spec = &cells[id];
        let phase = spec.phase.as_str();
        let position = phases.iter().position(|known| *known == phase).unwrap_or_else(|| {
            phases.push(phase);
            phases.len() - 1
        });
        let own_seed = seed::derive(seed, &format!("block {block}/{phase}/{}", spec.load));
        let rank = match order {
            Order::RandomizedBlocks => own_seed,
            Order::Mirrored | Order::AsWritten => written as u64,
        };
        let cell = PlannedCell { cell: id.clone(), block, seed: own_seed };
        planned.push((spec.fault.is_some(), position, rank, cell));
    }
    planned.sort_by_key(|(breaks, phase, rank, _)| (*breaks, *phase, *rank));
    planned.into_iter().map(|(_, _, _, cell)| cell).collect()
}
