use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::LoopbackError;
use super::accuracy::Accuracy;
use super::notes::Notes;
use super::server::{Pace, Server, THREAD};
use crate::clock::Clock;
use crate::host::threads_cpu_seconds;
use crate::load::{Driven, Sink, Target, Workload, drive};
use crate::plan::{Choices, expand};
use crate::record::CellKey;
use crate::scenario::{Bindings, Length, LoadOptions, load_frozen};
use crate::units::{Nanos, Period};

/// How the driver is tried.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// What the server does.
    pub pace: Pace,
    /// Tokens of a reply.
    pub tokens: u32,
    /// What the driver does.
    pub load: Traffic,
    /// Before the window.
    pub warmup: Period,
    /// Of the window.
    pub length: Length,
}

/// How requests are started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Traffic {
    /// Clients that each wait for their reply.
    Clients(u32),
    /// Requests per second, evenly, whatever the replies do.
    Rate(f64),
}

/// What a trial gave.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What the driver says of itself.
    pub driven: Driven,
    /// Requests that were answered, warm-up and all.
    pub requests: u64,
    /// Tokens of their replies.
    pub tokens: u64,
    /// CPU time of the server's threads ÷ time of the load.
    pub server_cores: Option<f64>,
    /// How late a paced server's tokens were noticed inside the window.
    pub accuracy: Option<Accuracy>,
}

impl Tried {
    /// `count` of the whole load ÷ its time.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn per_second(&self, count: u64) -> f64 {
        let seconds = self.driven.health.driven_ns.map_or(0.0, Nanos::seconds);
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }

    /// CPU time of everything but the server ÷ time of the load.
    pub fn driver_cores(&self) -> Option<f64> {
        Some((self.driven.health.cpu_cores? - self.server_cores?).max(0.0))
    }
}

/// Drives a server of its own, and hands each record to `also`.
///
/// # Errors
/// When server or driver cannot be started, or a request fails.
pub fn attempt(trial: &Trial, clock: Clock, also: Option<Sink>) -> Result<Tried, LoopbackError> {
    let server = Server::start(clock, trial.pace, trial.tokens)?;
    let runtime = tokio::runtime::Runtime::new().map_err(LoopbackError::start("start the driver's threads"))?;
    let notes = Notes::keeping(matches!(trial.pace, Pace::Paced { .. }));
    let cpu_at_start = threads_cpu_seconds(THREAD);
    let stop = CancellationToken::new();
    let (workload, target) = planned(trial, &server.url())?;
    let driven =
        runtime.block_on(drive(workload, vec![target], clock, clock.now(), Arc::clone(&notes).sink(also), &stop))?;
    let server_cpu = threads_cpu_seconds(THREAD).zip(cpu_at_start).map(|(now, then)| now - then);
    let seconds = driven.health.driven_ns.map(Nanos::seconds).filter(|seconds| *seconds > 0.0);
    Ok(Tried {
        requests: notes.answered()?,
        tokens: notes.tokens(),
        server_cores: server_cpu.zip(seconds).map(|(cpu, seconds)| cpu / seconds),
        accuracy: notes.accuracy(&server, &driven),
        driven,
    })
}

/// The one cell of a scenario with this server, and where it goes.
fn planned(trial: &Trial, url: &str) -> Result<(Workload, Target), LoopbackError> {
    let scenario =
        load_frozen(&scenario(trial, url), &LoadOptions { set: &[], profile: None, metrics: &[], times: &[] })?;
    let bindings = Bindings { run_id: "loopback".to_owned(), run_dir: PathBuf::from("/"), ports: Vec::new() };
    let plan = expand(&scenario, &Choices { bindings: &bindings, seed: None, only: &[] })?;
    let cell = plan.cells.first().zip(plan.epochs.first().and_then(|epoch| epoch.servers.first()));
    let ((id, spec), server) = cell.ok_or(LoopbackError::NoCell)?;
    let target = Target::new(server, url, spec.request.endpoint, spec.request.stall.duration(), &[])?;
    let key = CellKey { cell: id.clone(), block: 0, epoch: 0, probe: None };
    let prompts = spec.request.prompt.iter().cloned().map(Into::into).collect();
    Ok((Workload { key, spec: spec.clone(), seed: 1, nonces: 1, prompts, trace: Vec::new() }, target))
}

/// A trial as its author would write it. Replies under way at the end may
/// still come: those sent last would else be missing from every figure.
fn scenario(trial: &Trial, url: &str) -> String {
    let load = match trial.load {
        Traffic::Clients(clients) => format!("clients = {clients}"),
        Traffic::Rate(per_second) => format!("rate = {per_second:?}\narrival = \"constant\""),
    };
    let length = match trial.length {
        Length::Duration(duration) => format!("duration = \"{duration}\""),
        Length::Requests(count) => format!("requests = {count}"),
    };
    format!(
        r#"
schema = 1
name = "loopback"
title = "What the load driver can do"

[[server]]
name = "loopback"
api = "openai"
url = "{url}"
model = "loopback"

[[phase]]
name = "loopback"
{load}
{length}
warmup = "{warmup}"
drain = "5s"
request = {{ prompt = "Say something.", max_tokens = {tokens}, stall = "10s" }}
"#,
        warmup = trial.warmup,
        tokens = trial.tokens,
    )
}
