use std::fmt;

use super::runner::{RunStop, Runner};
use crate::process::{LeftoverSearch, program};
use crate::telemetry::GpuProcess;

/// The kernel keeps so many bytes of a program's name.
const KERNEL_NAME: usize = 15;

/// A process that computes on a GPU and is none of the run's.
#[derive(Debug)]
pub(super) struct ForeignProcess {
    process: GpuProcess,
    program: String,
}

impl fmt::Display for ForeignProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process: GpuProcess { gpu, pid, memory, is_mps: _ }, program } = self;
        let memory = memory.map(|memory| format!(" with {memory}")).unwrap_or_default();
        // Anybody can call a program anything.
        let program = program.escape_debug();
        write!(f, "`{program}` (pid {pid}) computes on {gpu}{memory}")
    }
}

/// All of them, each on a line, and what a person can do.
pub(super) fn listed(foreign: &[ForeignProcess]) -> String {
    let lines: Vec<String> = foreign.iter().map(|foreign| format!("\n  {foreign}")).collect();
    let mut names: Vec<String> = foreign.iter().map(|foreign| format!("{:?}", foreign.program)).collect();
    names.sort();
    names.dedup();
    let key = format!("foreign_gpu_processes = [{}]", names.join(", "));
    let lines = lines.concat();
    format!("{lines}\n  help: stop it, or allow it at the top of the scenario: `{key}`")
}

/// What is found on the GPUs, without what is ours or allowed by name. A
/// process that `program` does not know has ended, though the driver may still
/// list it, or lives where this host cannot see it, as a container cannot.
fn foreign(
    found: Vec<GpuProcess>,
    ours: &[u32],
    allowed: &[String],
    program: impl Fn(u32) -> Option<String>,
) -> Vec<ForeignProcess> {
    let foreign_processes = found.into_iter().filter(|process| !ours.contains(&process.pid));
    let named =
        foreign_processes.filter_map(|process| Some(ForeignProcess { program: program(process.pid)?, process }));
    named.filter(|foreign| !allowed.iter().any(|name| is_called(&foreign.program, name))).collect()
}

/// Whether it is one of MPS's own programs: its server computes for others.
pub(super) fn is_mps_server(program: &str) -> bool {
    program.starts_with("nvidia-cuda-mps")
}

pub(super) fn is_called(program: &str, name: &str) -> bool {
    let name = name.as_bytes();
    program.as_bytes() == name.get(..KERNEL_NAME).unwrap_or(name)
}

impl Runner<'_> {
    /// Refuses to measure beside somebody whom the scenario does not allow.
    ///
    /// What the run has started is told by its mark, its control group and its
    /// parents; a simulated machine has nobody else.
    pub(super) fn refuse_foreign(&self) -> Result<(), RunStop> {
        let Some(containment) = &self.context.containment else { return Ok(()) };
        let found = match self.context.world.gpu_processes().into_result() {
            Ok(found) => found,
            Err(reason) => {
                self.warn(format!("nobody can tell who else computes on the GPU: {reason}"));
                return Ok(());
            }
        };
        if found.is_empty() {
            return Ok(());
        }
        let search = LeftoverSearch { run_id: self.context.run_id, containment, spared: &[], trace: None };
        // What cannot be told to be ours is refused as somebody else's.
        let ours: Vec<u32> = search.find().unwrap_or_default().into_iter().map(|process| process.pid).collect();
        let foreign = foreign(found, &ours, &self.context.plan.foreign_gpu_processes, program);
        if foreign.is_empty() { Ok(()) } else { Err(RunStop::ForeignProcess { foreign }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{GpuIdentity, GpuReading, Reading};
    use crate::telemetry::{Probe, Tier};
    use crate::units::Bytes;

    /// A GPU on which a desktop, a server of ours, a training and one that has
    /// just ended compute.
    struct Busy;

    impl Probe for Busy {
        fn identities(&self) -> Vec<GpuIdentity> {
            Vec::new()
        }

        fn read(&mut self, _tier: Tier) -> Vec<GpuReading> {
            Vec::new()
        }

        fn processes(&mut self) -> Reading<Vec<GpuProcess>> {
            let process = |pid, memory| GpuProcess { gpu: "GPU-1".to_owned(), pid, memory, is_mps: false };
            let training = process(30, Some(Bytes(3 << 30)));
            Reading::Value(vec![
                process(10, Some(Bytes(1))),
                process(20, None),
                training,
                process(31, None),
                process(40, None),
            ])
        }
    }

    fn program(pid: u32) -> Option<String> {
        let name = match pid {
            10 => "gnome-remote-de",
            20 => "llama-server",
            30 | 31 => "python3",
            _ => return None,
        };
        Some(name.to_owned())
    }

    fn refused(allowed: &[&str]) -> Vec<ForeignProcess> {
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let Reading::Value(found) = Busy.processes() else { return Vec::new() };
        foreign(found, &[20], &allowed, program)
    }

    #[test]
    fn whoever_is_neither_ours_nor_allowed_nor_gone_is_named_with_what_to_do() {
        insta::assert_snapshot!(format!("refused:{}", listed(&refused(&[]))), @r#"
        refused:
          `gnome-remote-de` (pid 10) computes on GPU-1 with 1 B
          `python3` (pid 30) computes on GPU-1 with 3.0 GiB
          `python3` (pid 31) computes on GPU-1
          help: stop it, or allow it at the top of the scenario: `foreign_gpu_processes = ["gnome-remote-de", "python3"]`
        "#);
        insta::assert_snapshot!(format!("refused:{}", listed(&refused(&["gnome-remote-desktop"]))), @r#"
        refused:
          `python3` (pid 30) computes on GPU-1 with 3.0 GiB
          `python3` (pid 31) computes on GPU-1
          help: stop it, or allow it at the top of the scenario: `foreign_gpu_processes = ["python3"]`
        "#);
    }

    #[test]
    fn an_allowed_program_is_meant_by_its_whole_name() {
        assert!(refused(&["python3", "gnome-remote-desktop"]).is_empty());
        assert_eq!(refused(&["python", "gnome-remote-de", "ython3"]).len(), 2);
    }
}
