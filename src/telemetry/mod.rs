//! Samples GPU and host on a thread of its own while a run goes on. Effects.

mod nvml;
mod probe;
mod sampler;

pub use nvml::{NoGpuReason, NvmlProbe};
pub use probe::{GpuProcess, NoGpu, Opened, Probe, open};
pub use sampler::Sampler;
