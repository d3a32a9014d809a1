//! Where tests make a process die: `RUNEXP_FAILPOINT=journal:K:WHO` kills
//! `runner`, `warden` or `both` with SIGKILL right after the K-th undo line of
//! a journal is on disk. Release builds do not have it.

#[cfg(not(debug_assertions))]
pub(super) use absent::Failpoint;
#[cfg(debug_assertions)]
pub(super) use present::Failpoint;

#[cfg(not(debug_assertions))]
mod absent {
    #[derive(Debug, Default)]
    pub(in super::super) struct Failpoint;

    impl Failpoint {
        pub(in super::super) const fn from_environment() -> Self {
            Self
        }

        pub(in super::super) const fn pass(&self) {}
    }
}

#[cfg(debug_assertions)]
mod present {
    use rustix::process::{Pid, Signal, getpid, getppid, kill_process};

    #[derive(Debug, Default)]
    pub(in super::super) struct Failpoint {
        /// Lines to go, and who dies then.
        left: Option<(u32, Vec<Pid>)>,
    }

    impl Failpoint {
        pub(in super::super) fn from_environment() -> Self {
            let value = std::env::var("RUNEXP_FAILPOINT").unwrap_or_default();
            Self { left: value.strip_prefix("journal:").and_then(parse) }
        }

        pub(in super::super) fn pass(&mut self) {
            let Some((left, who)) = &mut self.left else { return };
            *left = left.saturating_sub(1);
            if *left == 0 {
                for pid in who.drain(..) {
                    let _ = kill_process(pid, Signal::KILL);
                }
                self.left = None;
            }
        }
    }

    fn parse(text: &str) -> Option<(u32, Vec<Pid>)> {
        let (line, who) = text.split_once(':')?;
        let who = match who {
            "runner" => vec![getpid()],
            "warden" => vec![getppid()?],
            "both" => vec![getppid()?, getpid()],
            _ => return None,
        };
        Some((line.parse().ok()?, who))
    }
}
