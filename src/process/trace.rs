#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::identity::{PROC, Stat, boot_id};
use super::mark::environment;
use super::{Known, RUN_MARK};
use crate::record::{Leftover, ProcessIdentity};

/// A look, and whoever begins while it is under way, in clock ticks.
const LOOK: u64 = 50;
/// So long after the last look the run may have lived.
const LAST: u64 = 200;

/// By what processes of a run are told whose parents, group, session and
/// environment say nothing.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// From looks while the run lived.
    pub known: Known,
    /// When the run began, in clock ticks after this boot; `None` if it did not
    /// begin in it, or nobody knows.
    pub started_ticks: Option<u64>,
    /// When its processes were last looked at, the same way.
    pub looked_ticks: Option<u64>,
    /// What its processes write into.
    pub logs: Option<PathBuf>,
    /// The folders in which its processes were started.
    pub folders: Vec<PathBuf>,
    /// Processes that hold memory of a GPU.
    pub on_gpu: BTreeSet<u32>,
}

impl Trace {
    /// When this process began, for a run that begins with it.
    pub fn started_ticks() -> Option<u64> {
        Some(Stat::read(Path::new(PROC), std::process::id())?.start_ticks)
    }

    /// Those that are of the run for certain: seen while it lived, in a session
    /// or group of such a one, or writing into its logs, which nobody else was
    /// given.
    pub(super) fn find(&self, table: &BTreeMap<u32, Stat>) -> BTreeSet<u32> {
        let mut found = self.known.find(table);
        if let Some(logs) = &self.logs {
            found.extend(self.since_start(table).filter(|(pid, _)| writes_into(*pid, logs)).map(|(pid, _)| pid));
        }
        found
    }

    /// Those that may be of the run: begun since it was last looked at, or they
    /// were known; left by their parents; no service of the system's; marked by
    /// no other run. Of this user's, those in a folder of the run or in none or
    /// on a GPU; of another's, those begun when the run may still have lived.
    pub(super) fn possible(&self, table: &BTreeMap<u32, Stat>) -> Vec<Leftover> {
        let Ok(boot_id) = boot_id() else { return Vec::new() };
        let may_be = |pid: u32, stat: &Stat| {
            stat.is_alive()
                && is_orphan(table, stat)
                && !is_service(pid)
                && !is_of_another_run(pid)
                && stat.start_ticks >= self.looked_ticks.unwrap_or_default().saturating_sub(LOOK)
        };
        let found = self.since_start(table).filter(|(pid, stat)| may_be(*pid, stat));
        let all = found.map(|(pid, stat)| {
            let process = ProcessIdentity { pid, start_ticks: stat.start_ticks, boot_id: boot_id.clone() };
            leftover(process, &stat.name)
        });
        all.filter(|leftover| self.is_near(leftover)).collect()
    }

    fn is_near(&self, leftover: &Leftover) -> bool {
        let ProcessIdentity { pid, start_ticks, .. } = leftover.process;
        let is_own = leftover.user == rustix::process::geteuid().as_raw();
        let is_in_time = self.looked_ticks.is_some_and(|looked| start_ticks <= looked + LAST);
        self.on_gpu.contains(&pid) || if is_own { self.is_at_home(pid) } else { is_in_time }
    }

    fn since_start<'t>(&self, table: &'t BTreeMap<u32, Stat>) -> impl Iterator<Item = (u32, &'t Stat)> {
        let started = self.started_ticks.unwrap_or(u64::MAX);
        table.iter().filter(move |(_, stat)| stat.start_ticks >= started).map(|(pid, stat)| (*pid, stat))
    }

    /// A daemon goes to `/`. Where another user's is, nobody may see.
    fn is_at_home(&self, pid: u32) -> bool {
        let folder = fs::read_link(format!("{PROC}/{pid}/cwd"));
        folder.is_ok_and(|folder| folder == Path::new("/") || self.folders.iter().any(|own| folder.starts_with(own)))
    }
}

/// What a person is told of a process.
pub(super) fn leftover(process: ProcessIdentity, program: &str) -> Leftover {
    let user = fs::metadata(format!("{PROC}/{}", process.pid)).map(|metadata| metadata.uid()).unwrap_or_default();
    Leftover { user, program: program.to_owned(), process }
}

/// Whether the parent is the one that takes orphans.
fn is_orphan(table: &BTreeMap<u32, Stat>, stat: &Stat) -> bool {
    stat.parent == 1 || table.get(&stat.parent).is_some_and(|parent| parent.name == "systemd")
}

/// Whether `systemd` runs it as a service of the machine's.
fn is_service(pid: u32) -> bool {
    let groups = fs::read_to_string(format!("{PROC}/{pid}/cgroup")).unwrap_or_default();
    groups.lines().any(|line| line.contains("/system.slice/") && line.contains(".service"))
}

fn is_of_another_run(pid: u32) -> bool {
    let mark = format!("{RUN_MARK}=");
    environment(pid).any(|variable| variable.starts_with(mark.as_bytes()))
}

/// Whether a process has a file of this folder open as the run hands them out:
/// to append to.
fn writes_into(pid: u32, logs: &Path) -> bool {
    let files = fs::read_dir(format!("{PROC}/{pid}/fd")).into_iter().flatten().flatten();
    let mut in_logs = files.filter(|file| fs::read_link(file.path()).is_ok_and(|path| path.starts_with(logs)));
    in_logs.any(|file| is_to_append(pid, &file.file_name().to_string_lossy()))
}

fn is_to_append(pid: u32, descriptor: &str) -> bool {
    let told = fs::read_to_string(format!("{PROC}/{pid}/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = told.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok()).unwrap_or_default();
    flags & OFlags::APPEND.bits() != 0
}
