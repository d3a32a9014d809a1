//! A machine file: every parameter with its source beside it.

use serde::Deserialize;

use super::{Machine, MachineError};
use crate::sim::model::{Gpu, Host, Model, Mps};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MachineFile {
    title: String,
    gpu: GpuFile,
    mps: Option<MpsFile>,
    model: ModelFile,
    host: HostFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GpuFile {
    name: String,
    unified_memory: bool,
    memory_mib: Sourced,
    bandwidth_gb_per_s: Sourced,
    bandwidth_share: Sourced,
    decode_tflops: Sourced,
    prefill_tflops: Sourced,
    launch_gaps_ms: Sourced,
    slice_ms: Sourced,
    switch_ms: Sourced,
    process_memory_mib: Sourced,
    idle_power_w: Sourced,
    busy_power_w: Sourced,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MpsFile {
    interference: Sourced,
    server_memory_mib: Sourced,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    name: String,
    weights_mib: Sourced,
    read_gb_per_step: Sourced,
    kv_bytes_per_token: Sourced,
    gflops_per_token: Sourced,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostFile {
    request_ms: Sourced,
    token_ms: Sourced,
}

/// A parameter and where its value comes from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sourced {
    value: f64,
    source: String,
}

/// Checks parameters of one file.
struct Checker<'a> {
    origin: &'a str,
}

impl Checker<'_> {
    fn positive(&self, parameter: &'static str, sourced: &Sourced) -> Result<f64, MachineError> {
        self.within(parameter, sourced, (1e-6..=1e9).contains(&sourced.value), "between 1e-6 and 1e9")
    }

    fn not_negative(&self, parameter: &'static str, sourced: &Sourced) -> Result<f64, MachineError> {
        self.within(parameter, sourced, (0.0..=1e6).contains(&sourced.value), "between 0 and 1e6")
    }

    fn share(&self, parameter: &'static str, sourced: &Sourced) -> Result<f64, MachineError> {
        self.within(parameter, sourced, (1e-6..=1.0).contains(&sourced.value), "between 1e-6 and 1")
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be positive and small")]
    fn mebibytes(&self, parameter: &'static str, sourced: &Sourced) -> Result<u64, MachineError> {
        Ok((self.positive(parameter, sourced)? * 1_048_576.0) as u64)
    }

    fn within(
        &self,
        parameter: &'static str,
        sourced: &Sourced,
        inside: bool,
        range: &'static str,
    ) -> Result<f64, MachineError> {
        let origin = self.origin.to_owned();
        if sourced.source.trim().is_empty() {
            return Err(MachineError::NoSource { origin, parameter });
        }
        if inside {
            Ok(sourced.value)
        } else {
            Err(MachineError::Range { origin, parameter, value: sourced.value, range })
        }
    }

    fn gpu(&self, file: &GpuFile, mps: Option<Mps>) -> Result<Gpu, MachineError> {
        Ok(Gpu {
            name: file.name.clone(),
            memory_bytes: self.mebibytes("gpu.memory_mib", &file.memory_mib)?,
            unified: file.unified_memory,
            bandwidth_bytes_per_s: self.positive("gpu.bandwidth_gb_per_s", &file.bandwidth_gb_per_s)? * 1e9,
            bandwidth_share: self.share("gpu.bandwidth_share", &file.bandwidth_share)?,
            decode_flops_per_s: self.positive("gpu.decode_tflops", &file.decode_tflops)? * 1e12,
            prefill_flops_per_s: self.positive("gpu.prefill_tflops", &file.prefill_tflops)? * 1e12,
            launch_gaps_s: self.not_negative("gpu.launch_gaps_ms", &file.launch_gaps_ms)? / 1e3,
            slice_s: self.positive("gpu.slice_ms", &file.slice_ms)?.max(0.01) / 1e3,
            switch_s: self.not_negative("gpu.switch_ms", &file.switch_ms)? / 1e3,
            mps,
            process_memory_bytes: self.mebibytes("gpu.process_memory_mib", &file.process_memory_mib)?,
            idle_power_w: self.not_negative("gpu.idle_power_w", &file.idle_power_w)?,
            busy_power_w: self.not_negative("gpu.busy_power_w", &file.busy_power_w)?,
        })
    }

    fn mps(&self, file: &MpsFile) -> Result<Mps, MachineError> {
        Ok(Mps {
            interference: self.not_negative("mps.interference", &file.interference)?,
            server_memory_bytes: self.mebibytes("mps.server_memory_mib", &file.server_memory_mib)?,
        })
    }

    fn model(&self, file: &ModelFile) -> Result<Model, MachineError> {
        Ok(Model {
            name: file.name.clone(),
            weights_bytes: self.mebibytes("model.weights_mib", &file.weights_mib)?,
            read_bytes_per_step: self.positive("model.read_gb_per_step", &file.read_gb_per_step)? * 1e9,
            kv_bytes_per_token: self.not_negative("model.kv_bytes_per_token", &file.kv_bytes_per_token)?,
            flops_per_token: self.positive("model.gflops_per_token", &file.gflops_per_token)? * 1e9,
        })
    }

    fn host(&self, file: &HostFile) -> Result<Host, MachineError> {
        Ok(Host {
            request_s: self.not_negative("host.request_ms", &file.request_ms)? / 1e3,
            token_s: self.not_negative("host.token_ms", &file.token_ms)? / 1e3,
        })
    }
}

/// The machine that `text` describes.
pub(super) fn parse(name: &str, origin: &str, text: &str) -> Result<Machine, MachineError> {
    let file: MachineFile =
        toml::from_str(text).map_err(|source| MachineError::Parse { origin: origin.to_owned(), source })?;
    let MachineFile { title, gpu, mps, model, host } = file;
    let checker = Checker { origin };
    let mps = mps.map(|mps| checker.mps(&mps)).transpose()?;
    Ok(Machine {
        name: name.to_owned(),
        title,
        gpu: checker.gpu(&gpu, mps)?,
        model: checker.model(&model)?,
        host: checker.host(&host)?,
    })
}
