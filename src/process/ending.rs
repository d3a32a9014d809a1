use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, sleep};

use super::identity::is_same_and_alive;
use super::{ForcedShutdown, ProcessError, needs_sudo};
use crate::record::ProcessIdentity;
use crate::signal::StopSignal;

/// How long killing may take. What forks faster than that is reported.
const KILL_WAIT: Duration = Duration::from_secs(10);
/// The same once `sudo` was asked to do it.
const SUDO_WAIT: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(10);

/// Sends `signal` once to each that `find` finds, and waits at most `grace`
/// until it finds none, or until there is haste.
///
/// # Errors
/// If they cannot be looked for.
pub(super) async fn ask(
    find: impl Fn() -> Result<Vec<ProcessIdentity>, ProcessError>,
    signal: StopSignal,
    grace: Duration,
    forced: &ForcedShutdown,
) -> Result<(), ProcessError> {
    for process in find()? {
        send(&process, signal);
    }
    let gone = async {
        while !find()?.is_empty() {
            sleep(POLL).await;
        }
        Ok(())
    };
    tokio::select! {
        gone = gone => gone,
        () = sleep(grace) => Ok(()),
        () = forced.raised() => Ok(()),
    }
}

/// Kills all that `find` finds, again and again until it finds none.
///
/// # Errors
/// If they cannot be looked for, or some are alive after ten seconds.
pub(super) async fn kill(find: impl Fn() -> Result<Vec<ProcessIdentity>, ProcessError>) -> Result<(), ProcessError> {
    let mut killing = Killing::begin();
    loop {
        let found = find()?;
        if found.is_empty() {
            return Ok(());
        }
        killing.kill(&found)?;
        // Without a pause, or what forks all the time is always one ahead.
        tokio::task::yield_now().await;
    }
}

/// How long killing goes on, and whether other rights were tried.
pub(super) struct Killing {
    deadline: Instant,
    has_asked_sudo: bool,
}

impl Killing {
    pub(super) fn begin() -> Self {
        Self { deadline: Instant::now() + KILL_WAIT, has_asked_sudo: false }
    }

    /// Kills these; those that are somebody else's, once through `sudo -n`.
    ///
    /// # Errors
    /// [`ProcessError::Immortal`] if they have had their time.
    pub(super) fn kill(&mut self, found: &[ProcessIdentity]) -> Result<(), ProcessError> {
        if Instant::now() >= self.deadline {
            return Err(ProcessError::Immortal { processes: found.to_owned() });
        }
        let refused: Vec<&ProcessIdentity> = found.iter().filter(|process| !send(process, StopSignal::Kill)).collect();
        if !refused.is_empty() && !self.has_asked_sudo {
            self.has_asked_sudo = true;
            kill_through_sudo(&refused);
            self.deadline = self.deadline.min(Instant::now() + SUDO_WAIT);
        }
        Ok(())
    }
}

/// What it says is of no use: whoever is alive afterwards is told.
fn kill_through_sudo(processes: &[&ProcessIdentity]) {
    let same = processes.iter().filter(|process| is_same_and_alive(process));
    let pids = same.map(|process| process.pid.to_string());
    let argv: Vec<String> = ["-n", "kill", "-KILL", "--"].into_iter().map(str::to_owned).chain(pids).collect();
    if needs_sudo() {
        let _ = duct::cmd("sudo", argv).stdin_null().stdout_null().stderr_null().run();
    }
}

/// The descriptor pins the process before its identity is compared, so the
/// signal cannot reach a later owner of the number. Says `false` where the
/// process is somebody else's, who does not take it.
pub(super) fn send(process: &ProcessIdentity, signal: StopSignal) -> bool {
    let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else { return true };
    let signal = match signal {
        StopSignal::Term => Signal::TERM,
        StopSignal::Int => Signal::INT,
        StopSignal::Kill => Signal::KILL,
    };
    if let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty())
        && is_same_and_alive(process)
    {
        return pidfd_send_signal(descriptor, signal) != Err(Errno::PERM);
    }
    true
}
