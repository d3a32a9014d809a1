//! Runs a plan: setup, epochs, teardown, always. Effects.
//!
//! Whatever happens between the first effect and the last — success, failure,
//! a signal — the servers are stopped, the teardown steps are run and every
//! registered effect is undone, in reverse order.

mod cell;
mod contention;
mod context;
mod epoch;
mod error;
mod event;
mod fault;
mod foreign_process;
mod gpu_monitor;
mod guard;
mod instances;
mod interim_look;
mod interrupt;
#[cfg(test)]
mod log_keepers;
mod max_temperature;
mod memory;
mod mps_check;
mod needs;
mod placed;
mod prompt_lengths;
mod rerun;
mod resumption;
mod rights;
mod runner;
mod search;
mod secret;
mod seen;
mod simulated_gpu;
mod slots;
mod teardown;
mod watch;
mod world;

use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::journal::StateError;
use crate::plan::Plan;
use crate::record::{Begun, Containment, Ended, Event, EventRecord, Manifest, Outcome};
use crate::scenario::{self, Telemetry, WatchGpu};
use crate::sim::SimHost;
use crate::store::{self, Ledger, LogRedactor, RunDirectory, StoreError};
use crate::telemetry::{Pace, Probe, Sampler};
use crate::text::with_causes;

use context::Context;
pub use event::RunEvent;
use gpu_monitor::{Findings, ForeignProcesses, GpuMonitor};
pub use guard::Guard;
use guard::Guarded;
pub use interrupt::{Interrupt, Wish};
pub use resumption::{Obstacle, Resumption, same_system};
use runner::{RunStop, Runner};
pub use secret::{SecretError, Secrets};
pub use world::{World, WorldError};

/// Everything a run needs.
#[derive(Debug)]
pub struct Request<'a> {
    /// What was decided.
    pub plan: &'a Plan,
    /// The scenario's folder.
    pub scenario_dir: &'a Path,
    /// Where records go.
    pub directory: &'a RunDirectory,
    /// The run's origin of time.
    pub clock: Clock,
    /// Where effects happen.
    pub world: World,
    /// What the servers want to be told; empty on a simulated machine.
    pub secrets: Secrets,
    /// The manifest, but for the environment and the outcome.
    pub manifest: Manifest,
    /// Ends the run early.
    pub interrupt: Interrupt,
    /// The right to change this host; a simulated machine needs none.
    pub guard: Option<Guard>,
    /// What a person wants to find afterwards.
    pub aftermath: Aftermath,
    /// What earlier sessions of the run have measured, if it is resumed.
    pub resumption: Option<Resumption>,
}

/// What a person wants to find after a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aftermath {
    /// The machine as it was before.
    #[default]
    Undo,
    /// The servers of the last epoch and everything that was set up, to look
    /// into; `runexp cleanup` undoes it.
    Keep,
}

/// How a run went.
#[derive(Debug)]
pub struct Finished {
    /// How it ended; also in the manifest.
    pub outcome: Outcome,
    /// What could not be undone, each with what a person can do.
    pub not_undone: Vec<String>,
    /// What is left to `runexp cleanup`.
    pub remains: Remains,
    /// Why not all of it is in the records. Everything was taken back before.
    pub unrecorded: Option<StoreError>,
}

/// What a run leaves to `runexp cleanup`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Nothing.
    Nothing,
    /// Everything, as it was wanted.
    Kept,
    /// What could not be undone.
    Owed,
}

