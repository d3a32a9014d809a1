//! Where effects happen: this host, or a simulated machine.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::simulated_gpu::SimulatedGpu;
use crate::clock::Clock;
use crate::host;
use crate::load::{PreloadError, PromptLengthError, TargetError};
use crate::process::{Tail, Undoing, tail};
use crate::record::{Environment, Fact, GpuIdentity, GpuReading, ProcessIdentity, Reading, ServerKey, StepOutcome};
use crate::scenario::{
    GpuStep, LookStep, MemoryOwner, MpsAction, Processes, PromptError, ServerSpec, StepKind, StepSpec,
};
use crate::server::{self, RunningServer, ServerContext, ServerError};
use crate::signal::StopSignal;
use crate::sim::{Machine, SimError, SimHost, SimServer};
use crate::step::{self, Performed, StepContext, StepError};
use crate::telemetry::{self, GpuProcess, Probe, Tier};
use crate::text::shown_url;

/// How much of a server's log tells why it ended.
const TAIL_LINES: usize = 10;

/// Where effects happen.
#[derive(Debug)]
pub enum World {
    /// This host.
    Host,
    /// A simulated machine: steps act on its state, servers are its own.
    Simulated(Arc<SimHost>),
}

/// An effect could not be had.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A step failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// A server failed.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The simulated machine refused.
    #[error(transparent)]
    Simulation(#[from] SimError),
    /// The first generation failed.
    #[error(transparent)]
    Preload(#[from] PreloadError),
    /// Prompts of a given length could not be made.
    #[error("`{label}`")]
    PromptLength {
        /// The server.
        label: String,
        /// Why.
        source: PromptLengthError,
    },
    /// Connections could not be prepared.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// `expect.matches` is not a regular expression.
    #[error("`expect.matches` is not a regular expression")]
    Pattern(#[from] regex::Error),
    /// A line of a prompt file is no prompt, which a check would have found.
    #[error("a prompt cannot be made")]
    Prompt(#[from] PromptError),
    /// A signal arrived meanwhile.
    #[error("interrupted")]
    Interrupted,
}

impl World {
    /// Starts a simulated machine.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn simulated(machine: Machine, clock: Clock) -> Result<Self, SimError> {
        Ok(Self::Simulated(Arc::new(SimHost::start(machine, clock)?)))
    }

    pub(super) const fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated(_))
    }

    /// What the machine is (on a simulated one: the host that simulates, with
    /// the simulated GPU), and a probe for its GPUs.
    pub fn observe(&self) -> (Environment, Box<dyn Probe>) {
        match self {
            Self::Host => {
                let opened = telemetry::open();
                let mut environment = host::environment();
                environment.gpus = opened.gpus;
                environment.gpu_absent = opened.absent;
                environment.driver = opened.driver;
                environment.cuda = opened.cuda;
                (environment, opened.probe)
            }
            Self::Simulated(machine) => {
                let Environment { gpus, memory_bytes, .. } = machine.machine().environment();
                let host = host::environment();
                let environment = Environment { gpus, memory_bytes: memory_bytes.or(host.memory_bytes), ..host };
                (environment, Box::new(SimulatedGpu(Arc::clone(machine))))
            }
        }
    }

    /// The GPUs now, or why there is none.
    pub(super) fn gpus(&self) -> Result<Vec<(GpuIdentity, GpuReading)>, String> {
        let (environment, mut probe) = self.observe();
        match environment.gpu_absent {
            Some(reason) => Err(reason),
            None => Ok(environment.gpus.into_iter().zip(probe.read(Tier::Quick)).collect()),
        }
    }

    /// Every process that computes on a GPU of this host; a simulated machine
    /// has none but its servers.
    pub(super) fn gpu_processes(&self) -> Reading<Vec<GpuProcess>> {
        self.observe().1.processes()
    }

    /// Performs a step; on a simulated machine only its state changes.
    pub(super) async fn perform(
        &self,
        step: &StepSpec,
        context: &StepContext<'_>,
        undo: &mut impl Undoing,
    ) -> Result<(StepOutcome, Performed), WorldError> {
        match self {
            Self::Host => Ok((StepOutcome::Done, step::perform(step, context, undo).await?)),
            Self::Simulated(machine) if looks_at(machine, &step.kind) => {
                Ok((StepOutcome::Simulated, step::perform(step, context, undo).await?))
            }
            Self::Simulated(machine) => Ok((StepOutcome::Simulated, simulate(machine, &step.kind)?)),
        }
    }

    /// Starts a server and waits until it is ready.
    pub(super) async fn start_server(
        &self,
        spec: &ServerSpec,
        context: &ServerContext<'_>,
        undo: &mut impl Undoing,
    ) -> Result<Running, WorldError> {
        match self {
            Self::Host => {
                let server = Box::new(server::start(spec, context, undo).await?);
                Ok(Running::Real { server, log: context.log.to_owned() })
            }
            Self::Simulated(machine) => {
                let mut spec = Box::new(spec.clone());
                // Only what is on loopback itself can connect to it there.
                spec.source_addresses.retain(IpAddr::is_loopback);
                Ok(Running::Simulated { server: machine.start_server(&spec).await?, spec })
            }
        }
    }

    /// Takes back what epoch steps changed on a simulated machine.
    pub(super) fn reset(&self) {
        if let Self::Simulated(machine) = self {
            // Refused only while servers run, and those are stopped by now.
            let _ = machine.set_mps(false);
        }
    }
}

