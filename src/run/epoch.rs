use std::path::Path;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use super::Aftermath;
use super::context::Context;
use super::event::RunEvent;
use super::runner::{RunStop, Runner};
use super::teardown::by_hand;
use super::world::{Running, WorldError};
use crate::load::{self, Target};
use crate::plan::{CellSpec, Epoch};
use crate::record::{CellKey, Event, Scope};
use crate::scenario::{Cooldown, Header, Preload, RequestSpec, ServerSpec};
use crate::server::{self, ServerContext};
use crate::text::with_causes;

impl<'a> Runner<'a> {
    /// A life of the servers: setup steps, start, cells, stop, undo.
    ///
    /// Setup steps of an epoch are undone with it, so that MPS of one
    /// treatment is gone before the next begins.
    pub(super) async fn epoch(&mut self, epoch: &Epoch) -> Result<(), RunStop> {
        let number = self.next_epoch;
        self.next_epoch += 1;
        if number > self.first_epoch {
            self.cool_down().await?;
        }
        self.note(Event::EpochStarted { epoch: number, block: epoch.block, treatment: epoch.treatment.to_string() });
        self.tell(RunEvent::Epoch {
            index: epoch.index,
            of: self.context.plan.epochs.len(),
            block: epoch.block,
            treatment: epoch.treatment.to_string(),
        });
        let mark = self.undo.mark();
        let mut servers = Vec::new();
        let result = self.life(number, epoch, &mut servers).await;
        if self.context.aftermath == Aftermath::Keep && (result.is_err() || self.is_last(epoch)) {
            // Dropped, they would be killed.
            std::mem::forget(servers);
            return result;
        }
        self.stop_all(number, servers).await;
        let failures = self.undo.unwind_to(mark).await;
        self.context.world.reset();
        result?;
        failures.first().map_or(Ok(()), |failure| Err(RunStop::NotUndone { reason: by_hand(failure) }))
    }

    async fn life(&mut self, number: u32, epoch: &Epoch, servers: &mut Vec<Running>) -> Result<(), RunStop> {
        self.refuse_foreign()?;
        self.watch_as_wanted(epoch);
        let own = self.steps(&epoch.setup, Scope::Epoch { epoch: number }).await?;
        self.server_environment.clone_from(&self.setup_environment);
        self.server_environment.extend(own);
        self.start_all(number, epoch, servers).await?;
        self.measure_rest(number, epoch).await?;
        self.cells(number, epoch, servers).await
    }

    async fn start_all(&mut self, number: u32, epoch: &Epoch, servers: &mut Vec<Running>) -> Result<(), RunStop> {
        self.note_memory(number, servers);
        for spec in epoch.servers.iter().take(self.context.plan.servers_at_first(epoch)) {
            self.go_on()?;
            let request = self.first_request(epoch, spec);
            match self.start(number, spec, request.as_ref()).await {
                Ok(running) => {
                    servers.push(running);
                    self.note_memory(number, servers);
                }
                Err(_) if self.stop.is_cancelled() => return Err(RunStop::Interrupted),
                Err(source) => {
                    self.note_failed(number, spec, &source);
                    return Err(RunStop::Server { label: spec.label(), source: Box::new(source) });
                }
            }
        }
        Ok(())
    }

    pub(super) fn note_failed(&self, epoch: u32, spec: &ServerSpec, source: &WorldError) {
        self.note(Event::ServerFailed { epoch, server: spec.into(), reason: with_causes(source) });
    }

    /// What a server is asked for first, and so for its first tokens.
    pub(super) fn first_request(&self, epoch: &Epoch, server: &ServerSpec) -> Option<RequestSpec> {
        let mut requests = epoch.cells.iter().map(|cell| &self.spec(&cell.cell).request);
        requests.find(|request| request.servers.is_empty() || request.servers.contains(&server.name)).cloned()
    }

    /// How much memory is in use with these servers up.
    pub(super) fn note_memory(&mut self, epoch: u32, servers: &[Running]) {
        let memory = self.context.world.memory();
        self.gauge.read(servers.len(), memory);
        self.note(Event::Memory { epoch, servers: u32::try_from(servers.len()).unwrap_or(u32::MAX), memory });
    }

