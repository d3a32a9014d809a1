use std::path::Path;

use super::runner::Runner;
use super::world::{Running, WorldError};
use crate::load::{Target, replies_at_once};
use crate::record::{SlotsSeen, SlotsSource};
use crate::scenario::{RequestSpec, ServerSpec};
use crate::server::slots_of;

/// Nobody waits longer for a piece of a reply to a trial.
const STALL: std::time::Duration = std::time::Duration::from_secs(30);

impl Runner<'_> {
    /// How many requests a server works on at once, where its `slots` are
    /// declared and it does not tell itself: by its log and its processes, else
    /// by a trial. What a simulated server has, it has.
    pub(super) async fn find_slots(
        &self,
        spec: &ServerSpec,
        running: &Running,
        request: &RequestSpec,
        log: &Path,
    ) -> Result<Option<SlotsSeen>, WorldError> {
        let Some(declared) = spec.slots.filter(|_| !self.context.world.is_simulated()) else { return Ok(None) };
        if let Some(seen) = slots_of(spec.api, log, &self.processes_of(running)) {
            return Ok(Some(seen));
        }
        let target = Target::new(spec, running.url(), request.endpoint, STALL, &self.context.secrets.headers(spec))?;
        tokio::select! {
            () = self.stop.cancelled() => Err(WorldError::Interrupted),
            count = replies_at_once(&target, request.changes(), declared, self.context.clock) => {
                Ok(count.map(|count| SlotsSeen { count, by: SlotsSource::Trial }))
            }
        }
    }
}
