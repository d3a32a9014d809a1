//! What the run and what others take of this machine's CPUs.
#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::BTreeMap;
use std::path::Path;

use super::identity::{PROC, Stat, TICK_NS, ancestors, is_in_container, processes};
use crate::record::{CpuTaker, MachineCpu};
use crate::units::Nanos;

/// So many of the others are named, and only who took a twentieth of a CPU.
const NAMED: usize = 3;
const LEAST_NAMED: u64 = 20;
/// What carries the traffic and the output of containers: their names begin so.
const CARRIERS: [&str; 3] = ["dockerd", "docker-proxy", "containerd"];

/// What belongs to the run, beside this process and all that it has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Containers {
    /// No container does.
    AreOthers,
    /// Whatever runs in one, and what carries their traffic.
    AreOurs,
}

/// What the CPUs of this machine have done up to a moment.
#[derive(Clone, Debug)]
pub struct CpuUsage {
    cpus: u32,
    /// Of all CPUs together: `idle` and `iowait`, `irq` and `softirq`.
    idle: Nanos,
    interrupts: Nanos,
    /// Of the run, with the children that are gone: what they did is theirs still.
    own: Nanos,
    /// By pid, each for itself: a parent that waits for a child would seem to have
    /// done in a moment what that did in its life.
    others: BTreeMap<u32, Other>,
}

#[derive(Clone, Debug)]
struct Other {
    name: String,
    /// When it started: its name may change, and its pid be given to another.
    start_ticks: u64,
    ran: Nanos,
}

impl CpuUsage {
    /// Up to now; `None` where the kernel does not tell.
    pub fn now(containers: Containers) -> Option<Self> {
        let proc = Path::new(PROC);
        let text = std::fs::read_to_string(proc.join("stat")).ok()?;
        let (cpus, idle, interrupts) = of_machine(&text)?;
        let table: BTreeMap<u32, Stat> = processes(proc).ok()?.into_iter().collect();
        let here = std::process::id();
        let is_ours = |pid: u32, stat: &Stat| {
            pid == here
                || ancestors(&table, pid).any(|above| above == here)
                || containers == Containers::AreOurs && (carries(&stat.name) || is_in_container(pid))
        };
        let (own, others): (Vec<_>, Vec<_>) = table.iter().partition(|(pid, stat)| is_ours(**pid, stat));
        let own = own.into_iter().fold(Nanos::ZERO, |sum, (_, stat)| sum.plus(stat.ran).plus(stat.reaped));
        let other = |stat: &Stat| Other { name: stat.name.clone(), start_ticks: stat.start_ticks, ran: stat.ran };
        let others = others.into_iter().map(|(pid, stat)| (*pid, other(stat))).collect();
        Some(Self { cpus, idle, interrupts, own, others })
    }

    /// What they did since `then`, `over` so long.
    ///
    /// What others took is what is left of the time of all CPUs: short-lived
    /// processes are in it, and those of other namespaces. The kernel knows
    /// exactly how long a CPU was idle and a process ran, and only by samples
    /// how long a CPU was busy, and with what.
    pub fn since(&self, then: &Self, over_ns: Nanos) -> MachineCpu {
        let all = Nanos(over_ns.0.saturating_mul(self.cpus.into()));
        let idle_ns = self.idle.since(then.idle);
        let interrupts = self.interrupts.since(then.interrupts);
        let others_ns = all.since(idle_ns).since(interrupts).since(self.own.since(then.own));
        MachineCpu { over_ns, cpus: self.cpus, idle_ns, others_ns, most: self.most_since(then, over_ns) }
    }

    fn most_since(&self, then: &Self, over_ns: Nanos) -> Vec<CpuTaker> {
        let took = |(pid, other): (&u32, &Other)| {
            let before = then.others.get(pid).filter(|before| before.start_ticks == other.start_ticks);
            let before = before.map_or(Nanos::ZERO, |before| before.ran);
            CpuTaker { pid: *pid, program: other.name.clone(), ran_ns: other.ran.since(before) }
        };
        let mut most: Vec<CpuTaker> =
            self.others.iter().map(took).filter(|taker| taker.ran_ns.0 > over_ns.0 / LEAST_NAMED).collect();
        most.sort_by_key(|taker| (std::cmp::Reverse(taker.ran_ns), taker.pid));
        most.truncate(NAMED);
        most
    }
}

