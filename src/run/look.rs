use super::conductor::Conductor;
use super::event::RunEvent;
use crate::record::{Event, LookDecision};
use crate::{store, summary};

impl Conductor<'_> {
    /// Looks, after so many complete blocks, whether the run may end, if this
    /// is a moment to look: from the records on disk, as a report does. What
    /// cannot be read is no reason to stop.
    ///
    /// It blocks, and may: between two blocks nothing is measured.
    pub(super) fn is_enough_after(&self, blocks: u32) -> bool {
        let plan = self.stage.plan;
        let Some(looks) = plan.looks.as_ref().filter(|looks| looks.after.contains(&blocks)) else { return false };
        self.ledger.settle();
        let stored = store::read(self.stage.directory.path());
        let summary =
            stored.and_then(|stored| summary::summarize(&stored.record, plan, stored.requests.measurements()));
        let summary = match summary {
            Ok(summary) => summary,
            Err(error) => {
                self.warn(format!("no look after {blocks} blocks: {error}"));
                return false;
            }
        };
        let look = summary::look(&summary, plan, looks, blocks);
        let is_enough = look.decision == LookDecision::Stopped;
        self.tell(RunEvent::Look { told: look.to_string() });
        self.note(Event::Look(look));
        is_enough
    }
}
