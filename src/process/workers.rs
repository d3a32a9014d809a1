#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::ending::send;
use super::identity::{PROC, ProcessError, Stat, ancestors, boot_id, processes};
use crate::record::ProcessIdentity;
use crate::signal::StopSignal;

/// The live processes that the one which listens on `port` has started, of a
/// server that began with the process `first` (a shell may stand before the one
/// that listens). None if it computes itself.
///
/// # Errors
/// If `/proc` cannot be read.
pub fn workers(first: &ProcessIdentity, port: u16) -> Result<Vec<ProcessIdentity>, ProcessError> {
    let proc = Path::new(PROC);
    let table: BTreeMap<u32, Stat> = processes(proc)?.into_iter().filter(|(_, stat)| stat.is_alive()).collect();
    let below = |pid: u32| -> BTreeSet<u32> {
        table.keys().copied().filter(|other| ancestors(&table, *other).any(|above| above == pid)).collect()
    };
    let own: Vec<u32> = [first.pid].into_iter().chain(below(first.pid)).collect();
    let sockets = listening(proc, port);
    let listening: BTreeSet<u32> = own.into_iter().filter(|pid| holds(proc, *pid, &sockets)).collect();
    // What a process that listens has forked may hold its socket too.
    let is_below_another = |pid: u32| ancestors(&table, pid).any(|above| listening.contains(&above));
    let server = listening.iter().copied().find(|pid| !is_below_another(*pid)).unwrap_or(first.pid);
    let boot_id = boot_id()?;
    let identity = |pid| {
        let start_ticks = table.get(&pid)?.start_ticks;
        Some(ProcessIdentity { pid, start_ticks, boot_id: boot_id.clone() })
    };
    Ok(below(server).into_iter().filter_map(identity).collect())
}

/// Sends a signal to each of these very processes.
pub fn signal_each(processes: &[ProcessIdentity], signal: StopSignal) {
    for process in processes {
        send(process, signal);
    }
}

/// The sockets that listen on this port; see `proc_net_tcp(5)`.
fn listening(proc: &Path, port: u16) -> BTreeSet<String> {
    let tables = ["net/tcp", "net/tcp6"].map(|name| std::fs::read_to_string(proc.join(name)).unwrap_or_default());
    tables.iter().flat_map(|table| table.lines()).filter_map(|line| socket_on(line, port)).collect()
}

/// `socket:[INODE]` of a line of that table, if it listens there.
fn socket_on(line: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (_, own) = fields.get(1)?.rsplit_once(':')?;
    let is_it = u16::from_str_radix(own, 16) == Ok(port) && fields.get(3) == Some(&LISTEN);
    is_it.then(|| Some(format!("socket:[{}]", fields.get(9)?)))?
}

fn holds(proc: &Path, pid: u32, sockets: &BTreeSet<String>) -> bool {
    let descriptors = std::fs::read_dir(proc.join(pid.to_string()).join("fd"));
    let mut targets =
        descriptors.into_iter().flatten().flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.any(|target| target.to_str().is_some_and(|target| sockets.contains(target)))
}

#[cfg(test)]
mod tests {
    use super::socket_on;

    #[test]
    fn a_socket_is_found_by_the_port_it_listens_on() {
        let listens = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4711 1 0 100";
        let connected = listens.replace(" 0A ", " 01 ");
        assert_eq!(socket_on(listens, 8080).as_deref(), Some("socket:[4711]"));
        assert_eq!(
            [socket_on(listens, 8081), socket_on(&connected, 8080), socket_on("  sl  local_address", 8080)],
            [None, None, None]
        );
    }
}
