#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::{WaitOptions, getpid, set_child_subreaper, wait};
use tokio::time::sleep;

use super::ending::{Killing, ask};
use super::identity::{PROC, Stat, ancestors, boot_id, is_same_and_alive, processes};
use super::{ForcedShutdown, ProcessError, RUN_MARK, Trace, cgroup, marked};
use crate::record::{Containment, Leftover, ProcessIdentity};
use crate::signal::StopSignal;

/// How long what is left may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
const QUIET_LOOKS: u32 = 3;
const POLL: Duration = Duration::from_millis(10);

/// Sees to it that nothing this process starts can leave it unnoticed, by the
/// best means there are, and says which.
pub fn contain(run_id: &str) -> Containment {
    let is_subreaper = set_child_subreaper(Some(getpid())).is_ok();
    match cgroup::enter(run_id) {
        Ok(path) => Containment::Cgroup { path },
        Err(_) if is_subreaper => Containment::Subreaper,
        Err(_) => Containment::ProcessGroup,
    }
}

/// Gives up what [`contain`] made for this process, or what another left.
///
/// # Errors
/// If somebody is still in there.
pub fn release(containment: &Containment) -> io::Result<()> {
    match containment {
        Containment::Cgroup { path } => cgroup::leave(path).and_then(|()| cgroup::remove(path)),
        Containment::Subreaper | Containment::ProcessGroup => Ok(()),
    }
}

/// What of a run is alive although nobody should be.
#[derive(Clone, Copy, Debug)]
pub struct LeftoverSearch<'a> {
    /// The run.
    pub run_id: &'a str,
    /// How it was held together.
    pub containment: &'a Containment,
    /// Children of this process that are no business of the run, and what they
    /// started.
    pub spared: &'a [ProcessIdentity],
    /// What else tells its processes, where nobody of it is left to be their
    /// parent.
    pub trace: Option<&'a Trace>,
}

impl LeftoverSearch<'_> {
    /// Ends them all, however often they have forked: SIGTERM, SIGKILL after
    /// two seconds.
    ///
    /// # Errors
    /// If they cannot be looked for, or some are alive even so.
    pub async fn end(&self, forced: &ForcedShutdown) -> Result<(), ProcessError> {
        ask(|| self.find(), StopSignal::Term, GRACE, forced).await?;
        if let Containment::Cgroup { path } = self.containment {
            cgroup::kill(path);
        }
        self.kill().await
    }

    /// Kills our own children until there are none: the children of a killed
    /// one become ours, and to look there is faster than to fork. Then looks
    /// everywhere.
    async fn kill(&self) -> Result<(), ProcessError> {
        let (mut killing, mut quiet_looks) = (Killing::begin(), 0);
        while quiet_looks < QUIET_LOOKS {
            let mut found = self.own_children()?;
            // One that died meanwhile may have left a child of its own.
            let is_quiet = found.is_empty() && !bury();
            if is_quiet {
                found = self.find()?;
            }
            killing.kill(&found)?;
            if is_quiet && found.is_empty() {
                quiet_looks += 1;
                sleep(POLL).await;
            } else {
                quiet_looks = 0;
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Who else may be of the run, though nothing tells it for certain.
    ///
    /// # Errors
    /// If they cannot be looked for.
    pub fn possible(&self) -> Result<Vec<Leftover>, ProcessError> {
        let Some(trace) = self.trace else { return Ok(Vec::new()) };
        let certain = self.find()?;
        let table: BTreeMap<u32, Stat> = processes(Path::new(PROC))?.into_iter().collect();
        let own = std::process::id();
        let mut found = trace.possible(&table);
        found.retain(|leftover| {
            let pid = leftover.process.pid;
            let is_around = pid == own
                || ancestors(&table, own).any(|above| above == pid)
                || ancestors(&table, pid).any(|above| above == own);
            !is_around && !certain.contains(&leftover.process)
        });
        Ok(found)
    }

    fn own_children(&self) -> Result<Vec<ProcessIdentity>, ProcessError> {
        let mut found = children()?;
        found.retain(|process| !self.spared.contains(process));
        Ok(found)
    }

    /// Our descendants, what is in the run's control group, what bears the run's
    /// mark, what its trace tells, and what all these have started; never
    /// ourselves or those who started us.
    ///
    /// # Errors
    /// If they cannot be looked for.
    pub fn find(&self) -> Result<Vec<ProcessIdentity>, ProcessError> {
        let table: BTreeMap<u32, Stat> = processes(Path::new(PROC))?.into_iter().collect();
        let (boot_id, own) = (boot_id()?, std::process::id());
        let spared: BTreeSet<u32> =
            self.spared.iter().filter(|process| is_same_and_alive(process)).map(|process| process.pid).collect();
        let above: BTreeSet<u32> = ancestors(&table, own).chain([own]).collect();
        let mut found: BTreeSet<u32> = marked(RUN_MARK, self.run_id)?.into_iter().map(|process| process.pid).collect();
        found.extend(table.keys().filter(|pid| {
            let line: Vec<u32> = ancestors(&table, **pid).collect();
            line.contains(&own) && !line.iter().chain([*pid]).any(|ancestor| spared.contains(ancestor))
        }));
        if let Containment::Cgroup { path } = self.containment {
            found.extend(cgroup::members(path));
        }
        if let Some(trace) = self.trace {
            found.extend(trace.find(&table));
            let ours: BTreeSet<u32> = found.difference(&above).copied().collect();
            found.extend(table.keys().filter(|pid| ancestors(&table, **pid).any(|ancestor| ours.contains(&ancestor))));
        }
        let live = found.difference(&above).filter_map(|pid| Some((*pid, table.get(pid)?)));
        Ok(live
            .filter(|(_, stat)| stat.is_alive())
            .map(|(pid, stat)| ProcessIdentity { pid, start_ticks: stat.start_ticks, boot_id: boot_id.clone() })
            .collect())
    }
}

/// The live children of this process, now.
///
/// # Errors
/// If `/proc` cannot be read.
pub fn children() -> Result<Vec<ProcessIdentity>, ProcessError> {
    let threads = Path::new("/proc/self/task");
    let entries =
        std::fs::read_dir(threads).map_err(|source| ProcessError::Read { path: threads.to_owned(), source })?;
    let lists = entries.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let boot_id = boot_id()?;
    let live = |pid: u32| {
        let stat = Stat::read(Path::new(PROC), pid).filter(Stat::is_alive)?;
        Some(ProcessIdentity { pid, start_ticks: stat.start_ticks, boot_id: boot_id.clone() })
    };
    Ok(lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| live(pid.parse().ok()?)).collect::<Vec<_>>())
        .collect())
}

/// Takes our dead children out of the process table; says whether there were
/// any. Nobody waits for them: this is the end of a run.
fn bury() -> bool {
    let dead = std::iter::from_fn(|| wait(WaitOptions::NOHANG).ok().flatten());
    dead.count() > 0
}
