use super::NoGpuReason;
use super::gpus::Gpus;
use super::machine::Machine;
use super::nvml::NvmlDriver;
use super::recording::Recorder;
use crate::record::{CallCost, GpuIdentity, GpuReading, Reading};
use crate::text::with_causes;
use crate::units::Bytes;

/// How much of a GPU a sample asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// What is cheap and moves fast: use, memory, power, temperature, clocks.
    Quick,
    /// Everything: also the energy counter, time under limits, processes,
    /// performance counters and MIG.
    Whole,
}

/// Where GPU readings come from. The one trait that stands for the world: no
/// test machine can be asked to have a GPU.
pub trait Probe: Send {
    /// The GPUs, in the order of every reading.
    fn identities(&self) -> Vec<GpuIdentity>;

    /// One reading of every GPU. What cannot be read says why.
    fn read(&mut self, tier: Tier) -> Vec<GpuReading>;

    /// Every process that computes on a GPU now, through MPS or not; one that
    /// only draws is none. Or why nobody can tell.
    fn processes(&mut self) -> Reading<Vec<GpuProcess>>;

    /// What questions to the driver have taken so far.
    fn costs(&self) -> Vec<CallCost> {
        Vec::new()
    }

    /// Asks every question so many times, and says what each took.
    fn time_calls(&mut self, _times: usize) -> Vec<CallCost> {
        Vec::new()
    }
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
    /// Whether the driver lists it as a client of MPS.
    pub is_mps: bool,
}

/// A machine without a GPU that can be asked.
#[derive(Debug)]
pub struct NoGpu;

impl Probe for NoGpu {
    fn identities(&self) -> Vec<GpuIdentity> {
        Vec::new()
    }

    fn read(&mut self, _tier: Tier) -> Vec<GpuReading> {
        Vec::new()
    }

    fn processes(&mut self) -> Reading<Vec<GpuProcess>> {
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

impl Opened {
    pub(super) fn new(probe: Box<dyn Probe>, machine: Machine) -> Self {
        let Machine { absent, driver, cuda, .. } = machine;
        Self { gpus: probe.identities(), probe, absent, driver, cuda }
    }

    /// A machine without a GPU.
    pub(super) fn nothing(machine: Machine) -> Self {
        Self::new(Box::new(NoGpu), machine)
    }
}

/// Opens what this machine has: NVML, or nothing with its reason.
pub fn open() -> Opened {
    match NvmlDriver::open() {
        Ok((driver, machine)) => Opened::new(Box::new(Gpus::new(driver, &machine)), machine),
        Err(reason) => Opened::nothing(absent(&reason)),
    }
}

fn absent(reason: &NoGpuReason) -> Machine {
    Machine { absent: Some(with_causes(reason)), ..Machine::default() }
}

/// Opens what this machine has, and writes down every question and its answer:
/// [`super::replay`] of that text asks and answers the same again.
pub fn open_recording(write: impl FnMut(String) + Send + 'static) -> Opened {
    match NvmlDriver::open() {
        Ok((driver, machine)) => {
            let recorder = Recorder::new(driver, &machine, write);
            Opened::new(Box::new(Gpus::new(recorder, &machine)), machine)
        }
        Err(reason) => {
            let machine = absent(&reason);
            super::recording::write_machine(&machine, write);
            Opened::nothing(machine)
        }
    }
}
