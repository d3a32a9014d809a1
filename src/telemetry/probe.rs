use super::{NoGpuReason, NvmlProbe};
use crate::record::{GpuIdentity, GpuReading, Reading};
use crate::units::Bytes;

/// Where GPU readings come from. The one trait that stands for the world: no
/// test machine can be asked to have a GPU.
pub trait Probe: Send {
    /// The GPUs, in the order of every reading.
    fn identities(&self) -> Vec<GpuIdentity>;

    /// One reading of every GPU. What cannot be read says why.
    fn read(&mut self) -> Vec<GpuReading>;

    /// Every process that computes on a GPU now, through MPS or not; one that
    /// only draws is none. Or why nobody can tell.
    fn processes(&self) -> Reading<Vec<GpuProcess>>;
}

/// A process that computes on a GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuProcess {
    /// The GPU, `GPU-…`.
    pub gpu: String,
    /// Its pid, as this host counts.
    pub pid: u32,
    /// Device memory that it holds, if the driver tells.
    pub memory: Option<Bytes>,
}

/// A machine without a GPU that can be asked.
#[derive(Debug)]
pub struct NoGpu {
    /// Why there is none.
    pub reason: NoGpuReason,
}

impl Probe for NoGpu {
    fn identities(&self) -> Vec<GpuIdentity> {
        Vec::new()
    }

    fn read(&mut self) -> Vec<GpuReading> {
        Vec::new()
    }

    fn processes(&self) -> Reading<Vec<GpuProcess>> {
        Reading::Value(Vec::new())
    }
}

/// A probe, and what it tells about the machine.
pub struct Opened {
    /// To sample with.
    pub probe: Box<dyn Probe>,
    /// The GPUs.
    pub gpus: Vec<GpuIdentity>,
    /// Why there is none, and what to do about it, if there is none.
    pub absent: Option<String>,
    /// The driver's version.
    pub driver: Option<String>,
    /// The CUDA version of the driver, `13.0`.
    pub cuda: Option<String>,
}

/// Opens what this machine has: NVML, or nothing with its reason.
pub fn open() -> Opened {
    match NvmlProbe::open() {
        Ok(probe) => Opened {
            gpus: probe.identities(),
            absent: None,
            driver: probe.driver(),
            cuda: probe.cuda(),
            probe: Box::new(probe),
        },
        Err(reason) => Opened {
            gpus: Vec::new(),
            absent: Some(reason.to_string()),
            driver: None,
            cuda: None,
            probe: Box::new(NoGpu { reason }),
        },
    }
}
