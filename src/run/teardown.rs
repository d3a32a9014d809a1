use super::Aftermath;
use super::context::Context;
use super::event::RunEvent;
use super::runner::Runner;
use crate::process::{LeftoverSearch, ProcessError, leftovers};
use crate::record::{CellKey, Event, Scope};
use crate::text::with_causes;
use crate::undo::UndoFailure;

impl Runner<'_> {
    /// Teardown steps, then everything that is still registered. Runs to its
    /// end whatever happens; returns what could not be undone.
    pub(super) async fn tear_down(&mut self) -> Vec<String> {
        self.tell(RunEvent::Teardown);
        self.undo.brace();
        let (plan, forced) = (self.context.plan, self.forced.clone());
        let mut failures = Vec::new();
        // A refused run has nothing to tear down.
        let steps = if self.has_begun { plan.teardown.as_slice() } else { &[] };
        for step in steps {
            let performed = forced.bound(async |cancel| {
                self.stop = cancel;
                self.step(step, Scope::Teardown).await
            });
            if let Err(halt) = performed.await {
                failures.push(with_causes(&halt));
            }
        }
        failures.extend(self.undo.unwind().await.iter().map(by_hand));
        let stray = self.end_leftovers().await;
        self.is_in_debt = stray.is_some() || !self.undo.is_empty();
        failures.extend(stray);
        // Told now: a full disk may yet keep this from every record and report.
        for problem in &failures {
            self.tell(RunEvent::NotUndone { problem: problem.clone() });
        }
        self.note_skipped();
        failures
    }

    /// What is alive although everything has been stopped: daemons that have
    /// left their group and their session.
    async fn end_leftovers(&mut self) -> Option<String> {
        let Context { containment, run_id, .. } = &self.context;
        let search = LeftoverSearch { run_id, containment: containment.as_ref()?, spared: &[], trace: None };
        match search.end(&self.forced).await {
            Ok(()) => None,
            Err(ProcessError::Immortal { processes }) => self.undo.owe(leftovers(processes)).as_ref().map(by_hand),
            // A refused run has started nothing that could be alive.
            Err(_) if !self.has_begun => None,
            Err(error) => {
                Some(format!("nobody can tell whether something of the run is alive: {}", with_causes(&error)))
            }
        }
    }

    /// Leaves everything to a later `runexp cleanup`, if there is anything;
    /// says whether.
    pub(super) fn keeps(&self) -> bool {
        let keeps = self.context.aftermath == Aftermath::Keep && !self.undo.is_empty();
        if keeps {
            self.note_skipped();
        }
        keeps
    }

    fn note_skipped(&self) {
        if self.is_enough {
            return;
        }
        let planned =
            self.context.plan.epochs.iter().flat_map(|epoch| epoch.cells.iter().map(|cell| (epoch.index, cell)));
        for (epoch, cell) in planned.skip(self.cells_done) {
            let key = CellKey { cell: cell.cell.clone(), block: cell.block, epoch, probe: None };
            self.note(Event::CellSkipped { cell: key, reason: "the run ended before it".to_owned() });
        }
    }
}

/// What could not be undone, and the command by which a person can do it.
pub(super) fn by_hand(failure: &UndoFailure) -> String {
    format!("{}; to do it by hand: `{}`", failure.told(), failure.help())
}
