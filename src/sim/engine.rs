//! The machine in virtual time: processes, requests, steps and tokens, one
//! event after the other. No clock and no thread: whoever owns it says how far
//! time has come, so the same machine runs paced on a wall clock or at once.

use std::collections::{BTreeMap, VecDeque};

use super::machine::Machine;
use super::model::{Load, Step};
use super::sharing::{Phase, Sharing};

/// A server process on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ProcessId(u32);

impl ProcessId {
    /// The pid it goes by.
    pub(super) const fn pid(self) -> u32 {
        1000 + self.0
    }
}

/// A request to a server process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RequestId(pub(super) u64);

/// A token has been generated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token {
    /// For which request.
    pub(super) request: RequestId,
    /// When, in seconds of virtual time.
    pub(super) at_s: f64,
    /// When the request got its slot.
    pub(super) admitted_s: f64,
    /// Whether it is the reply's last.
    pub(super) last: bool,
}

/// What is asked of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// Tokens of the prompt.
    pub(super) prompt_tokens: u32,
    /// Tokens to generate; none counts as one.
    pub(super) output_tokens: u32,
}

#[derive(Debug)]
struct Job {
    request: RequestId,
    work: Work,
    ready_s: f64,
    admitted_s: f64,
    generated: u32,
}

#[derive(Debug)]
enum Stage {
    Idle,
    Device { phase: Phase, host_s: f64 },
    Host { until_s: f64 },
}

#[derive(Debug)]
struct Process {
    slots: usize,
    waiting: VecDeque<Job>,
    active: Vec<Job>,
    stage: Stage,
}

/// The machine.
#[derive(Debug)]
pub(super) struct Engine {
    machine: Machine,
    sharing: Sharing,
    processes: BTreeMap<ProcessId, Process>,
    next_process: u32,
    next_request: u64,
    now_s: f64,
    busy_s: f64,
}

impl Engine {
    /// At rest, with MPS off.
    pub(super) fn new(machine: Machine) -> Self {
        let sharing = Sharing::time_sliced(&machine.gpu);
        Self { machine, sharing, processes: BTreeMap::new(), next_process: 0, next_request: 0, now_s: 0.0, busy_s: 0.0 }
    }

    /// Chooses how processes share the device from now on.
    pub(super) fn share(&mut self, sharing: Sharing) {
        self.sharing = sharing;
    }

    /// The machine it runs.
    pub(super) const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// How far time has come, in seconds.
    pub(super) const fn now_s(&self) -> f64 {
        self.now_s
    }

    /// For how long the device has been in use so far, in seconds.
    pub(super) const fn busy_s(&self) -> f64 {
        self.busy_s
    }

    /// The processes there are.
    pub(super) fn processes(&self) -> impl Iterator<Item = ProcessId> {
        self.processes.keys().copied()
    }

    /// Starts a process that works on `slots` requests at once.
    pub(super) fn spawn(&mut self, slots: u32) -> ProcessId {
        let process = ProcessId(self.next_process);
        self.next_process += 1;
        let slots = usize::try_from(slots.max(1)).unwrap_or(usize::MAX);
        let state = Process { slots, waiting: VecDeque::new(), active: Vec::new(), stage: Stage::Idle };
        self.processes.insert(process, state);
        process
    }

    /// Ends a process and its requests.
    pub(super) fn end(&mut self, process: ProcessId) {
        self.processes.remove(&process);
    }

    /// How many requests of a process wait for a slot; `None` if there is no
    /// such process.
    pub(super) fn waiting(&self, process: ProcessId) -> Option<usize> {
        self.processes.get(&process).map(|state| state.waiting.len())
    }

    /// Hands a request to a process now; `None` if there is no such process.
    pub(super) fn submit(&mut self, process: ProcessId, work: Work) -> Option<RequestId> {
        let ready_s = self.now_s + self.machine.host.request_s;
        let request = RequestId(self.next_request);
        let state = self.processes.get_mut(&process)?;
        state.waiting.push_back(Job { request, work, ready_s, admitted_s: ready_s, generated: 0 });
        self.next_request += 1;
        Some(request)
    }

    /// Drops a request of a process, wherever it is.
    pub(super) fn cancel(&mut self, process: ProcessId, request: RequestId) {
        if let Some(state) = self.processes.get_mut(&process) {
            state.waiting.retain(|job| job.request != request);
            state.active.retain(|job| job.request != request);
        }
    }

