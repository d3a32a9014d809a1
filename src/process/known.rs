#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ProcessError;
use super::identity::{PROC, Stat, boot_id};
use crate::record::ProcessIdentity;

/// What is known of the processes of a run, from looks while its own lived.
///
/// With it they are found when nobody of the run is left: by pid and start
/// time, and what they have started since by the session and the group that it
/// is still in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    boot_id: String,
    /// Start time by pid, of those alive at the last look.
    processes: BTreeMap<u32, u64>,
    /// The same of all that led a session or a group at any look.
    leaders: BTreeMap<u32, u64>,
}

impl Known {
    /// Looks at what this process has started, but for these and what they have;
    /// says whether there is news.
    ///
    /// # Errors
    /// If the kernel does not say which boot this is.
    pub fn look(&mut self, spared: &[ProcessIdentity]) -> Result<bool, ProcessError> {
        if self.boot_id.is_empty() {
            self.boot_id = boot_id()?;
        }
        let found = descendants(std::process::id(), spared);
        let leads = |(pid, stat): &&(u32, Stat)| stat.session == *pid || stat.group == *pid;
        let leaders: Vec<(u32, u64)> = found.iter().filter(leads).map(|(pid, stat)| (*pid, stat.start_ticks)).collect();
        let processes = found.into_iter().map(|(pid, stat)| (pid, stat.start_ticks)).collect();
        let before = (self.leaders.len(), std::mem::replace(&mut self.processes, processes));
        self.leaders.extend(leaders);
        Ok(before.0 != self.leaders.len() || before.1 != self.processes)
    }

    /// Which of these are of the run. A number is given to nobody else as long
    /// as a session or group has it; so one whose leader is another process by
    /// now is another session.
    pub(super) fn find(&self, table: &BTreeMap<u32, Stat>) -> BTreeSet<u32> {
        if boot_id().ok().as_ref() != Some(&self.boot_id) {
            return BTreeSet::new();
        }
        let is_led = |leader: u32, stat: &Stat| {
            let same = |start: &u64| table.get(&leader).is_none_or(|now| now.start_ticks == *start);
            self.leaders.get(&leader).is_some_and(|start| *start <= stat.start_ticks && same(start))
        };
        let is_ours = |(pid, stat): &(&u32, &Stat)| {
            self.processes.get(pid) == Some(&stat.start_ticks) || is_led(stat.session, stat) || is_led(stat.group, stat)
        };
        table.iter().filter(is_ours).map(|(pid, _)| *pid).collect()
    }
}

/// All that a process has started, and what that has; without the dead.
fn descendants(root: u32, spared: &[ProcessIdentity]) -> Vec<(u32, Stat)> {
    let (mut found, mut left) = (Vec::new(), vec![root]);
    while let Some(parent) = left.pop() {
        for pid in children_of(parent) {
            let is_spared =
                |stat: &Stat| spared.iter().any(|one| one.pid == pid && one.start_ticks == stat.start_ticks);
            if let Some(stat) = Stat::read(Path::new(PROC), pid).filter(|stat| stat.is_alive() && !is_spared(stat)) {
                found.push((pid, stat));
                left.push(pid);
            }
        }
    }
    found
}

/// See `proc_pid_task(5)`: the children of every thread.
pub(super) fn children_of(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("{PROC}/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()).collect()
}
