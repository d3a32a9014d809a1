use super::event::RunEvent;
use super::runner::Runner;
use crate::record::{CellKey, Event, LookDecision};
use crate::store::StoreError;
use crate::summary::Summary;
use crate::text::with_causes;
use crate::{store, summary};

impl Runner<'_> {
    /// Looks, after so many complete blocks, whether the run may end, if this
    /// is a moment to look: from the records on disk, as a report does. What
    /// cannot be read is no reason to stop.
    ///
    /// It blocks, and may: between two blocks nothing is measured.
    pub(super) fn is_enough_after(&self, blocks: u32) -> bool {
        let plan = self.context.plan;
        let Some(looks) = plan.looks.as_ref().filter(|looks| looks.after.contains(&blocks)) else { return false };
        let Some(summary) = self.summary_so_far(|_| true) else { return false };
        let look = summary::look(&summary, plan, looks, blocks);
        let is_enough = look.decision == LookDecision::Stopped;
        self.tell(RunEvent::Look { told: look.to_string() });
        self.note(Event::Look(look));
        is_enough
    }

    /// What the records on disk say of the measurements that are wanted, as a
    /// report would; `None` if they cannot be read, which is told.
    pub(super) fn summary_so_far(&self, is_wanted: impl Fn(&CellKey) -> bool) -> Option<Summary> {
        self.ledger.settle();
        let stored = store::read(self.context.directory.path());
        let summary = stored.and_then(|stored| {
            summary::summarize(&stored.record, self.context.plan, &[], stored.requests.measurements_of(is_wanted))
        });
        let told = |error: &StoreError| {
            self.warn(format!("nobody can look at what was measured so far: {}", with_causes(error)));
        };
        summary.inspect_err(told).ok()
    }
}