    /// When something happens next, in seconds; `None` while all is at rest.
    pub(super) fn next_event_s(&self) -> Option<f64> {
        let timers = self.processes.values().filter_map(|state| match state.stage {
            Stage::Idle => state.waiting.front().map(|job| job.ready_s),
            Stage::Host { until_s } => Some(until_s),
            Stage::Device { .. } => None,
        });
        let next = timers.chain(self.sharing.next_event_s(self.now_s, &self.phases())).reduce(f64::min)?;
        Some(next.max(self.now_s))
    }

    /// Lets time come to `to_s`; the tokens generated on the way, in order.
    pub(super) fn advance(&mut self, to_s: f64) -> Vec<Token> {
        let mut tokens = Vec::new();
        self.settle(&mut tokens);
        while let Some(next_s) = self.next_event_s().filter(|next_s| *next_s <= to_s) {
            self.flow(next_s);
            self.settle(&mut tokens);
        }
        self.flow(to_s);
        tokens
    }

    fn phases(&self) -> Vec<(ProcessId, Phase)> {
        let on_device = |(id, state): (&ProcessId, &Process)| match state.stage {
            Stage::Device { phase, .. } => Some((*id, phase)),
            Stage::Idle | Stage::Host { .. } => None,
        };
        self.processes.iter().filter_map(on_device).collect()
    }

    fn flow(&mut self, to_s: f64) {
        let elapsed_s = to_s - self.now_s;
        if elapsed_s <= 0.0 {
            return;
        }
        let phases = self.phases();
        if !phases.is_empty() {
            self.busy_s += elapsed_s;
        }
        for (id, _) in &phases {
            let speed = self.sharing.speed(*id, self.now_s, &phases);
            if let Some(Process { stage: Stage::Device { phase, .. }, .. }) = self.processes.get_mut(id) {
                phase.remaining_s -= elapsed_s * speed;
            }
        }
        self.now_s = to_s;
    }

    fn settle(&mut self, tokens: &mut Vec<Token>) {
        for state in self.processes.values_mut() {
            state.settle(&self.machine, self.now_s, tokens);
        }
        let contending = self.processes.values().filter(|state| !matches!(state.stage, Stage::Idle)).count();
        self.sharing.settle(self.now_s, contending, &self.phases());
    }
}

impl Process {
    fn settle(&mut self, machine: &Machine, now_s: f64, tokens: &mut Vec<Token>) {
        match self.stage {
            Stage::Device { phase, host_s } if phase.is_over() => self.stage = Stage::Host { until_s: now_s + host_s },
            Stage::Host { until_s } if until_s <= now_s => {
                self.emit(now_s, tokens);
                self.stage = Stage::Idle;
            }
            Stage::Idle | Stage::Device { .. } | Stage::Host { .. } => {}
        }
        if matches!(self.stage, Stage::Idle) {
            self.begin_step(machine, now_s);
        }
    }

    /// Requests enter at the start of a step, so all active ones took part.
    fn emit(&mut self, now_s: f64, tokens: &mut Vec<Token>) {
        for job in &mut self.active {
            job.generated += 1;
            let last = job.generated >= job.work.output_tokens;
            tokens.push(Token { request: job.request, at_s: now_s, admitted_s: job.admitted_s, last });
        }
        self.active.retain(|job| job.generated < job.work.output_tokens);
    }

    fn begin_step(&mut self, machine: &Machine, now_s: f64) {
        while self.active.len() < self.slots
            && let Some(mut job) = self.waiting.pop_front_if(|job| job.ready_s <= now_s)
        {
            job.admitted_s = now_s;
            self.active.push(job);
        }
        if self.active.is_empty() {
            return;
        }
        let mut load = Load::default();
        for job in &self.active {
            if job.generated == 0 {
                load.prompts += 1;
                load.prompt_tokens = load.prompt_tokens.saturating_add(job.work.prompt_tokens);
            } else {
                load.decoding += 1;
                let context = job.work.prompt_tokens.saturating_add(job.generated);
                load.context_tokens = load.context_tokens.saturating_add(context);
            }
        }
        let step = Step::of(&machine.gpu, &machine.model, &machine.host, load);
        let phase = Phase { remaining_s: step.device_s, demand: step.demand };
        self.stage = Stage::Device { phase, host_s: step.host_s };
    }
}

#[cfg(test)]
mod tests;