/// A run could not keep its records.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The run directory cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sampling thread cannot be started.
    #[error("failed to start the telemetry thread")]
    Telemetry(#[from] std::io::Error),
    /// The thread that watches the logs cannot be started.
    #[error("failed to start the thread that watches the logs")]
    Thread(#[source] std::io::Error),
    /// There is no journal, or no right to change this host.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Runs a plan: setup, epochs, teardown.
///
/// `watch` is told what happens; it must not block.
///
/// # Errors
/// When nothing could be begun. A failing step or server is not an error here
/// but an [`Outcome::Failed`], and records that cannot be written later are
/// [told](Finished::unrecorded) beside what is not undone.
pub async fn execute(request: Request<'_>, watch: &dyn Fn(RunEvent)) -> Result<Finished, RunError> {
    let Request { plan, scenario_dir, directory, clock, world, secrets, interrupt, aftermath, resumption, .. } =
        request;
    let (mut manifest, mut guard) = (request.manifest, request.guard);
    let (environment, probe) = world.observe();
    if let Some(guard) = &mut guard {
        guard.lock_gpus(&environment)?;
    }
    manifest.environment = environment;
    manifest.declared = Some(directory.declared(scenario::parts)?);
    directory.write_manifest(&manifest)?;
    let ledger = open(directory, &manifest, clock)?;
    // Until every server and every command has ended.
    let _log_redactor = LogRedactor::start(directory).map_err(RunError::Thread)?;
    if let Some(resumption) = &resumption {
        let event = resumption.seam(&manifest.environment, clock);
        ledger.pen().event(EventRecord { at_ns: clock.now(), event });
    }
    let (mut guarded, journal) = guard.map(|guard| guard.begin(directory, scenario_dir)).transpose()?.unzip();
    let run_id: &str = &manifest.run_id.to_string();
    let containment = guarded.as_ref().map(|guarded| guarded.containment.clone());
    let findings = Findings::default();
    let around = (containment.clone(), world.simulated_host());
    let sampler = sample((clock, run_id, plan), probe, &ledger, findings.clone(), around);
    // Nothing has been announced: the first error tells more.
    let sampler = sampler.inspect_err(|_| drop(guarded.take().map(|guarded| guarded.end(Remains::Nothing))))?;
    let context = Context {
        plan,
        run_id,
        scenario_dir,
        directory,
        clock,
        world,
        secrets,
        findings,
        telemetry: sampler.remote(),
        containment,
        certified: manifest.certified,
        aftermath,
        resumption,
    };
    let mut runner = Runner::new(context, journal.flatten(), &ledger, &interrupt, watch);
    let result = runner.perform().await;
    // A signal that comes later finds everything measured, or the reason known.
    let signal = interrupt.signal();
    if let Some(name) = signal {
        runner.note(Event::Signal { name: name.to_owned() });
    }
    let kept = runner.keeps();
    let not_undone = if kept { Vec::new() } else { runner.tear_down().await };
    let remains = remains(kept, runner.is_in_debt);
    drop(runner);
    let mut finished = Finished { outcome: outcome(&result, signal), not_undone, remains, unrecorded: None };
    give_up(guarded, &mut finished, watch);
    end(sampler, clock, &ledger);
    manifest.outcome = finished.outcome.clone();
    finished.unrecorded = close(ledger, clock, directory, manifest).err();
    Ok(finished)
}

/// Opens the records, in which the first event tells of the manifest as it was
/// written.
fn open(directory: &RunDirectory, manifest: &Manifest, clock: Clock) -> Result<Ledger, StoreError> {
    let ledger = Ledger::open(directory, &manifest.run_id)?;
    let begun = Begun { started: manifest.started, manifest: store::manifest_parts(directory.path())? };
    ledger.pen().event(EventRecord { at_ns: clock.now(), event: Event::Begun(begun) });
    Ok(ledger)
}

/// Writes and seals the last records, and then the manifest, whatever became of
/// them.
fn close(ledger: Ledger, clock: Clock, directory: &RunDirectory, mut manifest: Manifest) -> Result<(), StoreError> {
    let finished = clock.wall();
    let ended = Ended { outcome: manifest.outcome.clone(), finished };
    ledger.pen().event(EventRecord { at_ns: clock.now(), event: Event::Ended(ended) });
    let closed = ledger.close(clock.now());
    manifest.finished = Some(finished);
    let closed = closed.map(|events| manifest.sealed = Some(events));
    closed.and(directory.write_manifest(&manifest))
}

/// Gives up the right to change this host, and the journal if nothing is owed.
fn give_up(guarded: Option<Guarded>, finished: &mut Finished, watch: &dyn Fn(RunEvent)) {
    if let Some(Err(error)) = guarded.map(|guarded| guarded.end(finished.remains)) {
        let problem = format!("everything is, but not the journal that says what was to be: {}", with_causes(&error));
        watch(RunEvent::NotUndone { problem: problem.clone() });
        finished.not_undone.push(problem);
        finished.remains = Remains::Owed;
    }
}

const fn remains(kept: bool, is_in_debt: bool) -> Remains {
    match (kept, is_in_debt) {
        (true, _) => Remains::Kept,
        (false, true) => Remains::Owed,
        (false, false) => Remains::Nothing,
    }
}

fn outcome(result: &Result<(), RunStop>, signal: Option<&str>) -> Outcome {
    match (result, signal) {
        (_, Some(signal)) => Outcome::Interrupted { signal: signal.to_owned() },
        (Err(stop), None) => Outcome::Failed { reason: with_causes(stop) },
        (Ok(()), None) => Outcome::Completed,
    }
}

/// From the first moment as the first epoch wants it.
fn sample(
    (clock, run_id, plan): (Clock, &str, &Plan),
    probe: Box<dyn Probe>,
    ledger: &Ledger,
    findings: Findings,
    (containment, simulated): (Option<Containment>, Option<Arc<SimHost>>),
) -> Result<Sampler, std::io::Error> {
    let allowed = plan.foreign_gpu_processes.clone();
    let run_id = run_id.to_owned();
    let foreign_processes = containment.map(|containment| ForeignProcesses { run_id, containment, allowed });
    let mut gpu_monitor = GpuMonitor::new(clock, ledger.pen(), findings, foreign_processes);
    let first = plan.epochs.first().map(|epoch| epoch.telemetry).unwrap_or_default();
    Sampler::start(clock, probe, pace(&first), move |mut sample| {
        if let Some(machine) = &simulated {
            sample.memory_available_bytes = machine.memory_available();
        }
        gpu_monitor.see(sample);
    })
}

/// Ends the samples, and keeps what they cost.
fn end(sampler: Sampler, clock: Clock, ledger: &Ledger) {
    let costs = sampler.stop();
    if !costs.is_empty() {
        ledger.pen().event(EventRecord { at_ns: clock.now(), event: Event::TelemetryCosts { costs } });
    }
}

const fn pace(telemetry: &Telemetry) -> Pace {
    match telemetry.gpu {
        WatchGpu::Wanted | WatchGpu::Required => Pace::Every(telemetry.period.duration()),
        WatchGpu::Off => Pace::Off,
    }
}
