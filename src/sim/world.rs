//! The machine in real time: the engine behind a lock, a thread that lets its
//! time follow the clock, and a channel for the tokens of each request.
//!
//! Every step ends at the end of the one before it plus its length, whenever
//! the thread wakes up: a late wake-up delays the tokens that were due, never
//! those after them. It sleeps on a condition variable, which on Linux wakes
//! within about 0.1 ms, where an asynchronous timer counts in whole
//! milliseconds; that remainder is in the data, since each event carries the
//! moment at which it was really sent.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::engine::{Engine, ProcessId, RequestId, Token, Work};
use super::error::SimError;
use super::machine::Machine;
use super::sharing::Sharing;
use crate::clock::Clock;
use crate::host;
use crate::record::{GpuReading, ProcessOnGpu, Reading};
use crate::units::{Bytes, Nanos};

/// As many as Ollama lets wait (`OLLAMA_MAX_QUEUE`).
const WAITING_AT_MOST: usize = 512;

/// The shortest time over which NVML averages utilisation, 1/6 s.
const SAMPLE_S: f64 = 1.0 / 6.0;

/// The machine in real time.
#[derive(Debug)]
pub(super) struct World {
    /// The run's clock.
    pub(super) clock: Clock,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    engine: Engine,
    listeners: HashMap<RequestId, (ProcessId, UnboundedSender<Token>)>,
    mps: bool,
    ended: bool,
    sample: Sample,
}

/// Utilisation over the last sample period.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    at_s: f64,
    busy_s: f64,
    share: f64,
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Too many wait already.
    Busy,
    /// The server has been killed.
    Gone,
}

/// A request on the machine; dropped, it is taken back.
#[derive(Debug)]
pub(super) struct Ticket {
    world: Arc<World>,
    process: ProcessId,
    request: RequestId,
    tokens: UnboundedReceiver<Token>,
    /// When it arrived, in seconds after the run's origin.
    pub(super) arrived_s: f64,
}

