//! How processes share one device: in turns, or together under MPS.

use super::engine::ProcessId;
use super::model::{Gpu, Mps, mps_speed};

/// Shorter than any step, longer than the rounding of a day in seconds.
const INSTANT_S: f64 = 1e-9;

/// A stay of a process on the device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    /// What is left of it, in seconds with the device to itself.
    pub(super) remaining_s: f64,
    /// The share of the device that it uses when it is alone.
    pub(super) demand: f64,
}

impl Phase {
    /// Whether nothing is left.
    pub(super) fn is_over(self) -> bool {
        self.remaining_s <= INSTANT_S
    }
}

/// How the device is shared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sharing {
    /// One process at a time, in turns.
    TimeSliced(Turns),
    /// All at once.
    Mps {
        /// See [`Mps::interference`].
        interference: f64,
    },
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    slice_s: f64,
    switch_s: f64,
    holder: Option<ProcessId>,
    /// When the change to the holder is done.
    runs_from_s: f64,
    /// When its slice is over.
    ends_s: f64,
}

impl Sharing {
    /// The driver's own way, without MPS.
    pub(super) const fn time_sliced(gpu: &Gpu) -> Self {
        Self::TimeSliced(Turns {
            slice_s: gpu.slice_s,
            switch_s: gpu.switch_s,
            holder: None,
            runs_from_s: 0.0,
            ends_s: 0.0,
        })
    }

    /// Under MPS.
    pub(super) const fn mps(mps: Mps) -> Self {
        Self::Mps { interference: mps.interference }
    }

    /// How fast a process gets on with its phase at `now_s`; 1 is alone.
    pub(super) fn speed(&self, process: ProcessId, now_s: f64, phases: &[(ProcessId, Phase)]) -> f64 {
        match self {
            Self::Mps { interference } => {
                let demands: Vec<f64> = phases.iter().map(|(_, phase)| phase.demand).collect();
                mps_speed(*interference, &demands)
            }
            Self::TimeSliced(turns) => f64::from(u8::from(turns.holder == Some(process) && now_s >= turns.runs_from_s)),
        }
    }

    /// When a phase ends or a turn changes, if nothing else happens before.
    pub(super) fn next_event_s(&self, now_s: f64, phases: &[(ProcessId, Phase)]) -> Option<f64> {
        match self {
            Self::Mps { .. } => {
                let end = |(id, phase): &(ProcessId, Phase)| now_s + phase.remaining_s / self.speed(*id, now_s, phases);
                phases.iter().map(end).reduce(f64::min)
            }
            Self::TimeSliced(turns) => turns.next_event_s(now_s, phases),
        }
    }

    /// Gives the turn to the next process if the holder's is over.
    /// `contending` counts processes with work in flight.
    pub(super) fn settle(&mut self, now_s: f64, contending: usize, phases: &[(ProcessId, Phase)]) {
        if let Self::TimeSliced(turns) = self {
            turns.settle(now_s, contending, phases);
        }
    }
}

impl Turns {
    fn holders_phase(&self, phases: &[(ProcessId, Phase)]) -> Option<Phase> {
        phases.iter().find(|(id, _)| Some(*id) == self.holder).map(|(_, phase)| *phase)
    }

    fn next_event_s(&self, now_s: f64, phases: &[(ProcessId, Phase)]) -> Option<f64> {
        let phase = self.holders_phase(phases)?;
        if now_s < self.runs_from_s {
            return Some(self.runs_from_s);
        }
        let phase_ends_s = now_s + phase.remaining_s;
        Some(if phases.len() > 1 { phase_ends_s.min(self.ends_s) } else { phase_ends_s })
    }

    fn settle(&mut self, now_s: f64, contending: usize, phases: &[(ProcessId, Phase)]) {
        if self.holders_phase(phases).is_some() && now_s < self.ends_s {
            return;
        }
        let after = phases.iter().find(|(id, _)| self.holder.is_some_and(|holder| *id > holder));
        let Some((next, _)) = after.or(phases.first()) else { return };
        let others = u32::try_from(contending.saturating_sub(1)).unwrap_or(u32::MAX);
        let cost_s = if self.holder == Some(*next) { 0.0 } else { self.switch_s * f64::from(others) };
        self.holder = Some(*next);
        self.runs_from_s = now_s + cost_s;
        self.ends_s = self.runs_from_s + self.slice_s;
    }
}
