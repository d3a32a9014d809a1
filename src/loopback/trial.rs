use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::LoopbackError;
use super::accuracy::Accuracy;
use super::server::{Pace, Server, THREAD};
use crate::clock::Clock;
use crate::dialect::Api;
use crate::host::threads_cpu_seconds;
use crate::load::{Driven, Sink, Target, Workload, drive};
use crate::names::{CellId, PhaseName, ServerName};
use crate::plan::CellSpec;
use crate::record::{CellKey, RequestRecord};
use crate::scenario::{
    Endpoint, Expect, Length, Load, Ready, RequestSpec, ServerOrigin, ServerSpec, Slo, Stop, Treatment,
};
use crate::units::{Nanos, Period};

/// How the driver is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What the server does.
    pub pace: Pace,
    /// Tokens of a reply.
    pub tokens: u32,
    /// What the driver does.
    pub load: Load,
    /// Before the window.
    pub warmup: Duration,
    /// Of the window.
    pub length: Length,
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
        let seconds = self.driven.honesty.driven_ns.map_or(0.0, Nanos::seconds);
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }

    /// CPU time of everything but the server ÷ time of the load.
    pub fn driver_cores(&self) -> Option<f64> {
        Some((self.driven.honesty.cpu_cores? - self.server_cores?).max(0.0))
    }
}

/// Drives a server of its own, and hands each record to `also`.
///
/// # Errors
/// When server or driver cannot be started, or a request fails.
pub fn attempt(trial: &Trial, clock: Clock, also: Option<Sink>) -> Result<Tried, LoopbackError> {
    let server = Server::start(clock, trial.pace, trial.tokens)?;
    let runtime = tokio::runtime::Runtime::new().map_err(LoopbackError::start("start the driver's threads"))?;
    let notes =
        Arc::new(Notes { kept: matches!(trial.pace, Pace::Paced { .. }).then(Mutex::default), ..Notes::default() });
    let cpu_at_start = threads_cpu_seconds(THREAD);
    let stop = CancellationToken::new();
    let (workload, target) = prepare(trial, &server.url())?;
    let driven = runtime.block_on(drive(workload, vec![target], clock, clock.now(), notes.sink(also), &stop))?;
    let server_cpu = threads_cpu_seconds(THREAD).zip(cpu_at_start).map(|(now, then)| now - then);
    notes.concluded()?;
    let seconds = driven.honesty.driven_ns.map(Nanos::seconds).filter(|seconds| *seconds > 0.0);
    Ok(Tried {
        requests: notes.answered.load(Ordering::Relaxed),
        tokens: notes.tokens.load(Ordering::Relaxed),
        server_cores: server_cpu.zip(seconds).map(|(cpu, seconds)| cpu / seconds),
        accuracy: notes.accuracy(&server, &driven),
        driven,
    })
}

/// What is counted while it goes.
#[derive(Default)]
struct Notes {
    answered: AtomicU64,
    tokens: AtomicU64,
    failed: AtomicU64,
    last_failure: Mutex<&'static str>,
    /// The records of a paced trial.
    kept: Option<Mutex<Vec<RequestRecord>>>,
}

impl Notes {
    fn sink(self: &Arc<Self>, also: Option<Sink>) -> Sink {
        let notes = Arc::clone(self);
        Arc::new(move |record: RequestRecord| {
            notes.note(&record);
            if let Some(kept) = &notes.kept {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
            }
            if let Some(also) = &also {
                also(record);
            }
        })
    }

    fn note(&self, record: &RequestRecord) {
        if record.outcome.is_success() {
            self.answered.fetch_add(1, Ordering::Relaxed);
            self.tokens.fetch_add(record.chunks.total_events(), Ordering::Relaxed);
        } else if record.outcome.is_failure() {
            self.failed.fetch_add(1, Ordering::Relaxed);
            *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = record.outcome.kind();
        }
    }

    fn concluded(&self) -> Result<(), LoopbackError> {
        let failed = self.failed.load(Ordering::Relaxed);
        let last = *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = failed + self.answered.load(Ordering::Relaxed);
        if failed == 0 { Ok(()) } else { Err(LoopbackError::Failed { failed, sent, last }) }
    }

    fn accuracy(&self, server: &Server, driven: &Driven) -> Option<Accuracy> {
        let kept = self.kept.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = kept.iter().filter(|record| {
            record.outcome.is_success() && driven.window_start <= record.sent_ns && record.sent_ns < driven.window_end
        });
        Accuracy::of(inside.filter_map(|record| Some((record, server.take_sent(record.usage.prompt_tokens?)?))))
    }
}

fn prepare(trial: &Trial, url: &str) -> Result<(Workload, Target), LoopbackError> {
    let server = ServerSpec {
        name: ServerName::new("loopback")?,
        index: 0,
        api: Api::OpenAi,
        origin: ServerOrigin::Url { url: url.to_owned() },
        ready: Ready { http: None, log: None, within: Period::from_secs(1) },
        preload: None,
        stop: Stop::default(),
        model: Some("loopback".to_owned()),
        slots: None,
    };
    let spec = cell(trial)?;
    let target = Target::new(&server, url, Endpoint::Chat, spec.request.stall.duration())?;
    let key = CellKey { cell: CellId::new(format!("loopback/{}", trial.load))?, block: 0, epoch: 0 };
    Ok((Workload { key, spec, seed: 1, prompts: vec!["Say something.".to_owned()] }, target))
}

fn cell(trial: &Trial) -> Result<CellSpec, LoopbackError> {
    Ok(CellSpec {
        treatment: Treatment::default(),
        phase: PhaseName::new("loopback")?,
        load: trial.load.clone(),
        length: trial.length,
        warmup: Period::from(trial.warmup),
        drain: Period::from(DRAIN),
        request: RequestSpec {
            prompts: None,
            prompt: None,
            preamble: None,
            endpoint: Endpoint::Chat,
            max_tokens: trial.tokens,
            temperature: 0.0,
            seed: None,
            stream: true,
            ignore_eos: false,
            nonce: true,
            servers: Vec::new(),
            extra: serde_json::Map::new(),
            stall: Period::from_secs(10),
        },
        expect: Expect::default(),
        slo: Slo::default(),
        fault: None,
        servers: 1,
    })
}

/// Replies under way at the end may still come: those sent last would else be
/// missing from every figure.
const DRAIN: Duration = Duration::from_secs(5);