/// Whether a step looks at nothing but what the machine simulates: memory that
/// its GPU has of its own.
fn looks_at(machine: &SimHost, kind: &StepKind) -> bool {
    let has_memory = machine.machine().environment().gpus.iter().all(|gpu| gpu.memory_bytes.is_some());
    matches!(kind, StepKind::Look(LookStep::MemoryAvailable(memory)) if memory.of == MemoryOwner::Gpu && has_memory)
}

/// A step on a simulated machine: MPS is its state, everything else would not
/// change what its servers do.
fn simulate(machine: &SimHost, kind: &StepKind) -> Result<Performed, SimError> {
    let mut facts = vec![Fact::new("simulated", "true")];
    if let StepKind::Gpu(GpuStep::Mps(mps)) = kind {
        let on = mps.action == MpsAction::Start;
        machine.set_mps(on)?;
        facts.push(Fact::new("mps", if on { "on" } else { "off" }));
    }
    Ok(Performed { facts, ..Performed::default() })
}

/// A server that is ready.
#[derive(Debug)]
pub(super) enum Running {
    /// On this host, or already there.
    Real {
        /// At work.
        server: Box<RunningServer>,
        /// What it writes.
        log: PathBuf,
    },
    /// Of the simulated machine.
    Simulated {
        /// As declared.
        spec: Box<ServerSpec>,
        /// At work.
        server: SimServer,
    },
}

impl Running {
    pub(super) const fn spec(&self) -> &ServerSpec {
        match self {
            Self::Real { server, .. } => &server.spec,
            Self::Simulated { spec, .. } => spec,
        }
    }

    pub(super) fn key(&self) -> ServerKey {
        self.spec().into()
    }

    pub(super) fn label(&self) -> String {
        self.spec().label()
    }

    /// Where it listens; may hold user info, so never show it.
    pub(super) fn url(&self) -> &str {
        match self {
            Self::Real { server, .. } => &server.url,
            Self::Simulated { server, .. } => server.url(),
        }
    }

    /// Where it listens, fit to be shown.
    pub(super) fn shown_url(&self) -> String {
        shown_url(self.url())
    }

    /// Our process, if it is one.
    pub(super) const fn identity(&self) -> Option<&ProcessIdentity> {
        match self {
            Self::Real { server, .. } => server.identity.as_ref(),
            Self::Simulated { .. } => None,
        }
    }

    /// How it ended and the last lines of its log, if it ended by itself.
    pub(super) fn exited(&mut self) -> Option<(String, Tail)> {
        match self {
            Self::Real { server, log } => Some((server.exited()?, tail(log, 0, TAIL_LINES))),
            Self::Simulated { .. } => None,
        }
    }

    /// Breaks it on purpose; tells which processes were signalled, as far as it
    /// has some of its own.
    pub(super) async fn kill(&self, signal: StopSignal, processes: Processes) -> Result<Vec<u32>, WorldError> {
        match (self, processes) {
            (Self::Real { server, .. }, _) => Ok(server.kill(signal, processes).await?),
            (Self::Simulated { server, .. }, Processes::All) => {
                server.kill().await;
                Ok(Vec::new())
            }
            (Self::Simulated { server, .. }, Processes::Workers) => Err(server.has_no_workers().into()),
        }
    }

    /// Starts it again on the same port and waits until it is ready.
    pub(super) async fn restart(
        &mut self,
        context: &ServerContext<'_>,
        undo: &mut impl Undoing,
    ) -> Result<(), WorldError> {
        match self {
            Self::Real { server, log } => {
                context.log.clone_into(log);
                Ok(server.restart(context, undo).await?)
            }
            Self::Simulated { server, .. } => Ok(server.restart().await?),
        }
    }

    /// Stops it in good order and says how it ended.
    pub(super) async fn stop(self) -> Result<String, WorldError> {
        match self {
            Self::Real { server, .. } => Ok(server.stop().await?),
            Self::Simulated { server, .. } => {
                server.stop().await;
                Ok("stopped (simulated)".to_owned())
            }
        }
    }
}