fn carries(name: &str) -> bool {
    CARRIERS.iter().any(|start| name.starts_with(start))
}

/// How many CPUs there are, and their idle and interrupt time together; see
/// `proc_stat(5)`. `None` where all is zero: that is no account.
fn of_machine(text: &str) -> Option<(u32, Nanos, Nanos)> {
    let lines = || text.lines().filter(|line| line.starts_with("cpu"));
    let ticks: Vec<u64> =
        lines().next()?.split_ascii_whitespace().skip(1).map_while(|ticks| ticks.parse().ok()).collect();
    let [_user, _nice, _system, idle, iowait, irq, softirq, ..] = ticks[..] else { return None };
    let cpus = u32::try_from(lines().count().checked_sub(1)?).ok().filter(|cpus| *cpus > 0)?;
    let length = |ticks: u64| Nanos(ticks.saturating_mul(TICK_NS));
    (ticks.iter().any(|ticks| *ticks > 0)).then(|| (cpus, length(idle + iowait), length(irq + softirq)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Nanos {
        Nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn what_is_left_of_all_cpus_was_taken_by_others() {
        let others = |loops: &[(u32, &str, u64, u64)]| {
            let other = |name: &str, start_ticks, ran| Other { name: name.to_owned(), start_ticks, ran: seconds(ran) };
            loops.iter().map(|(pid, name, start, ran)| (*pid, other(name, *start, *ran))).collect::<BTreeMap<_, _>>()
        };
        let then = CpuUsage {
            cpus: 4,
            idle: seconds(1_000),
            interrupts: seconds(3),
            own: seconds(50),
            others: others(&[(7, "kworker/0:1-mm", 1, 100), (8, "cron", 1, 40), (9, "sh", 1, 400)]),
        };
        let now = CpuUsage {
            cpus: 4,
            idle: seconds(1_010),
            interrupts: seconds(4),
            own: seconds(59),
            // Another process may have come by the number of one that is gone.
            others: others(&[(7, "kworker/0:1-rcu", 1, 110), (8, "cron", 1, 40), (9, "sh", 2, 8)]),
        };
        let found = now.since(&then, seconds(10));
        insta::assert_snapshot!(serde_json::to_string(&found).unwrap(), @r#"{"over_ns":10000000000,"cpus":4,"idle_ns":10000000000,"others_ns":20000000000,"most":[{"pid":7,"program":"kworker/0:1-rcu","ran_ns":10000000000},{"pid":9,"program":"sh","ran_ns":8000000000}]}"#);
        assert!((found.others() - 2.0).abs() < 1e-9 && (found.idle() - 0.25).abs() < 1e-9);
    }

    #[test]
    fn an_account_of_nothing_is_none() {
        let machine = "cpu  10 1 5 100 20 1 2 3 0 0\ncpu0 5 0 2 50 10 0 1 1 0 0\ncpu1 5 1 3 50 10 1 1 2 0 0\nintr 5\n";
        assert_eq!(of_machine(machine), Some((2, Nanos(1_200_000_000), Nanos(30_000_000))));
        for text in
            ["", "cpu  1 2 3\ncpu0 1 2 3\n", "cpu  0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0\n", "cpu  1 1 1 1 1 1 1\n"]
        {
            assert_eq!(of_machine(text), None, "{text}");
        }
    }

    #[test]
    fn this_process_is_our_own_and_its_parent_is_not() {
        let usage = || CpuUsage::now(Containers::AreOthers).unwrap();
        // Looking itself takes time, and sooner or later a whole tick.
        while usage().own == Nanos::ZERO {}
        let usage = usage();
        assert!(!usage.others.contains_key(&std::process::id()) && usage.others.contains_key(&1));
    }

    #[test]
    fn a_child_that_is_gone_counts_for_the_run_and_never_for_the_other_who_waited_for_it() {
        let stat = |name: &str, pid: u32| {
            let text = format!("{pid} ({name}) S 1 1 1 0 -1 0 0 0 0 0 20 10 700 300 20 0 1 0 5 0 0");
            Stat::parse(&text).map(|stat| (stat.ran, stat.reaped))
        };
        assert_eq!(stat("cargo", 7), Some((Nanos(300_000_000), seconds(10))));
    }
}
