//! Who comes when: treatments inside blocks, cells inside epochs.

use indexmap::IndexMap;

use super::expand::ResolvedTreatment;
use super::{CellSpec, Epoch, PlannedCell, seed};
use crate::names::CellId;
use crate::scenario::Order;

/// How orders are drawn.
pub(super) struct Drawing<'a> {
    pub(super) order: Order,
    pub(super) blocks: u32,
    pub(super) seed: u64,
    pub(super) cells: &'a IndexMap<CellId, CellSpec>,
}

impl Drawing<'_> {
    /// Fresh servers for every treatment of every block.
    pub(super) fn epochs_per_block(&self, treatments: &[ResolvedTreatment]) -> Vec<Epoch> {
        (0..self.blocks)
            .flat_map(|block| self.treatments(block, treatments.len()).into_iter().map(move |at| (block, at)))
            .zip(0..)
            .map(|((block, at), index)| epoch(&treatments[at], index, block, self.cells_of(&treatments[at], block)))
            .collect()
    }

    /// Servers stay up over all blocks, so a treatment is one long epoch.
    pub(super) fn epochs_per_treatment(&self, treatments: &[ResolvedTreatment]) -> Vec<Epoch> {
        let order = self.treatments(0, treatments.len());
        let epochs = order.into_iter().zip(0..).map(|(at, index)| {
            let mut cells: Vec<PlannedCell> =
                (0..self.blocks).flat_map(|block| self.cells_of(&treatments[at], block)).collect();
            // The next block runs on the same servers, so what breaks one waits.
            cells.sort_by_key(|planned| self.cells[&planned.cell].fault.is_some());
            epoch(&treatments[at], index, 0, cells)
        });
        epochs.collect()
    }

    fn treatments(&self, block: u32, count: usize) -> Vec<usize> {
        match self.order {
            Order::RandomizedBlocks => {
                seed::permutation(seed::derive(self.seed, &format!("treatments of block {block}")), count)
            }
            Order::Mirrored if block % 2 == 1 => (0..count).rev().collect(),
            Order::Mirrored | Order::AsWritten => (0..count).collect(),
        }
    }

    /// Phases come as written, load levels of a phase in random order; a phase
    /// that breaks a server comes last, so that no other phase runs on the
    /// mended one. Treatments of one block share prompts and sending times:
    /// what differs between them is the treatment.
    fn cells_of(&self, treatment: &ResolvedTreatment, block: u32) -> Vec<PlannedCell> {
        let phases = treatment.resolved.phases.iter().map(|phase| &phase.name).zip(0..).collect::<IndexMap<_, usize>>();
        let mut ranked: Vec<((bool, usize, u64), PlannedCell)> = Vec::new();
        for (id, written) in treatment.cells.iter().zip(0..) {
            let spec = &self.cells[id];
            let seed = seed::derive(self.seed, &format!("block {block}/{}/{}", spec.phase, spec.load));
            let rank = match self.order {
                Order::RandomizedBlocks => seed,
                Order::Mirrored | Order::AsWritten => written,
            };
            let planned = PlannedCell { cell: id.clone(), block, seed };
            ranked.push(((spec.fault.is_some(), phases[&spec.phase], rank), planned));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, planned)| planned).collect()
    }
}

fn epoch(chosen: &ResolvedTreatment, index: u32, block: u32, cells: Vec<PlannedCell>) -> Epoch {
    Epoch {
        index,
        block,
        treatment: chosen.treatment.clone(),
        setup: chosen.resolved.epoch_setup.clone(),
        servers: chosen.resolved.servers.clone(),
        cells,
        telemetry: chosen.resolved.telemetry,
    }
}