impl World {
    pub(super) fn new(machine: Machine, clock: Clock) -> Self {
        let state = State {
            engine: Engine::new(machine),
            listeners: HashMap::new(),
            mps: false,
            ended: false,
            sample: Sample::default(),
        };
        Self { clock, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Nothing panics while it holds the lock, and if it did, the state would
    /// still be whole: no invariant spans two statements.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, with its time brought up to the clock's.
    fn present(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.advance(self.clock.now().seconds());
        state
    }

    /// Lets time pass until [`World::end`].
    pub(super) fn pace(&self) {
        host::wake_when_due();
        let mut state = self.lock();
        while !state.ended {
            let now_s = self.clock.now().seconds();
            state.advance(now_s);
            state = match state.engine.next_event_s() {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(next_s) => {
                    let pause = Duration::from_secs_f64((next_s - now_s).clamp(0.0, 3600.0));
                    self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        state.listeners.clear();
    }

    /// Ends the pacing and every request.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Puts a server process for `server` on the machine.
    pub(super) fn spawn(&self, server: &str, slots: u32) -> Result<ProcessId, SimError> {
        let mut state = self.present();
        if state.ended {
            return Err(SimError::Ended);
        }
        let needed = Bytes(state.process_bytes());
        let total = Bytes(state.engine.machine().gpu.memory_bytes);
        let free = state.free_bytes();
        if needed > free {
            return Err(SimError::Memory { server: server.to_owned(), needed, free, total });
        }
        Ok(state.engine.spawn(slots))
    }

    /// Ends a process: its requests break off, its memory is free again.
    pub(super) fn kill(&self, process: ProcessId) {
        let mut state = self.present();
        state.engine.end(process);
        state.listeners.retain(|_, (owner, _)| *owner != process);
        self.changed.notify_all();
    }

    /// Hands a request to a process.
    pub(super) fn submit(self: &Arc<Self>, process: ProcessId, work: Work) -> Result<Ticket, Refused> {
        let mut state = self.present();
        if state.engine.waiting(process).ok_or(Refused::Gone)? >= WAITING_AT_MOST {
            return Err(Refused::Busy);
        }
        let request = state.engine.submit(process, work).ok_or(Refused::Gone)?;
        // Unbounded, yet never longer than the reply that was asked for.
        let (sender, tokens) = unbounded_channel();
        state.listeners.insert(request, (process, sender));
        let arrived_s = state.engine.now_s();
        self.changed.notify_all();
        Ok(Ticket { world: Arc::clone(self), process, request, tokens, arrived_s })
    }

    pub(super) fn mps(&self) -> bool {
        self.lock().mps
    }

    pub(super) fn set_mps(&self, on: bool) -> Result<(), SimError> {
        let mut state = self.present();
        let servers = state.engine.processes().count();
        if state.mps == on {
            return Ok(());
        }
        if servers > 0 {
            return Err(SimError::MpsInUse { servers });
        }
        let gpu = &state.engine.machine().gpu;
        let sharing = match (on, gpu.mps) {
            (false, _) => Sharing::time_sliced(gpu),
            (true, Some(mps)) => Sharing::mps(mps),
            (true, None) => return Err(SimError::NoMps { machine: state.engine.machine().name().to_owned() }),
        };
        state.engine.share(sharing);
        state.mps = on;
        Ok(())
    }

    pub(super) fn reading(&self) -> GpuReading {
        self.present().reading()
    }

    pub(super) fn memory_free(&self) -> Bytes {
        self.lock().free_bytes()
    }
}

impl State {
    fn advance(&mut self, to_s: f64) {
        for token in self.engine.advance(to_s) {
            // A reader that has gone takes its request back itself.
            let _gone = self.listeners.get(&token.request).map(|(_, sender)| sender.send(token));
            if token.last {
                self.listeners.remove(&token.request);
            }
        }
    }

    fn process_bytes(&self) -> u64 {
        let machine = self.engine.machine();
        machine.model.weights_bytes + machine.gpu.process_memory_bytes
    }

    fn used_bytes(&self) -> u64 {
        let server = self.engine.machine().gpu.mps.filter(|_| self.mps).map_or(0, |mps| mps.server_memory_bytes);
        self.engine.processes().fold(server, |used, _| used + self.process_bytes())
    }

    fn free_bytes(&self) -> Bytes {
        Bytes(self.engine.machine().gpu.memory_bytes.saturating_sub(self.used_bytes()))
    }

    fn reading(&mut self) -> GpuReading {
        self.take_sample();
        let (machine, now_s, busy_s) = (self.engine.machine(), self.engine.now_s(), self.engine.busy_s());
        let gpu = &machine.gpu;
        let rise_w = gpu.busy_power_w - gpu.idle_power_w;
        let memory = if gpu.unified {
            Reading::Absent("the device has no memory of its own".to_owned())
        } else {
            Reading::Value(self.used_bytes())
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share between 0 and 1")]
        let percent = (self.sample.share * 100.0).round() as u32;
        GpuReading {
            uuid: machine.gpu_uuid(),
            memory_used_bytes: memory,
            utilization_percent: Reading::Value(percent),
            power_w: Reading::Value(gpu.idle_power_w + rise_w * self.sample.share),
            energy_j: Reading::Value(gpu.idle_power_w * now_s + rise_w * busy_s),
            temperature_c: Reading::Absent("not simulated".to_owned()),
            sm_clock_mhz: Reading::Absent("not simulated".to_owned()),
            clock_events: Reading::Value(0),
            processes: Reading::Value(self.processes()),
            ..GpuReading::default()
        }
    }

    fn processes(&self) -> Vec<ProcessOnGpu> {
        let memory_bytes = Some(Bytes(self.process_bytes()));
        let listed = |process: ProcessId| ProcessOnGpu { pid: process.pid(), memory_bytes, is_mps: self.mps };
        self.engine.processes().map(listed).collect()
    }

    fn take_sample(&mut self) {
        let (now_s, busy_s) = (self.engine.now_s(), self.engine.busy_s());
        let elapsed_s = now_s - self.sample.at_s;
        if elapsed_s >= SAMPLE_S {
            let share = ((busy_s - self.sample.busy_s) / elapsed_s).clamp(0.0, 1.0);
            self.sample = Sample { at_s: now_s, busy_s, share };
        }
    }
}

impl Ticket {
    /// The run's time.
    pub(super) fn now(&self) -> Nanos {
        self.world.clock.now()
    }

    /// The request's number on this machine.
    pub(super) const fn number(&self) -> u64 {
        self.request.0
    }

    /// The next token; `None` if the server has been killed.
    pub(super) async fn token(&mut self) -> Option<Token> {
        self.tokens.recv().await
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.world.lock();
        state.engine.cancel(self.process, self.request);
        state.listeners.remove(&self.request);
    }
}

#[cfg(test)]
mod tests;
