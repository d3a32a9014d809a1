//! Samples GPU and host on a thread of its own while a run goes on. Effects.
//!
//! What a question to the driver costs decides how often it is asked: from
//! under a microsecond to several milliseconds each ([`call_costs`] tells for
//! this machine). Every answer is a value or the reason why there is none.

mod call;
mod costs;
mod deduced;
mod gpus;
mod machine;
mod no_gpu;
mod nvml;
mod probe;
mod recording;
mod sampler;
#[cfg(test)]
mod tests;

pub use costs::cost_table;
pub use no_gpu::NoGpuReason;
pub use probe::{GpuProcess, NoGpu, Opened, Probe, Tier, open, open_recording};
pub use recording::replay;
pub use sampler::{Pace, Remote, Sampler};

use crate::record::CallCost;

/// How often [`call_costs`] asks.
const TRIES: usize = 20;

/// What every question to this machine's driver takes: each is asked 20 times
/// of each GPU. Empty where there is no GPU.
pub fn call_costs(probe: &mut dyn Probe) -> Vec<CallCost> {
    probe.time_calls(TRIES)
}
