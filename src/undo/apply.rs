use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;

use super::request::RequestError;
use super::{UndoLog, compose, mps, request};
use crate::process::{
    Command, CommandError, ForcedShutdown, Limit, MemoryLog, ProcessError, Rights, SERVER_MARK, end_each,
    is_same_and_alive, stop_group, stop_marked,
};
use crate::record::{Certainty, Leftover, ProcessIdentity, Undo};
use crate::signal::StopSignal;
use crate::units::Period;

const COMMAND_LIMIT: Period = Period::from_secs(60);

/// An effect could not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// A process group did not end.
    #[error("`{label}` was not stopped")]
    Process {
        /// What it is.
        label: String,
        /// Why.
        source: ProcessError,
    },
    /// A command failed.
    #[error("`{label}` was not undone")]
    Command {
        /// What was to be taken back.
        label: String,
        /// Why.
        source: CommandError,
    },
    /// A request failed.
    #[error("`{label}` was not undone")]
    Request {
        /// What was to be taken back.
        label: String,
        /// Why.
        source: RequestError,
    },
    /// Containers are left.
    #[error("Compose project `{project}` still has containers: {containers:?}")]
    ContainersLeft {
        /// The project.
        project: String,
        /// Their ids.
        containers: Vec<String>,
    },
    /// The pipe directory is that of everybody.
    #[error("`{path}` is the default MPS pipe directory, which is never ours to quit", path = path.display())]
    SharedMps {
        /// Which.
        path: PathBuf,
    },
    /// The daemon did not end.
    #[error("the MPS control daemon {pid} did not quit{reason}")]
    MpsAlive {
        /// Its pid.
        pid: u32,
        /// What `quit` said, after a colon; empty if it said nothing.
        reason: String,
    },
    /// The daemon is gone, and yet there is one.
    #[error("somebody still answers in the MPS pipe directory `{path}`", path = path.display())]
    MpsAnswers {
        /// Which.
        path: PathBuf,
    },
    /// Processes of the run could not be ended.
    #[error("what the run has started is still alive: {}", list(processes))]
    Alive {
        /// They.
        processes: Vec<Leftover>,
    },
    /// A folder could not be removed.
    #[error("`{path}` could not be removed", path = path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Takes one effect back and checks that it is gone. Doing it twice, or when
/// the effect never happened, does no harm. Output of commands goes to `log`,
/// if that can be written.
///
/// # Errors
/// If the effect is still there, or nobody can tell.
pub async fn apply(undo: &Undo, log: &UndoLog, forced: &ForcedShutdown) -> Result<(), UndoError> {
    match undo {
        Undo::StopProcess { label, process, mark, signal, grace_ms } => {
            let grace = Duration::from_millis(*grace_ms);
            let stopped = stop(process.as_ref(), mark, *signal, grace, forced).await;
            stopped.map_err(|source| UndoError::Process { label: label.clone(), source })
        }
        Undo::Command { label, argv, env, dir, privileged } => {
            let call = Call { env, dir: dir.as_deref(), privileged: *privileged, input: None, log, forced };
            call.run(argv).await.map_err(|source| UndoError::Command { label: label.clone(), source })?;
            Ok(())
        }
        Undo::ComposeDown { file, project, env, privileged } => {
            let call = Call { env, dir: None, privileged: *privileged, input: None, log, forced };
            compose::down(file, project, &call).await
        }
        Undo::QuitMps { control, pipe_dir, privileged } => {
            let control = mps::Control { program: control, privileged: *privileged, log, forced };
            mps::quit(pipe_dir, &control).await
        }
        Undo::Request { label, method, url, json } => {
            let sent = request::send_in_time(method, url, json, forced).await;
            sent.map_err(|source| UndoError::Request { label: label.clone(), source })
        }
        Undo::EndProcesses { processes, certainty: Certainty::Ours } => end(processes).await,
        // As older journals owe them. Whoever reads the journal looks for such
        // processes anew.
        Undo::EndProcesses { certainty: Certainty::Possible, .. } => Ok(()),
        Undo::RemoveDir { path } => match std::fs::remove_dir_all(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(UndoError::Folder { path: path.clone(), source })
            }
            Ok(()) | Err(_) => Ok(()),
        },
    }
}

/// Ends what is of the run for certain.
async fn end(processes: &[Leftover]) -> Result<(), UndoError> {
    let identities: Vec<ProcessIdentity> = processes.iter().map(|leftover| leftover.process.clone()).collect();
    // Who is alive afterwards is looked for below.
    let _ = end_each(&identities).await;
    let alive = processes.iter().filter(|leftover| is_same_and_alive(&leftover.process));
    let processes: Vec<Leftover> = alive.cloned().collect();
    if processes.is_empty() { Ok(()) } else { Err(UndoError::Alive { processes }) }
}

fn list(processes: &[Leftover]) -> String {
    let told = processes.iter().map(|Leftover { process, user, program }| {
        format!("`{}` (pid {}, user {user})", program.escape_debug(), process.pid)
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Stops a server's group, then what bears its mark: the server itself where
/// nobody could write down who it is, and what of it has left the group.
async fn stop(
    process: Option<&ProcessIdentity>,
    mark: &str,
    signal: StopSignal,
    grace: Duration,
    forced: &ForcedShutdown,
) -> Result<(), ProcessError> {
    if let Some(process) = process {
        stop_in_time(process, signal, grace, forced).await?;
    }
    stop_marked(SERVER_MARK, mark, signal, grace, forced).await
}

async fn stop_in_time(
    process: &ProcessIdentity,
    signal: StopSignal,
    grace: Duration,
    forced: &ForcedShutdown,
) -> Result<(), ProcessError> {
    tokio::select! {
        stopped = stop_group(process, signal, grace, Rights::Own) => stopped.map(|_| ()),
        () = forced.raised() => stop_group(process, StopSignal::Kill, Duration::ZERO, Rights::Own).await.map(|_| ()),
    }
}

/// How a command of an undo is run. What stops a run does not stop it: that is
/// just what makes it necessary.
pub(super) struct Call<'a> {
    pub(super) env: &'a IndexMap<String, String>,
    pub(super) dir: Option<&'a Path>,
    pub(super) privileged: bool,
    pub(super) input: Option<&'a str>,
    pub(super) log: &'a UndoLog,
    pub(super) forced: &'a ForcedShutdown,
}

impl Call<'_> {
    pub(super) async fn run(&self, argv: &[String]) -> Result<String, CommandError> {
        let Self { env, dir, privileged, input, log, forced } = *self;
        let limit = Limit::from_now(COMMAND_LIMIT);
        let run = async |log: &Path| {
            let command = Command { argv, env, dir, privileged, input, limit, log };
            forced.bound(async |cancel| command.run(&cancel).await).await
        };
        let output = match MemoryLog::new() {
            Ok(output) => output,
            Err(source) => match log.first() {
                Some(file) => return run(file).await,
                None => return Err(CommandError::Log { path: PathBuf::from("memory"), source }),
            },
        };
        let done = run(output.path()).await;
        log.keep(&output);
        done
    }
}
