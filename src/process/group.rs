use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::time::{Instant, sleep};

use super::identity::{PROC, ProcessError, Stat, is_this_boot, processes};
use crate::record::ProcessIdentity;
use crate::signal::StopSignal;

/// How long the kernel may take to carry out SIGKILL.
const KILL_WAIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// With whose rights a group is signalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Our own.
    Own,
    /// Through `sudo -n kill`.
    Sudo,
}

/// How a process group ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It was gone already.
    Before,
    /// After the first signal.
    BySignal,
    /// After SIGKILL.
    ByKill,
}

/// The live members of the group that this process leads or led, by pid.
///
/// Empty if its pid is somebody else by now. While any member lives, the
/// kernel gives the group's number to no new process; so members without
/// their leader are still ours.
///
/// # Errors
/// If `/proc` cannot be read.
pub fn group_members(process: &ProcessIdentity) -> Result<Vec<u32>, ProcessError> {
    let taken_over =
        Stat::read(Path::new(PROC), process.pid).is_some_and(|stat| stat.start_ticks != process.start_ticks);
    if taken_over || !is_this_boot(process) {
        return Ok(Vec::new());
    }
    let members = processes(Path::new(PROC))?.into_iter().filter(|(_, stat)| stat.group == process.pid);
    Ok(members.filter(|(_, stat)| stat.is_alive()).map(|(pid, _)| pid).collect())
}

/// Sends a signal to the group of this very process; does nothing if the group
/// is empty or the pid belongs to somebody else.
///
/// # Errors
/// If the kernel refuses.
pub fn signal_group(process: &ProcessIdentity, signal: StopSignal, rights: Rights) -> Result<(), ProcessError> {
    if group_members(process)?.is_empty() {
        return Ok(());
    }
    let result = match rights {
        Rights::Own => send(process.pid, signal),
        Rights::Sudo => send_through_sudo(process.pid, signal),
    };
    result.map_err(|source| ProcessError::Signal { signal, group: process.pid, source })
}

fn send(group: u32, signal: StopSignal) -> std::io::Result<()> {
    // Group 0 would be our own and 1 everything: neither can be a child's.
    let Some(group) = i32::try_from(group).ok().filter(|group| *group > 1).and_then(Pid::from_raw) else {
        return Ok(());
    };
    let signal = match signal {
        StopSignal::Term => Signal::TERM,
        StopSignal::Int => Signal::INT,
        StopSignal::Kill => Signal::KILL,
    };
    match kill_process_group(group, signal) {
        Err(error) if error != rustix::io::Errno::SRCH => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn send_through_sudo(group: u32, signal: StopSignal) -> std::io::Result<()> {
    let name = match signal {
        StopSignal::Term => "-TERM",
        StopSignal::Int => "-INT",
        StopSignal::Kill => "-KILL",
    };
    let target = format!("-{group}");
    duct::cmd("sudo", ["-n", "kill", name, "--", &target]).stdin_null().stdout_null().stderr_null().run()?;
    Ok(())
}

/// Sends `signal` to the group, waits at most `grace` until it is empty, then
/// sends SIGKILL; returns only when no member is left.
///
/// # Errors
/// If a signal is refused or a member survives.
pub async fn stop_group(
    process: &ProcessIdentity,
    signal: StopSignal,
    grace: Duration,
    rights: Rights,
) -> Result<Stopped, ProcessError> {
    if group_members(process)?.is_empty() {
        return Ok(Stopped::Before);
    }
    signal_group(process, signal, rights)?;
    if is_empty_within(process, grace).await? {
        return Ok(Stopped::BySignal);
    }
    signal_group(process, StopSignal::Kill, rights)?;
    if is_empty_within(process, KILL_WAIT).await? {
        return Ok(Stopped::ByKill);
    }
    Err(ProcessError::Survived { group: process.pid, pids: group_members(process)? })
}

async fn is_empty_within(process: &ProcessIdentity, length: Duration) -> Result<bool, ProcessError> {
    let deadline = Instant::now() + length;
    loop {
        if group_members(process)?.is_empty() {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;

    use super::*;
    use crate::process::{identity, is_same_and_alive};

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a real process to spare and to stop")]
    async fn a_pid_that_is_somebody_else_by_now_is_spared() {
        let mut child = std::process::Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
        let sleeper = identity(child.id()).unwrap();
        let stop = async |process: &ProcessIdentity| {
            stop_group(process, StopSignal::Term, Duration::from_secs(20), Rights::Own).await.unwrap()
        };
        let earlier = ProcessIdentity { start_ticks: sleeper.start_ticks - 1, ..sleeper.clone() };
        let other_boot = ProcessIdentity { boot_id: "another".to_owned(), ..sleeper.clone() };
        assert_eq!((stop(&earlier).await, stop(&other_boot).await), (Stopped::Before, Stopped::Before));
        assert!(is_same_and_alive(&sleeper));
        assert_eq!((stop(&sleeper).await, stop(&sleeper).await), (Stopped::BySignal, Stopped::Before));
        child.wait().unwrap();
    }
}
