use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::ending::send;
use super::identity::{PROC, ProcessError, Stat, ancestors, boot_id, processes};
use super::listener::{holds, listening};
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
