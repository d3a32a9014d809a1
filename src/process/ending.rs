use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, sleep};

use super::identity::is_same_and_alive;
use super::{Haste, ProcessError};
use crate::record::ProcessIdentity;
use crate::signal::StopSignal;

/// How long killing may take. What forks faster than that is reported.
const KILL_WAIT: Duration = Duration::from_secs(10);
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
    haste: &Haste,
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
        () = haste.raised() => Ok(()),
    }
}

/// Kills all that `find` finds, again and again until it finds none.
///
/// # Errors
/// If they cannot be looked for, or some are alive after ten seconds.
pub(super) async fn kill(find: impl Fn() -> Result<Vec<ProcessIdentity>, ProcessError>) -> Result<(), ProcessError> {
    let begun = Instant::now();
    loop {
        let found = find()?;
        if found.is_empty() {
            return Ok(());
        }
        if begun.elapsed() >= KILL_WAIT {
            return Err(ProcessError::Immortal { pids: found.into_iter().map(|process| process.pid).collect() });
        }
        for process in found {
            send(&process, StopSignal::Kill);
        }
        // Without a pause, or what forks all the time is always one ahead.
        tokio::task::yield_now().await;
    }
}

/// The descriptor pins the process before its identity is compared, so the
/// signal cannot reach a later owner of the number.
pub(super) fn send(process: &ProcessIdentity, signal: StopSignal) {
    let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else { return };
    let signal = match signal {
        StopSignal::Term => Signal::TERM,
        StopSignal::Int => Signal::INT,
        StopSignal::Kill => Signal::KILL,
    };
    if let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty())
        && is_same_and_alive(process)
    {
        // Refused where it is not ours; then it is reported as alive.
        let _ = pidfd_send_signal(descriptor, signal);
    }
}
