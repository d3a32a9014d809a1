#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::ending::{ask, kill};
use super::identity::{PROC, Stat, boot_id, processes};
use super::{ForcedShutdown, ProcessError, Rights, Trace, needs_sudo, stop_group};
use crate::record::ProcessIdentity;
use crate::signal::StopSignal;

/// In the environment of everything that a run starts: the run's id.
pub const RUN_MARK: &str = "RUNEXP_RUN";
/// In the environment of a server and of everything that it starts: the run's
/// id and the server's label.
pub const SERVER_MARK: &str = "RUNEXP_SERVER";

/// What [`SERVER_MARK`] holds for a server.
pub fn server_mark(run_id: &str, label: &str) -> String {
    format!("{run_id}/{label}")
}

/// Live processes that began with `name=value` in their environment, however
/// far they have moved from their parents; see `proc_pid_environ(5)`. Those
/// that we may not look into are left out.
///
/// # Errors
/// If `/proc` cannot be read.
pub fn marked(name: &str, value: &str) -> Result<Vec<ProcessIdentity>, ProcessError> {
    let found = with_mark(name, value)?;
    let boot_id = boot_id()?;
    let identity =
        |(pid, stat): (u32, Stat)| ProcessIdentity { pid, start_ticks: stat.start_ticks, boot_id: boot_id.clone() };
    Ok(found.into_iter().map(identity).collect())
}

/// Stops every process with this mark: `signal`, then SIGKILL after `grace`.
///
/// # Errors
/// If they cannot be looked for, or some are alive even so.
pub async fn stop_marked(
    name: &str,
    value: &str,
    signal: StopSignal,
    grace: Duration,
    forced: &ForcedShutdown,
) -> Result<(), ProcessError> {
    ask(|| marked(name, value), signal, grace, forced).await?;
    kill(|| marked(name, value)).await
}

/// Kills the commands of a run that have not ended, before what they were about
/// to do is undone; through `sudo -n` those that run by it. `servers` are none
/// of them.
///
/// # Errors
/// If they cannot be looked for, or some are alive even so.
pub async fn end_unfinished(run_id: &str, trace: &Trace, servers: &[u32]) -> Result<(), ProcessError> {
    for command in unfinished_commands(run_id, trace, servers)? {
        let stopped = stop_group(&command, StopSignal::Kill, Duration::ZERO, Rights::Own).await;
        if matches!(stopped, Err(ProcessError::Signal { .. })) && needs_sudo() {
            stop_group(&command, StopSignal::Kill, Duration::ZERO, Rights::Sudo).await?;
        } else {
            stopped?;
        }
    }
    Ok(())
}

/// Commands of a run that have not ended: each leads a process group, as we
/// start them, and no session, as a daemon would. Servers are none of them.
fn unfinished_commands(run_id: &str, trace: &Trace, servers: &[u32]) -> Result<Vec<ProcessIdentity>, ProcessError> {
    let boot_id = boot_id()?;
    let table: BTreeMap<u32, Stat> = processes(Path::new(PROC))?.into_iter().collect();
    let mut found = trace.known.find(&table);
    found.extend(with_mark(RUN_MARK, run_id)?.into_iter().map(|(pid, _)| pid));
    let is_command = |pid: u32, stat: &Stat| {
        let is_server = servers.contains(&pid) || is_server(pid);
        stat.is_alive() && stat.group == pid && stat.session != pid && !is_server
    };
    let commands = found.into_iter().filter_map(|pid| Some((pid, table.get(&pid)?)));
    Ok(commands
        .filter(|(pid, stat)| is_command(*pid, stat))
        .map(|(pid, stat)| ProcessIdentity { pid, start_ticks: stat.start_ticks, boot_id: boot_id.clone() })
        .collect())
}

fn with_mark(name: &str, value: &str) -> Result<Vec<(u32, Stat)>, ProcessError> {
    let entry = format!("{name}={value}");
    let found = processes(Path::new(PROC))?.into_iter().filter(|(_, stat)| stat.is_alive());
    Ok(found.filter(|(pid, _)| environment(*pid).any(|variable| variable == entry.as_bytes())).collect())
}

fn is_server(pid: u32) -> bool {
    let start = format!("{SERVER_MARK}=");
    environment(pid).any(|variable| variable.starts_with(start.as_bytes()))
}

pub(super) fn environment(pid: u32) -> impl Iterator<Item = Vec<u8>> {
    let bytes = std::fs::read(Path::new(PROC).join(pid.to_string()).join("environ")).unwrap_or_default();
    let variables: Vec<Vec<u8>> = bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    variables.into_iter()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_found_by_its_mark_and_a_server_is_no_unfinished_command() {
        let run = format!("mark-test-{}", std::process::id());
        let sleeper = |server: Option<&str>| {
            let mut command = Command::new("sleep");
            command.arg("1000").env(RUN_MARK, &run).process_group(0);
            if let Some(mark) = server {
                command.env(SERVER_MARK, mark);
            }
            command.spawn().unwrap()
        };
        let mark = server_mark(&run, "s[0]");
        let mut children = [sleeper(None), sleeper(Some(&mark))];
        let [command, server] = [children[0].id(), children[1].id()];
        let pids = |found: Vec<ProcessIdentity>| {
            let mut pids: Vec<u32> = found.into_iter().map(|process| process.pid).collect();
            pids.sort_unstable();
            pids
        };
        let mut both = vec![command, server];
        both.sort_unstable();
        assert_eq!(pids(marked(RUN_MARK, &run).unwrap()), both);
        assert_eq!(pids(marked(SERVER_MARK, &mark).unwrap()), [server]);
        assert_eq!(pids(unfinished_commands(&run, &Trace::default(), &[]).unwrap()), [command]);
        assert!(marked(RUN_MARK, &run[1..]).unwrap().is_empty());
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
