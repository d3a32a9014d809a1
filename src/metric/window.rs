use std::collections::BTreeMap;

use super::Upkeep;
use crate::record::{
    ClientHonesty, MemoryRecord, MpsWitness, Request, RequestOutcome, Requests, ServerKey, ServerSeen, TelemetryRecord,
};
use crate::units::{Bytes, Nanos};

/// One repetition of one cell, as every formula sees it.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    /// When the measured window began.
    pub start: Nanos,
    /// When it ended.
    pub end: Nanos,
    /// Clients of a closed loop; in an open loop `None`.
    pub clients: Option<u32>,
    /// Servers that were asked.
    pub servers: u32,
    /// The driver's figures about itself.
    pub client: &'a ClientHonesty,
    /// Every request of the repetition, those of the warm-up too.
    pub requests: Requests,
    /// Samples taken inside the window, in order.
    pub telemetry: Vec<&'a TelemetryRecord>,
    /// Samples taken while the servers of its epoch were at rest, in order.
    pub rest: Vec<&'a TelemetryRecord>,
    /// Processes that computed on a GPU at any time of the run and should not
    /// have.
    pub foreign_processes: Vec<ForeignProcess<'a>>,
    /// What a good request was asked to keep.
    pub objectives: Objectives,
    /// The server that was killed on purpose.
    pub kill: Option<Kill<'a>>,
    /// The servers before and after the load, where both were seen.
    pub seen: Option<(&'a [ServerSeen], &'a [ServerSeen])>,
    /// Tokens that the context of one request may have, of each server that
    /// tells.
    pub contexts: BTreeMap<ServerKey, u64>,
    /// Who was a client of MPS, where the scenario says who is to be.
    pub mps: Option<&'a MpsWitness>,
    /// What its memory is held against.
    pub memory: MemoryBaseline,
    /// What must be started for its epoch, and kept alive; `None` where servers
    /// come and go.
    pub upkeep: Option<Upkeep>,
}

/// Memory in use before an epoch's servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemoryBefore {
    /// So much.
    Read(MemoryRecord),
    /// Nobody looked.
    #[default]
    Unread,
    /// Servers that the run has not started were there before, with all that
    /// they take.
    WithServers,
}

/// What the memory in use inside a window is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryBaseline {
    /// In use before the epoch's first server.
    pub before: MemoryBefore,
    /// All there is: of the GPUs, or of the host where they have none.
    pub total: Option<Bytes>,
    /// Servers that were up, asked or not.
    pub instances: u32,
    /// What their models take by their own account, all of them together.
    pub models: Option<Bytes>,
}

/// What a phase demands of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Objectives {
    /// What its reply must look like.
    pub reply: Demand,
    /// Time to first token.
    pub ttft: Option<Nanos>,
    /// Time per output token.
    pub tpot: Option<Nanos>,
    /// Whole request.
    pub e2e: Option<Nanos>,
}

/// What the text or length of a reply must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// Anything will do.
    #[default]
    Nothing,
    /// What the phase's `expect` says; each record tells whether it was met.
    Expected,
}

/// A process that is none of the run's and not allowed by the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignProcess<'a> {
    /// On which GPU it computed.
    pub gpu: &'a str,
    /// Its pid.
    pub pid: u32,
    /// Its name.
    pub program: &'a str,
    /// When it was first seen.
    pub since: Nanos,
    /// From when on its pid may be another process's, if it may.
    pub until: Option<Nanos>,
}

/// A server killed on purpose.
#[derive(Clone, Copy, Debug)]
pub struct Kill<'a> {
    /// When.
    pub at: Nanos,
    /// Which.
    pub server: &'a ServerKey,
    /// From the kill until the run, which had started it again, found it ready;
    /// `None` where it was left to help itself.
    pub ready: Option<Nanos>,
    /// When it answered a request of the run's own well: its first token.
    pub probed: Option<Nanos>,
    /// How long the run waited for a good answer in vain, and what it got.
    pub silent: Option<(Nanos, &'a str)>,
}

impl Window<'_> {
    /// Its length.
    pub fn seconds(&self) -> f64 {
        self.end.since(self.start).seconds()
    }

    /// Requests sent inside the window.
    pub fn sent(&self) -> impl Iterator<Item = Request<'_>> {
        self.requests.iter().filter(|request| self.start <= request.sent_ns && request.sent_ns < self.end)
    }

    /// Requests sent inside the window whose reply came whole and passed
    /// `expect`.
    pub fn good(&self) -> impl Iterator<Item = Request<'_>> {
        self.sent().filter(|request| is_good(request))
    }

    /// Requests sent inside the window, and those of before of which a token came
    /// inside: both are in its throughput.
    pub fn counted(&self) -> impl Iterator<Item = Request<'_>> {
        self.requests.iter().filter(|request| {
            let reaches_in = request.last_token_ns.is_some_and(|last| self.start < last);
            request.sent_ns < self.end && (self.start <= request.sent_ns || reaches_in)
        })
    }

    /// Those of [`Self::counted`] whose reply came whole and passed `expect`.
    pub fn counted_good(&self) -> impl Iterator<Item = Request<'_>> {
        self.counted().filter(|request| is_good(request))
    }

    /// Requests sent inside the window that ended by themselves: those that
    /// the driver cut off or a signal stopped are neither good nor bad.
    pub fn ended(&self) -> impl Iterator<Item = Request<'_>> {
        self.sent().filter(|request| !matches!(request.outcome, RequestOutcome::Cut | RequestOutcome::Interrupted))
    }
}

/// Whether the reply came whole and passed `expect`. Records of before
/// 2026-11-28 call a reply a success that ended well without a token: it has no
/// time that a metric could take.
pub(super) fn is_good(request: &Request<'_>) -> bool {
    let holds_tokens = request.chunks.count() > 0 || request.asked_tokens == 0;
    request.outcome.is_success() && holds_tokens && !request.unexpected
}