    pub(super) async fn start(
        &mut self,
        epoch: u32,
        spec: &ServerSpec,
        request: Option<&RequestSpec>,
    ) -> Result<Running, WorldError> {
        let started = self.context.clock.now();
        let log = self.log(&spec.label());
        let (stop, environment) = (self.stop.clone(), self.server_environment.clone());
        let headers = self.context.secrets.headers(spec);
        let context = self.server_context(&log, &environment, &headers, &stop);
        let running = self.context.world.start_server(spec, &context, &mut self.undo).await?;
        let ready_ns = self.context.clock.now().since(started);
        let preload_ns = match spec.preload.as_ref().zip(request) {
            Some((preload, request)) => Some(self.preload(spec, &running, preload, request).await?),
            None => None,
        };
        let mut about = tokio::select! {
            () = self.stop.cancelled() => return Err(WorldError::Interrupted),
            about = server::about(spec, running.url(), &headers) => about,
        };
        if let (None, Some(request)) = (&about.slots, request) {
            about.slots = self.find_slots(spec, &running, request, &log).await?;
        }
        self.tell(RunEvent::ServerReady { label: spec.label(), seconds: ready_ns.seconds() });
        self.note(Event::ServerReady {
            epoch,
            server: running.key(),
            url: running.shown_url(),
            process: running.identity().cloned(),
            ready_ns,
            preload_ns,
            about,
            already_there: if self.context.world.is_simulated() { None } else { server::already_there(spec) },
        });
        Ok(running)
    }

    async fn preload(
        &self,
        spec: &ServerSpec,
        running: &Running,
        preload: &Preload,
        request: &RequestSpec,
    ) -> Result<crate::units::Nanos, WorldError> {
        let within = preload.within.duration();
        let headers = self.context.secrets.headers(spec);
        let mut target = Target::new(spec, running.url(), request.endpoint, within, &headers)?;
        target.model = preload.model.clone().or(target.model);
        tokio::select! {
            () = self.stop.cancelled() => Err(WorldError::Interrupted),
            loaded = load::preload(&target, request, within, self.context.clock) => Ok(loaded?),
        }
    }

    async fn cells(&mut self, number: u32, epoch: &Epoch, servers: &mut Vec<Running>) -> Result<(), RunStop> {
        for cell in &epoch.cells {
            self.go_on()?;
            self.cell(number, epoch, cell, servers).await?;
            let key = CellKey { cell: cell.cell.clone(), block: cell.block, epoch: number, probe: None };
            self.check_mps(epoch, key, servers).await;
            self.heed_lost_gpu(epoch)?;
            for server in servers.iter_mut() {
                if let Some((how, tail)) = server.exited() {
                    return Err(RunStop::ServerDied { label: server.label(), how, tail });
                }
            }
        }
        Ok(())
    }

    pub(super) async fn stop_all(&mut self, epoch: u32, servers: Vec<Running>) {
        for server in servers.into_iter().rev() {
            let key = server.key();
            let how = tokio::select! {
                how = server.stop() => how.unwrap_or_else(|error| with_causes(&error)),
                () = self.forced.raised() => "killed, there was haste".to_owned(),
            };
            self.note(Event::ServerStopped { epoch, server: key, how });
        }
    }

    pub(super) fn is_last(&self, epoch: &Epoch) -> bool {
        self.context.plan.epochs.last().is_some_and(|last| last.index == epoch.index)
    }

    /// Nothing gets warm on a simulated machine.
    async fn cool_down(&mut self) -> Result<(), RunStop> {
        match &self.context.plan.cooldown {
            Some(Cooldown { gpu_below_c, at_most }) if !self.context.world.is_simulated() => {
                let limit_c = gpu_below_c.unwrap_or(f64::NEG_INFINITY);
                tokio::select! {
                    () = self.stop.cancelled() => Err(RunStop::Interrupted),
                    () = self.context.findings.max_temperature.below(limit_c) => Ok(()),
                    () = tokio::time::sleep(at_most.duration()) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    pub(super) fn server_context<'c>(
        &self,
        log: &'c Path,
        env: &'c IndexMap<String, String>,
        headers: &'c [Header],
        cancel: &'c CancellationToken,
    ) -> ServerContext<'c>
    where
        'a: 'c,
    {
        let Context { scenario_dir, run_id, clock, .. } = self.context;
        ServerContext { dir: scenario_dir, run_id, log, env, headers, clock, cancel }
    }

    pub(super) fn spec(&self, cell: &crate::names::CellId) -> &CellSpec {
        &self.context.plan.cells[cell]
    }
}
