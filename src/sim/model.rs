//! The physics: how long a step of a server takes, from the device and the
//! model. Pure arithmetic.
//!
//! A step of a server with b requests reads the weights once, reads the keys
//! and values of every context, and computes b tokens: its kernels take
//! max(bytes ÷ bandwidth, b · flops ÷ rate), the roofline of Williams,
//! Waterman and Patterson, "Roofline", CACM 52(4), 2009. Two kinds of idle
//! time are added, because sharing treats them differently:
//!
//! * gaps between kernels: the process keeps the device, but leaves it idle.
//!   Another process can use them only under MPS;
//! * host work after the step (sampling, writing replies): the process has let
//!   go of the device, and anyone can use it.

/// A GPU and its driver, as far as speed and sharing go.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gpu {
    /// What NVML calls it.
    pub(super) name: String,
    /// Its memory in bytes.
    pub(super) memory_bytes: u64,
    /// Whether that memory is the host's too; NVML then reports none.
    pub(super) unified: bool,
    /// Bandwidth of its memory by the data sheet, bytes per second.
    pub(super) bandwidth_bytes_per_s: f64,
    /// The share of it that the kernels of a decode step reach.
    pub(super) bandwidth_share: f64,
    /// Arithmetic of a batched decode step, flops per second.
    pub(super) decode_flops_per_s: f64,
    /// Arithmetic on prompts, flops per second.
    pub(super) prefill_flops_per_s: f64,
    /// Sum of the gaps between the kernels of one step.
    pub(super) launch_gaps_s: f64,
    /// How long a process keeps the device while others wait (without MPS).
    pub(super) slice_s: f64,
    /// What a change of process costs, for each *other* process with work in
    /// flight: the more of them ran in between, the less of its state a
    /// process finds in caches and translation buffers.
    pub(super) switch_s: f64,
    /// MPS, where there is any.
    pub(super) mps: Option<Mps>,
    /// Memory that a process takes beside the model's weights.
    pub(super) process_memory_bytes: u64,
    /// Power drawn with nothing to do.
    pub(super) idle_power_w: f64,
    /// Power drawn while kernels run.
    pub(super) busy_power_w: f64,
}

/// CUDA MPS on a GPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mps {
    /// Added to the work of processes that run at the same time, as a share.
    pub(super) interference: f64,
    /// Memory of its server process.
    pub(super) server_memory_bytes: u64,
}

/// A model as the GPU sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    /// The name servers list it under.
    pub(super) name: String,
    /// Its size in memory.
    pub(super) weights_bytes: u64,
    /// Bytes of weights read in a step.
    pub(super) read_bytes_per_step: f64,
    /// Bytes of keys and values read for each token of context.
    pub(super) kv_bytes_per_token: f64,
    /// Arithmetic for one token, flops.
    pub(super) flops_per_token: f64,
}

/// The server program and its CPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Host {
    /// Before a request reaches the GPU: HTTP, template, tokens.
    pub(super) request_s: f64,
    /// After a step, for each token of it: sampling, JSON, HTTP.
    pub(super) token_s: f64,
}

/// What one step works on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// Tokens of prompts that are new.
    pub(super) prompt_tokens: u32,
    /// Prompts that are new.
    pub(super) prompts: u32,
    /// Requests that get a further token.
    pub(super) decoding: u32,
    /// Tokens in the contexts of those.
    pub(super) context_tokens: u32,
}

/// How long one step takes with the device to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// Kernels and the gaps between them: the process holds the device.
    pub(super) device_s: f64,
    /// The share of that in which kernels run.
    pub(super) demand: f64,
    /// Host work afterwards: the process has let go of the device.
    pub(super) host_s: f64,
}

impl Step {
    /// The step of `model` on `gpu` under `host` that does `load`.
    pub(super) fn of(gpu: &Gpu, model: &Model, host: &Host, load: Load) -> Self {
        let prefill_s = f64::from(load.prompt_tokens) * model.flops_per_token / gpu.prefill_flops_per_s;
        let kernels_s = prefill_s + decode_s(gpu, model, load);
        let device_s = kernels_s + gpu.launch_gaps_s;
        let tokens = f64::from(load.prompts) + f64::from(load.decoding);
        Self { device_s, demand: kernels_s / device_s, host_s: host.token_s * tokens }
    }
}

fn decode_s(gpu: &Gpu, model: &Model, load: Load) -> f64 {
    if load.decoding == 0 {
        return 0.0;
    }
    let bytes = model.read_bytes_per_step + model.kv_bytes_per_token * f64::from(load.context_tokens);
    let memory_s = bytes / (gpu.bandwidth_bytes_per_s * gpu.bandwidth_share);
    let compute_s = f64::from(load.decoding) * model.flops_per_token / gpu.decode_flops_per_s;
    memory_s.max(compute_s)
}

/// How fast each of the processes runs under MPS that together demand
/// `demands` of the device, 1 for one that is alone. They share its bandwidth
/// evenly; gaps of one are filled by the others.
pub(super) fn mps_speed(interference: f64, demands: &[f64]) -> f64 {
    let factor = if demands.len() > 1 { 1.0 + interference } else { 1.0 };
    let demanded = demands.iter().sum::<f64>() * factor;
    if demanded > 1.0 { 1.0 / demanded } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::find;

    fn step(decoding: u32, context_tokens: u32) -> Step {
        let machine = find("h100", &[]).unwrap();
        Step::of(&machine.gpu, &machine.model, &machine.host, Load { decoding, context_tokens, ..Load::default() })
    }

    #[test]
    fn a_small_batch_is_limited_by_memory_and_a_large_one_by_arithmetic() {
        let milliseconds = |decoding| format!("{:.2}", step(decoding, 0).device_s * 1e3);
        assert_eq!([1, 2, 3, 4, 16].map(milliseconds), ["4.12", "4.12", "4.12", "5.01", "17.06"]);
    }

    #[test]
    fn a_long_context_is_read_too() {
        let extra_s = step(1, 100_000).device_s - step(1, 0).device_s;
        let bytes = 100_000.0 * 131_072.0;
        assert!((extra_s - bytes / (3.35e12 * 0.44)).abs() < 1e-9, "{extra_s}");
    }

    #[test]
    fn under_mps_processes_slow_down_once_together_they_want_more_than_all() {
        let speed = |count: usize| format!("{:.2}", mps_speed(0.25, &vec![0.4; count]));
        assert_eq!([1, 2, 3, 4].map(speed), ["1.00", "1.00", "0.67", "0.50"]);
    }
}
