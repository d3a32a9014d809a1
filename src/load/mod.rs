//! The load driver: sends requests and takes time stamps. Effects.
//!
//! Two drivers only. *Closed*: each client waits for its reply, then sends the
//! next request. *Open*: requests start at moments drawn before the phase,
//! whatever the replies do. Both hand every finished request to a sink that
//! must not block.

mod body_cache;
mod closed;
mod driver_health;
mod exchange;
mod expectation;
mod interrupt;
mod lateness;
mod open;
mod overlap;
mod pacer;
mod preload;
mod probe_request;
mod prompt_length;
mod recovered;
mod refusal;
mod request_body;
mod synthetic_prompt;
mod target;
#[cfg(test)]
mod tests;
mod watch;
mod window;

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::plan::CellSpec;
use crate::record::{CellEnd, CellKey, ClientHonesty, RequestRecord};
use crate::scenario::{Load, Prompt};
use crate::units::Nanos;

use driver_health::DriverHealth;
use exchange::Exchange;
pub use overlap::replies_at_once;
pub use preload::{PreloadError, preload};
pub use probe_request::Unanswered;
pub use prompt_length::{Probe, PromptLength, PromptLengthError, find_prompt_length};
pub use recovered::{GoodAnswer, until_answered};
pub use target::{Target, TargetError};
use window::Window;

/// One cell to be measured once.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Which.
    pub key: CellKey,
    /// What it is.
    pub spec: CellSpec,
    /// The seed of its sending times, prompt order and window.
    pub seed: u64,
    /// The seed of its nonces, another in each run: a server that runs on
    /// between two runs may keep what the first one asked.
    pub nonces: u64,
    /// Never empty.
    pub prompts: Vec<Prompt>,
    /// The recorded moments that its load follows; none if it follows none.
    pub trace: Vec<Nanos>,
}

impl Workload {
    /// When its window begins, if its load begins then.
    pub fn window_start(&self, load_start: Nanos) -> Nanos {
        load_start.plus(self.spec.warmup.duration().into()).plus(self.spec.window_offset(self.seed))
    }
}

/// What became of a workload, beside its requests.
#[derive(Clone, Debug)]
pub struct Driven {
    /// When its load began (warm-up).
    pub load_start: Nanos,
    /// When the measured window began.
    pub window_start: Nanos,
    /// When the measured window ended.
    pub window_end: Nanos,
    /// How it ended.
    pub end: CellEnd,
    /// The driver's figures about itself.
    pub health: ClientHonesty,
}

/// Where finished requests go; called from many tasks, must not block.
pub type Sink = Arc<dyn Fn(RequestRecord) + Send + Sync>;

/// Loads the targets as the workload says, until its window and drain time are
/// over or `stop` is cancelled.
///
/// `load_start` is when the load begins; the window begins when the workload
/// [says](Workload::window_start), without draining.
///
/// # Errors
/// When `expect.matches` is not a regular expression.
pub async fn drive(
    workload: Workload,
    targets: Vec<Target>,
    clock: Clock,
    load_start: Nanos,
    sink: Sink,
    stop: &CancellationToken,
) -> Result<Driven, regex::Error> {
    let window = Window::new(&workload, clock, load_start, stop.clone());
    let load = workload.spec.load.clone();
    let exchange = Arc::new(Exchange::new(workload, targets, workers(&load), clock, sink, window.clone())?);
    let health = DriverHealth::start(clock, window.clone());
    window
        .watched(async {
            match load {
                Load::Clients(clients) => closed::drive(&exchange, &window, clients, &health).await,
                Load::Rate { .. } | Load::Ramp { .. } | Load::Trace { .. } => {
                    open::drive(&exchange, &window, &health).await;
                }
            }
        })
        .await;
    let end = if stop.is_cancelled() { CellEnd::Interrupted } else { CellEnd::Complete };
    Ok(Driven {
        load_start,
        window_start: window.start(),
        window_end: window.end(),
        end,
        health: health.finish(&exchange.lags()).await,
    })
}

/// A worker for each thread of the runtime, where each has a client. The open
/// loop has one: its requests are the runtime's.
fn workers(load: &Load) -> NonZeroUsize {
    let most = match load {
        Load::Clients(clients) => *clients as usize,
        Load::Rate { .. } | Load::Ramp { .. } | Load::Trace { .. } => 1,
    };
    let threads = Handle::current().metrics().num_workers();
    NonZeroUsize::new(threads.min(most)).unwrap_or(NonZeroUsize::MIN)
}
