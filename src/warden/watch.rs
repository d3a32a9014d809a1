use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{getpid, set_child_subreaper};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::cleanup::{CleanedUp, Cleanup, WardenError};
use super::look::Look;
use crate::journal::StateFolder;
use crate::names::RunId;
use crate::process::{self, Haste, RUN_MARK};
use crate::record::ProcessIdentity;

/// How the process that does the work ends when it panics.
const PANICKED: i32 = 101;
/// How long leaving at once may take.
const LEAVING: Duration = Duration::from_secs(5);
/// How often what the run has started is looked at. It is little work: a few
/// files for each process of the run.
const LOOK: Duration = Duration::from_millis(250);
const SIGNALS: [(&str, u8); 3] = [("SIGINT", b'I'), ("SIGTERM", b'T'), ("SIGHUP", b'H')];

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
/// Its standard input is a pipe from here: what comes through is a byte for
/// each signal, and its end tells that this process is dead.
///
/// # Errors
/// If the process cannot be started or waited for, or its journal cannot be had.
pub fn watch(arguments: &[OsString], run: &RunId, told: &dyn Fn(&str)) -> Result<Ended, WardenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(host("start the runtime"))?.block_on(async {
        // Without it, orphans are found by their control group or their mark.
        let _ = set_child_subreaper(Some(getpid()));
        let spared = process::children()?;
        let mut signals = Signals::listen().map_err(host("listen for signals"))?;
        let mut runner = start(arguments, run).map_err(host("start itself"))?;
        let pipe = runner.stdin.take();
        let look = Look::at(run, &spared);
        match forward(&mut runner, pipe, &mut signals, look).await.map_err(host("wait for itself"))? {
            None => Ok(Ended::Left { how: "it did not answer the third signal".to_owned() }),
            Some(status) => match status.code().filter(|code| *code != PANICKED) {
                Some(code) => Ok(Ended::Exited(code)),
                None => clean_up(run, &spared, signals, status.to_string(), told).await,
            },
        }
    })
}

fn host(what: &'static str) -> impl FnOnce(io::Error) -> WardenError {
    move |source| WardenError::Host { what, source }
}

fn start(arguments: &[OsString], run: &RunId) -> io::Result<Child> {
    // The link names the program that runs, even when another has taken its
    // place on the disk.
    Command::new("/proc/self/exe")
        .arg0("runexp")
        .args(arguments)
        .env(RUN_MARK, run.as_str())
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// Passes on every signal until the process that does the work has ended. If
/// it does not even do so on the third, it is killed, and the answer is `None`.
async fn forward(
    runner: &mut Child,
    mut pipe: Option<ChildStdin>,
    signals: &mut Signals,
    mut look: Look<'_>,
) -> io::Result<Option<ExitStatus>> {
    let mut patience = 3;
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            status = runner.wait() => return status.map(Some),
            _ = ticks.tick() => look.look(),
            (_, byte) = signals.next(), if patience > 0 => {
                patience -= 1;
                if let Some(pipe) = &mut pipe {
                    // It fails only if the reader is dead, which `wait` tells.
                    let _ = pipe.write_all(&[byte]).await;
                }
            }
            () = sleep(LEAVING), if patience == 0 => {
                runner.kill().await?;
                return Ok(None);
            }
        }
    }
}

/// The second signal makes it quick, the third leaves.
async fn clean_up(
    run: &RunId,
    spared: &[ProcessIdentity],
    mut signals: Signals,
    how: String,
    told: &dyn Fn(&str),
) -> Result<Ended, WardenError> {
    told(&format!("the run died ({how}): undoing everything"));
    let (state, haste) = (StateFolder::open()?, Haste::default());
    let cleanup = Cleanup { state: &state, run, spared, haste: &haste, on_gpu: &[] };
    let mut work = std::pin::pin!(cleanup.take_over());
    for number in 1.. {
        tokio::select! {
            done = &mut work => return Ok(Ended::Died { how, done: done? }),
            (name, _) = signals.next() => match number {
                1 => told(&format!("{name}: undoing everything already")),
                2 => {
                    told(&format!("{name}: undoing everything in haste"));
                    haste.raise();
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

/// The pipe from the process above, as the process that does the work sees it.
#[derive(Debug)]
pub struct FromAbove(pipe::Receiver);

/// What comes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// A signal, by its name.
    Signal(&'static str),
    /// The process above is dead.
    End,
}

impl FromAbove {
    /// Takes it from standard input.
    ///
    /// # Errors
    /// If that is no pipe.
    pub fn open() -> io::Result<Self> {
        let descriptor = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self(pipe::Receiver::from_owned_fd(descriptor)?))
    }

    /// What comes next.
    pub async fn next(&mut self) -> Passed {
        while let Ok(byte) = self.0.read_u8().await {
            if let Some((name, _)) = SIGNALS.iter().find(|(_, known)| *known == byte) {
                return Passed::Signal(name);
            }
        }
        Passed::End
    }
}
