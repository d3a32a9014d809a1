#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::record::ProcessIdentity;
use crate::signal::StopSignal;
use crate::units::Nanos;

/// A process could not be recognised or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such process.
    #[error("process {pid} does not exist")]
    Absent {
        /// Its pid.
        pid: u32,
    },
    /// The kernel's files could not be read.
    #[error("`{path}` could not be read", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A signal was refused.
    #[error("SIG{signal:?} could not be sent to process group {group}")]
    Signal {
        /// The signal.
        signal: StopSignal,
        /// The group.
        group: u32,
        /// Why.
        source: io::Error,
    },
    /// Processes outlived SIGKILL.
    #[error("still alive after SIGKILL: {:?}", processes.iter().map(|process| process.pid).collect::<Vec<_>>())]
    Immortal {
        /// They.
        processes: Vec<ProcessIdentity>,
    },
    /// Members of a group outlived SIGKILL.
    #[error("process group {group} is still alive after SIGKILL: {pids:?}")]
    Survived {
        /// The group.
        group: u32,
        /// Its live members.
        pids: Vec<u32>,
    },
}

/// The fields of `/proc/PID/stat` that tell who a process is; see
/// `proc_pid_stat(5)`.
pub(super) struct Stat {
    pub(super) name: String,
    state: char,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    pub(super) start_ticks: u64,
    /// How long it ran.
    pub(super) ran: Nanos,
    /// How long the children ran that it has waited for, and theirs.
    pub(super) reaped: Nanos,
}

/// `USER_HZ` is 100 on every Linux that Rust runs on.
pub(super) const TICK_NS: u64 = 10_000_000;

/// In user mode and in the kernel's.
fn time(ticks: &[&str]) -> Nanos {
    Nanos(ticks.iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * TICK_NS)
}

impl Stat {
    pub(super) fn parse(text: &str) -> Option<Self> {
        // The name stands in parentheses and may itself hold spaces and
        // parentheses; no later field can.
        let (head, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        Some(Self {
            name: head.split_once('(')?.1.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            start_ticks: fields.get(19)?.parse().ok()?,
            ran: time(fields.get(11..13)?),
            reaped: time(fields.get(13..15)?),
        })
    }

    pub(super) fn read(proc: &Path, pid: u32) -> Option<Self> {
        let bytes = std::fs::read(proc.join(pid.to_string()).join("stat")).ok()?;
        Self::parse(&String::from_utf8_lossy(&bytes))
    }

    /// A zombie only waits for its parent to look: it holds no memory, no
    /// socket and no GPU.
    pub(super) const fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }
}

pub(super) const PROC: &str = "/proc";
/// `USER_HZ` is 100 on every Linux that Rust runs on.
const MILLISECONDS_PER_TICK: u64 = 10;

/// Which boot of the machine this is.
///
/// # Errors
/// If the kernel does not tell.
pub fn boot_id() -> Result<String, ProcessError> {
    let path = PathBuf::from("/proc/sys/kernel/random/boot_id");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(source) => Err(ProcessError::Read { path, source }),
    }
}

/// Every process of a `/proc` tree.
pub(super) fn processes(proc: &Path) -> Result<Vec<(u32, Stat)>, ProcessError> {
    let entries = std::fs::read_dir(proc).map_err(|source| ProcessError::Read { path: proc.to_owned(), source })?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(pids.filter_map(|pid| Some((pid, Stat::read(proc, pid)?))).collect())
}

/// Parent, grandparent and so on.
pub(super) fn ancestors(table: &BTreeMap<u32, Stat>, pid: u32) -> impl Iterator<Item = u32> {
    let parent = |pid: &u32| table.get(pid).map(|stat| stat.parent).filter(|parent| *parent > 0);
    // A table read while processes come and go could hold a circle.
    std::iter::successors(parent(&pid), move |pid| parent(pid)).take(table.len())
}

/// Who the process with this pid is.
///
/// # Errors
/// If there is none, or `/proc` cannot be read.
pub fn identity(pid: u32) -> Result<ProcessIdentity, ProcessError> {
    let stat = Stat::read(Path::new(PROC), pid).ok_or(ProcessError::Absent { pid })?;
    Ok(ProcessIdentity { pid, start_ticks: stat.start_ticks, boot_id: boot_id()? })
}

/// For how long a process has been there, to a hundredth of a second.
///
/// # Errors
/// If the kernel does not tell how long it has been up.
pub fn age(process: &ProcessIdentity) -> Result<Duration, ProcessError> {
    let path = PathBuf::from("/proc/uptime");
    let text = std::fs::read_to_string(&path).map_err(|source| ProcessError::Read { path: path.clone(), source })?;
    let up: f64 = text.split_ascii_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default();
    let started = Duration::from_millis(process.start_ticks.saturating_mul(MILLISECONDS_PER_TICK));
    Ok(Duration::try_from_secs_f64(up).unwrap_or_default().saturating_sub(started))
}

