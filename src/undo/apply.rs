use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use super::request::RequestError;
use super::{mps, request};
use crate::process::{Command, CommandError, Limit, ProcessError, Rights, compose, container_ids, stop_group};
use crate::record::Undo;
use crate::units::Period;

const COMMAND_LIMIT: Period = Period::from_secs(60);

/// An effect could not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// A process group did not end.
    #[error("`{label}` was not stopped: {source}")]
    Process {
        /// What it is.
        label: String,
        /// Why.
        source: ProcessError,
    },
    /// A command failed.
    #[error("`{label}` was not undone: {source}")]
    Command {
        /// What was to be taken back.
        label: String,
        /// Why.
        source: CommandError,
    },
    /// A request failed.
    #[error("`{label}` was not undone: {source}")]
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
    /// A folder could not be removed.
    #[error("`{path}` could not be removed: {source}", path = path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Takes one effect back and checks that it is gone. Doing it twice, or when
/// the effect never happened, does no harm. Output of commands goes to `log`.
///
/// # Errors
/// If the effect is still there, or nobody can tell.
pub async fn apply(undo: &Undo, log: &Path) -> Result<(), UndoError> {
    match undo {
        Undo::StopProcess { process: None, .. } => Ok(()),
        Undo::StopProcess { label, process: Some(process), signal, grace_ms } => {
            match stop_group(process, *signal, Duration::from_millis(*grace_ms), Rights::Own).await {
                Ok(_) => Ok(()),
                Err(source) => Err(UndoError::Process { label: label.clone(), source }),
            }
        }
        Undo::Command { label, argv, env, dir, privileged } => {
            let call = Call { env, dir: dir.as_deref(), privileged: *privileged, input: None, log };
            call.run(argv).await.map_err(|source| UndoError::Command { label: label.clone(), source })?;
            Ok(())
        }
        Undo::ComposeDown { file, project, env } => compose_down(file, project, env, log).await,
        Undo::QuitMps { control, pipe_dir, privileged } => mps::quit(control, pipe_dir, *privileged, log).await,
        Undo::Request { label, method, url, json } => {
            request::send(method, url, json).await.map_err(|source| UndoError::Request { label: label.clone(), source })
        }
        Undo::RemoveDir { path } => match std::fs::remove_dir_all(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(UndoError::Folder { path: path.clone(), source })
            }
            Ok(()) | Err(_) => Ok(()),
        },
    }
}

/// How a command of an undo is run. An undo is never cancelled: what stops a
/// run is just what makes it necessary.
pub(super) struct Call<'a> {
    pub(super) env: &'a IndexMap<String, String>,
    pub(super) dir: Option<&'a Path>,
    pub(super) privileged: bool,
    pub(super) input: Option<&'a str>,
    pub(super) log: &'a Path,
}

impl Call<'_> {
    pub(super) async fn run(&self, argv: &[String]) -> Result<String, CommandError> {
        let Self { env, dir, privileged, input, log } = *self;
        let limit = Limit::from_now(COMMAND_LIMIT);
        Command { argv, env, dir, privileged, input, limit, log }.run(&CancellationToken::new()).await
    }
}

/// Volumes stay: they may hold models that took hours to fetch.
async fn compose_down(file: &Path, project: &str, env: &IndexMap<String, String>, log: &Path) -> Result<(), UndoError> {
    let call = Call { env, dir: None, privileged: false, input: None, log };
    let failed = |source| UndoError::Command { label: format!("docker compose up ({project})"), source };
    call.run(&compose(project, file, &["down", "--timeout", "5"])).await.map_err(failed)?;
    let left = call.run(&compose(project, file, &["ps", "-a", "-q"])).await.map_err(failed)?;
    let containers = container_ids(&left);
    if containers.is_empty() {
        return Ok(());
    }
    Err(UndoError::ContainersLeft { project: project.to_owned(), containers })
}
