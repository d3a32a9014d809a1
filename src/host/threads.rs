//! What this process's threads get of the CPU.
#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::RwLock;
use std::thread;

use crate::units::Nanos;

/// Starts so many threads at once, beside one for every CPU, and ends them. What
/// needs threads panics, or waits for ever, where there can be none: a limit of
/// processes (`ulimit -u`) counts them too.
///
/// # Errors
/// If one cannot be started.
pub fn can_start_threads(threads: usize) -> io::Result<()> {
    let cpus = thread::available_parallelism().map_or(1, NonZero::get);
    let gate = RwLock::new(());
    thread::scope(|scope| {
        let shut = gate.write();
        let start = || thread::Builder::new().spawn_scoped(scope, || drop(gate.read())).map(drop);
        let started = (0..threads + cpus).try_for_each(|_| start());
        drop(shut);
        started
    })
}

/// How the names of threads begin that serve a load which is driven from this
/// same process: they are no part of the driver.
pub const SERVING: &str = "serve-";

/// What a thread got of the CPU, and what it waited for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scheduled {
    /// How long it ran.
    pub ran: Nanos,
    /// How long it could have run, and did not: another was on the CPU.
    pub waited: Nanos,
}

/// The living threads of this process at one moment.
#[derive(Clone, Debug)]
pub struct Threads(BTreeMap<u32, Thread>);

#[derive(Clone, Copy, Debug)]
struct Thread {
    serves: bool,
    so_far: Scheduled,
}

impl Threads {
    /// As they are now; `None` where the kernel does not account for them
    /// (`CONFIG_SCHED_INFO`): no file then, or nothing but zeros.
    pub fn now() -> Option<Self> {
        let folders = fs::read_dir("/proc/self/task").ok()?.flatten();
        let threads: BTreeMap<u32, Thread> = folders.filter_map(|folder| thread(&folder.path())).collect();
        threads.values().any(|thread| thread.so_far.ran > Nanos::ZERO).then_some(Self(threads))
    }

    /// What the threads that drive had since `then`, together. A thread that
    /// has ended since is left out, so this may be too little, never too much.
    pub fn driving_since(&self, then: &Self) -> Scheduled {
        self.since(then, false).fold(Scheduled::default(), |sum, one| Scheduled {
            ran: sum.ran.plus(one.ran),
            waited: sum.waited.plus(one.waited),
        })
    }

    /// What the busiest of the [serving](SERVING) threads had since `then`;
    /// `None` if there are none.
    pub fn serving_since(&self, then: &Self) -> Option<Scheduled> {
        self.since(then, true).max_by_key(|one| one.ran.plus(one.waited))
    }

    fn since(&self, then: &Self, serves: bool) -> impl Iterator<Item = Scheduled> {
        self.0.iter().filter(move |(_, thread)| thread.serves == serves).map(|(id, thread)| {
            let before = then.0.get(id).map(|thread| thread.so_far).unwrap_or_default();
            Scheduled { ran: thread.so_far.ran.since(before.ran), waited: thread.so_far.waited.since(before.waited) }
        })
    }
}

/// `schedstat` of a thread: ns on a CPU, ns runnable without one, and how often
/// it came onto one (the kernel's `Documentation/scheduler/sched-stats.rst`).
/// The file of the process, `/proc/self/schedstat`, is that of its first
/// thread alone.
fn thread(folder: &Path) -> Option<(u32, Thread)> {
    let id = folder.file_name()?.to_str()?.parse().ok()?;
    let serves = fs::read_to_string(folder.join("comm")).ok()?.starts_with(SERVING);
    let text = fs::read_to_string(folder.join("schedstat")).ok()?;
    let mut fields = text.split_ascii_whitespace().map(|field| field.parse().map(Nanos));
    let so_far = Scheduled { ran: fields.next()?.ok()?, waited: fields.next()?.ok()? };
    Some((id, Thread { serves, so_far }))
}

/// Lets this thread's sleeps end when they are due. Linux is free to end one up
/// to 50 µs later, to wake several at once (`PR_SET_TIMERSLACK`, prctl(2)).
pub fn wake_when_due() {
    // Where it is refused, sleeps end as late as they did.
    let _late = rustix::thread::set_current_timer_slack(NonZero::new(1));
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Works until it has run for 30 ms, in a thread of this name.
    fn working(name: &str) -> Nanos {
        let (tell, told) = mpsc::channel();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            let then = Threads::now().unwrap();
            let own = || {
                if thread::current().name().unwrap().starts_with(SERVING) {
                    Threads::now().unwrap().serving_since(&then).unwrap()
                } else {
                    Threads::now().unwrap().driving_since(&then)
                }
            };
            while own().ran < Nanos(30_000_000) {}
            tell.send(own().ran).unwrap();
        });
        thread.unwrap().join().unwrap();
        told.recv().unwrap()
    }

    #[test]
    fn threads_can_be_had_here() {
        can_start_threads(4).unwrap();
    }

    #[test]
    fn threads_that_serve_are_told_from_those_that_drive() {
        assert!(working("serve-test") >= Nanos(30_000_000));
        assert!(working("driving-test") >= Nanos(30_000_000));
    }

    #[test]
    fn what_a_thread_did_before_is_not_counted() {
        let then = Threads::now().unwrap();
        assert_eq!(then.driving_since(&then), Scheduled::default());
    }
}
