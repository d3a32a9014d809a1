use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contention::Contention;
use super::event::RunEvent;
use super::fault::Answers;
use super::runner::{Pass, RunStop, Runner};
use super::watch::mark_window;
use super::world::{Running, WorldError};
use crate::clock::Clock;
use crate::load::{self, Driven, Sink, Target, Workload};
use crate::names::CellId;
use crate::plan::{CellSpec, Epoch, PlannedCell, derive};
use crate::record::{CellEnd, CellKey, ClientHonesty, Event, Failures, Moment, RequestOutcome, RequestRecord};
use crate::scenario::{self, Prompt, PromptError, PromptLine};
use crate::text::with_causes;
use crate::units::Nanos;

impl Runner<'_> {
    /// Measures one cell once, or searches for its load.
    pub(super) async fn cell(
        &mut self,
        number: u32,
        epoch: &Epoch,
        planned: &PlannedCell,
        servers: &mut Vec<Running>,
    ) -> Result<(), RunStop> {
        self.cells_done += usize::from(self.pass == Pass::First);
        let key = CellKey { cell: planned.cell.clone(), block: planned.block, epoch: number, probe: None };
        let spec = self.spec(&planned.cell).clone();
        if let Some(find) = &spec.find {
            return self.search(epoch, (key, &spec, find), planned.seed, servers).await;
        }
        let pen = self.pen().clone();
        let sink = Arc::new(move |record| pen.request(record));
        self.measure(key, &spec, planned.seed, servers, sink).await.map(drop)
    }

    /// Puts one load on the servers; what comes back is how that ended, which
    /// is recorded.
    pub(super) async fn measure(
        &mut self,
        key: CellKey,
        spec: &CellSpec,
        seed: u64,
        servers: &mut [Running],
        sink: Sink,
    ) -> Result<Event, RunStop> {
        let cell = key.cell.clone();
        let tally = Arc::new(Tally::default());
        let driven = self.drive(&key, spec, seed, servers, tally.count(sink)).await;
        let asked = asked(spec, servers).count();
        let (event, result) = match driven {
            Ok(mut driven) => {
                driven.health.certified = self.context.certified;
                (finished(key, spec, asked, driven), Ok(()))
            }
            Err(source) => {
                let (end, halt) = self.halt(&cell, source);
                (unmeasured(key, spec, asked, self.context.clock.now(), end), Err(halt))
            }
        };
        if let Event::CellFinished { end, .. } = &event {
            self.tell(RunEvent::Cell {
                number: self.cells_done,
                of: self.context.plan.epochs.iter().map(|epoch| epoch.cells.len()).sum(),
                cell,
                requests: tally.requests.load(Ordering::Relaxed),
                failures: tally.failures().clone(),
                end: end.clone(),
            });
        }
        self.note(event.clone());
        result.map(|()| event)
    }

    /// Why a cell has no end of its own. What a signal cuts short has not failed.
    fn halt(&self, cell: &CellId, source: WorldError) -> (CellEnd, RunStop) {
        if self.stop.is_cancelled() {
            return (CellEnd::Interrupted, RunStop::Interrupted);
        }
        let reason = with_causes(&source);
        (CellEnd::Failed { reason }, RunStop::Cell { cell: cell.clone(), source: Box::new(source) })
    }

    async fn drive(
        &mut self,
        key: &CellKey,
        spec: &CellSpec,
        seed: u64,
        servers: &mut [Running],
        sink: Sink,
    ) -> Result<Driven, WorldError> {
        let request = &spec.request;
        let stall = request.stall.duration();
        let mut targets = asked(spec, servers)
            .map(|server| {
                let headers = self.context.secrets.headers(server.spec());
                Target::new(server.spec(), server.url(), request.endpoint, stall, &headers)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let prompts = self.prompts(spec)?;
        let nonces = derive(seed, self.context.run_id);
        self.find_prompt_lengths((key, seed, nonces), spec, &prompts, &mut targets).await?;
        let trace = self.context.plan.trace(spec).to_vec();
        let workload = Workload { key: key.clone(), spec: spec.clone(), seed, nonces, prompts, trace };
        self.see_servers(key, Moment::Before, servers).await;
        let load_start = self.context.clock.now();
        let window_start = workload.window_start(load_start);
        let stop = self.stop.clone();
        let (sink, answers) = Answers::seen(spec.fault.as_ref(), sink);
        let load = Box::pin(load::drive(workload, targets, self.context.clock, load_start, sink, &stop));
        let marks = mark_window(self.context.clock, self.context.telemetry.clone(), spec.length, window_start);
        let contention = Contention::beside(servers, self.context.clock);
        let fault = self.fault((key, spec), window_start, servers, answers);
        let (driven, broken) = tokio::select! {
            ended = async { tokio::join!(load, fault) } => ended,
            never = marks => match never {},
            never = contention.watch(spec.length, window_start) => match never {},
        };
        broken?;
        let mut driven = driven?;
        driven.health.machine = contention.found().await;
        self.see_servers(key, Moment::After, servers).await;
        Ok(driven)
    }

    fn prompts(&self, spec: &CellSpec) -> Result<Vec<Prompt>, PromptError> {
        let request = &spec.request;
        if !request.prompt_tokens.is_empty() {
            return Ok(request.prompt_tokens.iter().copied().map(Prompt::synthetic).collect());
        }
        let only = [PromptLine::from(request.prompt.clone().unwrap_or_default())];
        let file = request.prompts.as_ref().and_then(|path| self.context.plan.prompts.get(path));
        let lines = file.map_or(only.as_slice(), Vec::as_slice);
        scenario::prompts(lines, request.template.as_ref()).into_iter().collect()
    }
}

pub(super) async fn sleep_until(clock: Clock, moment: Nanos) {
    tokio::time::sleep_until(tokio::time::Instant::from_std(clock.instant(moment))).await;
}

/// The servers that a cell's requests go to.
fn asked<'s>(spec: &'s CellSpec, servers: &'s [Running]) -> impl Iterator<Item = &'s Running> {
    let named = &spec.request.servers;
    servers.iter().filter(move |server| named.is_empty() || named.contains(&server.spec().name))
}

fn finished(cell: CellKey, spec: &CellSpec, asked: usize, driven: Driven) -> Event {
    let Driven { load_start, window_start, window_end, end, health } = driven;
    Event::CellFinished {
        cell,
        load_start_ns: load_start,
        window_start_ns: window_start,
        window_end_ns: window_end,
        clients: spec.load.clients(),
        servers: u32::try_from(asked).unwrap_or(u32::MAX),
        end,
        client: health,
    }
}

fn unmeasured(cell: CellKey, spec: &CellSpec, asked: usize, now: Nanos, end: CellEnd) -> Event {
    Event::CellFinished {
        cell,
        load_start_ns: now,
        window_start_ns: now,
        window_end_ns: now,
        clients: spec.load.clients(),
        servers: u32::try_from(asked).unwrap_or(u32::MAX),
        end,
        client: ClientHonesty::default(),
    }
}

/// Counts for people; reports count again from the records.
#[derive(Debug, Default)]
struct Tally {
    requests: AtomicU64,
    failures: Mutex<Failures>,
}

impl Tally {
    fn count(self: &Arc<Self>, sink: Sink) -> Sink {
        let tally = Arc::clone(self);
        Arc::new(move |record: RequestRecord| {
            tally.requests.fetch_add(1, Ordering::Relaxed);
            if record.outcome.is_failure() || record.outcome == RequestOutcome::Cut {
                tally.failures().note(&record.outcome);
            }
            sink(record);
        })
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