/// The moment so long ago, in clock ticks after boot.
///
/// # Errors
/// If the kernel does not tell how long it has been up.
pub fn ticks_before(ago: Duration) -> Result<u64, ProcessError> {
    let boot = ProcessIdentity { pid: 0, start_ticks: 0, boot_id: String::new() };
    let up = age(&boot)?.saturating_sub(ago);
    Ok(u64::try_from(up.as_millis()).unwrap_or(u64::MAX) / MILLISECONDS_PER_TICK)
}

/// Whether this very process still runs: same boot, same start time, and not a
/// zombie.
pub fn is_same_and_alive(process: &ProcessIdentity) -> bool {
    is_this_boot(process)
        && Stat::read(Path::new(PROC), process.pid)
            .is_some_and(|stat| stat.start_ticks == process.start_ticks && stat.is_alive())
}

/// Whether any process with this pid runs. Good for reading a daemon's pid
/// file; never enough to send a signal.
pub fn pid_is_alive(pid: u32) -> bool {
    Stat::read(Path::new(PROC), pid).is_some_and(|stat| stat.is_alive())
}

/// What the live process with this pid is called, as far as the kernel keeps it
/// (`/proc/PID/comm`, 15 bytes).
pub fn program(pid: u32) -> Option<String> {
    Stat::read(Path::new(PROC), pid).filter(Stat::is_alive).map(|stat| stat.name)
}

/// The file that a process executes; `None` if nobody may see it, as only root
/// may another user's.
pub fn program_file(pid: u32) -> Option<String> {
    let path = std::fs::read_link(format!("{PROC}/{pid}/exe")).ok()?;
    let path = path.to_string_lossy().into_owned();
    Some(path.strip_suffix(" (deleted)").map(str::to_owned).unwrap_or(path))
}

/// Whether a process executes this program, whatever its file is called: the same
/// file, or one that is the same byte for byte. `false` if nobody may see that.
pub fn executes_this_program(pid: u32) -> bool {
    let (own, other) = (format!("{PROC}/self/exe"), format!("{PROC}/{pid}/exe"));
    let (Ok(own_file), Ok(other_file)) = (std::fs::metadata(&own), std::fs::metadata(&other)) else { return false };
    let is_one = (own_file.dev(), own_file.ino()) == (other_file.dev(), other_file.ino());
    let are_alike = || own_file.len() == other_file.len() && std::fs::read(&own).ok() == std::fs::read(&other).ok();
    is_one || are_alike()
}

/// The words by which a process was started; none if nobody may see them.
pub fn command_line(pid: u32) -> Vec<String> {
    let bytes = std::fs::read(format!("{PROC}/{pid}/cmdline")).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Whether a process runs in a container: its control group is called by the
/// container's id, 64 hexadecimal digits, as Docker, containerd and Podman do.
pub fn is_in_container(pid: u32) -> bool {
    std::fs::read_to_string(format!("{PROC}/{pid}/cgroup")).is_ok_and(|groups| names_container(&groups))
}

fn names_container(groups: &str) -> bool {
    let mut words = groups.split(|character: char| !character.is_ascii_hexdigit());
    words.any(|word| word.len() == 64)
}

/// Live processes whose name (15 characters in the kernel) begins so, in the
/// tree `proc`, which is `/proc` but for tests.
///
/// # Errors
/// If the tree cannot be read.
pub fn named(proc: &Path, prefix: &str) -> Result<Vec<u32>, ProcessError> {
    let found = processes(proc)?.into_iter().filter(|(_, stat)| stat.is_alive() && stat.name.starts_with(prefix));
    Ok(found.map(|(pid, _)| pid).collect())
}

pub(super) fn is_this_boot(process: &ProcessIdentity) -> bool {
    boot_id().is_ok_and(|boot| boot == process.boot_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let line = "42 (a) (b c) R 1 77 77 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 0 0";
        let stat = Stat::parse(line).unwrap();
        assert_eq!(
            (stat.name.as_str(), stat.state, stat.group, stat.start_ticks, stat.is_alive()),
            ("a) (b c", 'R', 77, 987_654, true)
        );
    }

    #[test]
    fn text_that_is_no_stat_line_is_refused() {
        for text in ["", "42", "42 (a)", "42 (a) R 1", ")("] {
            assert!(Stat::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn this_process_is_itself_and_nobody_with_another_start_or_boot() {
        let me = identity(std::process::id()).unwrap();
        assert!(is_same_and_alive(&me));
        assert!(!is_same_and_alive(&ProcessIdentity { start_ticks: me.start_ticks + 1, ..me.clone() }));
        assert!(!is_same_and_alive(&ProcessIdentity { boot_id: "another".to_owned(), ..me }));
    }

    #[test]
    fn only_live_processes_are_found_by_name() {
        let proc = tempfile::tempdir().unwrap();
        for (pid, name, state) in [(10, "nvidia-cuda-mps", 'S'), (11, "nvidia-cuda-mps", 'Z'), (12, "bash", 'S')] {
            let folder = proc.path().join(pid.to_string());
            std::fs::create_dir_all(&folder).unwrap();
            let stat = format!("{pid} ({name}) {state} 1 {pid} {pid} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0");
            std::fs::write(folder.join("stat"), stat).unwrap();
        }
        assert_eq!(named(proc.path(), "nvidia-cuda-mps").unwrap(), [10]);
    }
}
