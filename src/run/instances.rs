//! Servers that come one by one, until one more cannot be had.

use super::runner::{RunStop, Runner};
use super::teardown::by_hand;
use super::world::{Running, WorldError};
use crate::plan::Epoch;
use crate::record::ProbeVerdict;
use crate::scenario::{RequestSpec, ServerSpec};
use crate::text::with_causes;

impl Runner<'_> {
    /// Brings up exactly so many servers of an epoch; why that cannot be had, if
    /// it cannot.
    pub(super) async fn bring_up(
        &mut self,
        number: u32,
        epoch: &Epoch,
        count: u32,
        servers: &mut Vec<Running>,
    ) -> Result<Option<String>, RunStop> {
        let count = (count as usize).min(epoch.servers.len());
        let surplus = servers.split_off(count.min(servers.len()));
        self.stop_all(number, surplus).await;
        self.gauge.forget_beyond(servers.len());
        for spec in epoch.servers.iter().take(count).skip(servers.len()) {
            self.go_on()?;
            let request = self.first_request(epoch, spec);
            let lacking = self.one_more(number, spec, request.as_ref(), servers).await?;
            if lacking.is_some() {
                return Ok(lacking);
            }
        }
        Ok(None)
    }

    async fn one_more(
        &mut self,
        epoch: u32,
        spec: &ServerSpec,
        request: Option<&RequestSpec>,
        servers: &mut Vec<Running>,
    ) -> Result<Option<String>, RunStop> {
        if let Some(reason) = self.gauge.lacks_room() {
            return Ok(Some(format!("`{}` {reason}", spec.label())));
        }
        let mark = self.undo.mark();
        match self.start(epoch, spec, request).await {
            Ok(running) => servers.push(running),
            Err(_) if self.stop.is_cancelled() => return Err(RunStop::Interrupted),
            Err(source) => return self.failed_to_start(epoch, spec, &source, mark).await.map(Some),
        }
        self.note_memory(epoch, servers);
        let Some(reason) = self.gauge.has_spilled() else { return Ok(None) };
        let last = servers.pop().into_iter().collect();
        self.stop_all(epoch, last).await;
        Ok(Some(format!("`{}` {reason}", spec.label())))
    }

    /// What has begun to start must not hold the memory of those that run.
    async fn failed_to_start(
        &mut self,
        epoch: u32,
        spec: &ServerSpec,
        source: &WorldError,
        mark: u32,
    ) -> Result<String, RunStop> {
        self.note_failed(epoch, spec, source);
        match self.undo.unwind_to(mark).await.first() {
            Some(failure) => Err(RunStop::NotUndone { reason: by_hand(failure) }),
            None => Ok(with_causes(source)),
        }
    }

    /// What follows from servers that have ended by themselves under a load.
    /// They and those after them are stopped.
    pub(super) async fn lost(&mut self, epoch: u32, servers: &mut Vec<Running>) -> Option<ProbeVerdict> {
        let ends = servers.iter_mut().map(|server| server.exited().map(|how| (server.label(), how)));
        let (at, (label, (how, tail))) = ends.enumerate().find_map(|(at, end)| Some((at, end?)))?;
        let gone = servers.split_off(at);
        self.stop_all(epoch, gone).await;
        Some(ProbeVerdict::Failed { reason: format!("`{label}` ended by itself ({how}){tail}") })
    }
}
