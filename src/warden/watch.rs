use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{getpid, set_child_subreaper};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::channel::{Above, SIGNALS};
use super::cleanup::{CleanedUp, Cleanup, WardenError};
use super::look::Look;
use crate::journal::StateFolder;
use crate::names::RunId;
use crate::process::{self, ForcedShutdown, RUN_MARK};
use crate::text::Redaction;

/// How the process that does the work ends when it panics.
const PANICKED: i32 = 101;
/// How long leaving at once may take.
const LEAVING: Duration = Duration::from_secs(5);
/// How often what the run has started is looked at. It is little work: a few
/// files for each process of the run.
const LOOK: Duration = Duration::from_millis(250);

/// How a run that was watched ended.
#[derive(Debug)]
pub enum Ended {
    /// By itself, with this exit code.
    Exited(i32),
    /// It died, and what it left was undone.
    Died {
        /// By what, in words.
        how: String,
        /// What undoing it came to.
        done: CleanedUp,
    },
    /// It died or had to be killed, and a person did not want to wait for more.
    Left {
        /// By what, in words.
        how: String,
    },
}

/// Starts this program again with `arguments` to do the work, passes on every
/// signal, and undoes what it leaves when it dies.
///
/// The work is done in a process group of its own, so that Ctrl-C reaches only
/// this process, and in the same session, so that the right to use `sudo` that
/// was got on this terminal holds. A terminal set to `tostop` would stop it.
/// Its standard input is a channel from here: what comes through is a byte for
/// each signal, and its end tells that this process is dead. Through it comes the
/// host's lock, which this process holds too until the run is over.
///
/// # Errors
/// If the process cannot be started or waited for, or its journal cannot be had.
pub fn watch(
    arguments: &[OsString],
    run: &RunId,
    told: &dyn Fn(&str),
    secrets: &dyn Fn() -> Arc<Redaction>,
) -> Result<Ended, WardenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(host("start the runtime"))?.block_on(async {
        // Without it, orphans are found by their control group or their mark.
        let _ = set_child_subreaper(Some(getpid()));
        let spared = process::children()?;
        let mut signals = Signals::listen().map_err(host("listen for signals"))?;
        let (mut above, below) = Above::open().map_err(host("start itself"))?;
        let mut runner = start(arguments, run, below).map_err(host("start itself"))?;
        let look = Look::at(run, &spared);
        match forward(&mut runner, &mut above, &mut signals, look).await.map_err(host("wait for itself"))? {
            None => Ok(Ended::Left { how: "it did not answer the third signal".to_owned() }),
            Some(status) => {
                if let Some(code) = status.code().filter(|code| *code != PANICKED) {
                    return Ok(Ended::Exited(code));
                }
                // Held until all is undone.
                let _lock = above.lock();
                let (forced, redaction) = (ForcedShutdown::default(), secrets());
                let cleanup = Cleanup { run, spared: &spared, forced: &forced, on_gpu: &[], redaction: &redaction };
                clean_up(&cleanup, signals, status.to_string(), told).await
            }
        }
    })
}

fn host(what: &'static str) -> impl FnOnce(io::Error) -> WardenError {
    move |source| WardenError::Host { what, source }
}

fn start(arguments: &[OsString], run: &RunId, below: Stdio) -> io::Result<Child> {
    // The link names the program that runs, even when another has taken its
    // place on the disk.
    Command::new("/proc/self/exe")
        .arg0("runexp")
        .args(arguments)
        .env(RUN_MARK, run.as_str())
        .stdin(below)
        .process_group(0)
        .spawn()
}

/// Passes on every signal until the process that does the work has ended. If
/// it does not even do so on the third, it is killed, and the answer is `None`.
async fn forward(
    runner: &mut Child,
    above: &mut Above,
    signals: &mut Signals,
    mut look: Look<'_>,
) -> io::Result<Option<ExitStatus>> {
    let (mut patience, mut deadline) = (3, None);
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            status = runner.wait() => return status.map(Some),
            _ = ticks.tick() => look.look(),
            () = above.listen() => {}
            (_, byte) = signals.next(), if patience > 0 => {
                patience -= 1;
                above.pass(byte);
                deadline = (patience == 0).then(|| Instant::now() + LEAVING);
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                runner.kill().await?;
                return Ok(None);
            }
        }
    }
}

/// The second signal makes it quick, the third leaves.
async fn clean_up(
    cleanup: &Cleanup<'_>,
    mut signals: Signals,
    how: String,
    told: &dyn Fn(&str),
) -> Result<Ended, WardenError> {
    told(&format!("the run died ({how}): undoing everything"));
    let state = StateFolder::open()?;
    let mut work = std::pin::pin!(cleanup.take_over(&state));
    for number in 1.. {
        tokio::select! {
            done = &mut work => return Ok(Ended::Died { how, done: done? }),
            (name, _) = signals.next() => match number {
                1 => told(&format!("{name}: undoing everything already")),
                2 => {
                    told(&format!("{name}: undoing everything in haste"));
                    cleanup.forced.raise();
                }
                _ => break,
            }
        }
    }
    Ok(Ended::Left { how })
}

struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn next(&mut self) -> (&'static str, u8) {
        let [interrupt, terminate, hangup] = &mut self.0;
        let which = tokio::select! {
            _ = interrupt.recv() => 0,
            _ = terminate.recv() => 1,
            _ = hangup.recv() => 2,
        };
        SIGNALS[which]
    }
}
