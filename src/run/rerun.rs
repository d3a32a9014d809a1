use std::collections::BTreeSet;

use super::Aftermath;
use super::event::RunEvent;
use super::runner::{Pass, RunStop, Runner};
use crate::names::CellId;
use crate::plan::{Epoch, PlannedCell};
use crate::record::{CellKey, Event};
use crate::summary::{Cause, CellSummary, Repetition, Validity};

impl Runner<'_> {
    /// Measures once more, with fresh servers, what something beside the
    /// experiment has spoiled in these epochs: all such cells of a treatment in
    /// one epoch. What was spoiled stays in the records.
    ///
    /// Not where the last servers are kept: they have the ports.
    pub(super) async fn rerun(&mut self, round: &[Epoch]) -> Result<(), RunStop> {
        let is_kept = self.context.aftermath == Aftermath::Keep && round.last().is_some_and(|last| self.is_last(last));
        for _ in (0..self.context.plan.rerun).filter(|_| !is_kept) {
            let spoiled = self.spoiled(round);
            if spoiled.is_empty() {
                break;
            }
            self.tell(RunEvent::Again { count: spoiled.len() });
            self.pass = Pass::Again;
            let measured = self.measure_again(round, &spoiled).await;
            self.pass = Pass::First;
            measured?;
            self.checkpoint(round)?;
        }
        Ok(())
    }

    async fn measure_again(&mut self, round: &[Epoch], spoiled: &BTreeSet<(CellId, u32)>) -> Result<(), RunStop> {
        for epoch in round {
            let is_spoiled = |one: &&PlannedCell| spoiled.contains(&(one.cell.clone(), one.block));
            let cells: Vec<_> = epoch.cells.iter().filter(is_spoiled).cloned().collect();
            if !cells.is_empty() {
                self.go_on()?;
                self.epoch(&Epoch { cells, ..epoch.clone() }).await?;
            }
        }
        Ok(())
    }

    /// The cells and blocks of these epochs without a repetition that counts,
    /// for a reason that need not come again, and with a try left.
    fn spoiled(&self, round: &[Epoch]) -> BTreeSet<(CellId, u32)> {
        let planned = || round.iter().flat_map(|epoch| &epoch.cells);
        let is_of_round = |key: &CellKey| planned().any(|one| one.cell == key.cell && one.block == key.block);
        let Some(summary) = self.summary_so_far(is_of_round) else { return BTreeSet::new() };
        let mut spoiled = BTreeSet::new();
        for planned in planned() {
            let Some(cell) = summary.cells.get(&planned.cell) else { continue };
            if let Some(one) = self.worth_another_try(cell, planned.block) {
                let first = CellKey { cell: planned.cell.clone(), block: one.block, epoch: one.epoch, probe: None };
                self.note(Event::MeasuredAgain { first });
                spoiled.insert((planned.cell.clone(), planned.block));
            }
        }
        spoiled
    }

    fn worth_another_try<'s>(&self, cell: &'s CellSummary, block: u32) -> Option<&'s Repetition> {
        let tried: Vec<&Repetition> = cell.repetitions.iter().filter(|one| one.block == block).collect();
        let has_valid = tried.iter().any(|one| one.validity == Validity::Valid);
        let is_left = u32::try_from(tried.len()).is_ok_and(|tried| tried <= self.context.plan.rerun);
        let last = tried.into_iter().max_by_key(|one| one.epoch)?;
        (!has_valid && is_left && last.validity.cause() == Some(Cause::Circumstance)).then_some(last)
    }
}
