#![expect(clippy::disallowed_methods, reason = "finds a folder for sockets, reads a pid file")]

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;

use super::clients::is_of_a_daemon;
use super::{LOG_VARIABLE, MpsError, PIPE_VARIABLE};
use crate::process::{CommandError, Privileged};
use crate::record::{Fact, Undo};
use crate::scenario::MpsStep;
use crate::step::{Attempt, Performed, StepContext, StepError};
use crate::text::with_causes;

const PID_FILE: &str = "nvidia-cuda-mps-control.pid";
/// `sun_path` holds 108 bytes with its final zero (unix(7)); the daemon puts
/// names like `/control_privileged` behind the folder.
const LONGEST_FOLDER: usize = 80;
const POLL: Duration = Duration::from_millis(50);

/// Last registered, first undone: the daemon leaves before its folder goes.
pub(super) fn undos(control: &str, privileged: bool, context: &StepContext<'_>) -> Vec<Undo> {
    let pipe_dir = pipe_dir(context);
    vec![
        Undo::RemoveDir { path: pipe_dir.clone() },
        Undo::QuitMps { control: control.to_owned(), pipe_dir, privileged },
    ]
}

/// To start the daemon, to ask it, and to ask it when it is taken back.
pub(super) fn commands(mps: &MpsStep, context: &StepContext<'_>) -> Vec<Privileged> {
    let (control, env) = (mps.control.as_str(), environment(mps, context));
    let undo_env = env.iter().take(1).map(|(name, value)| (name.clone(), value.clone())).collect();
    let ask = vec![control.to_owned()];
    [(daemon(control), env.clone()), (ask.clone(), env), (ask, undo_env)]
        .map(|(argv, env)| Privileged { argv, env, dir: context.dir.to_owned() })
        .to_vec()
}

fn daemon(control: &str) -> Vec<String> {
    vec![control.to_owned(), "-d".to_owned()]
}

/// The pipe directory comes first.
fn environment(mps: &MpsStep, context: &StepContext<'_>) -> IndexMap<String, String> {
    let folders = [
        (PIPE_VARIABLE.to_owned(), pipe_dir(context).to_string_lossy().into_owned()),
        (LOG_VARIABLE.to_owned(), log_dir(context).to_string_lossy().into_owned()),
    ];
    let gpus = (context.gpus)().map_or(1, |gpus| gpus.len());
    folders.into_iter().chain(mps.limits(gpus)).collect()
}

fn log_dir(context: &StepContext<'_>) -> PathBuf {
    context.run_dir.join("mps-log")
}

pub(super) async fn perform(mps: &MpsStep, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
    let control = mps.control.as_str();
    let pipe_dir = pipe_dir(attempt.context);
    make_private(&pipe_dir)?;
    make_private(&log_dir(attempt.context))?;
    let server_env = environment(mps, attempt.context);
    attempt.command(&daemon(control), &server_env, attempt.context.dir, None).await.map_err(|error| match error {
        CommandError::NotFound { program } if program == control => MpsError::Missing { control: program }.into(),
        other => StepError::from(other),
    })?;
    wait_for_answer(control, &server_env, attempt).await?;
    if let Some(wanted) = mps.active_thread_percentage {
        check_share(control, &server_env, attempt, wanted).await?;
    }
    let mut facts = vec![Fact::new("mps_pipe_directory", pipe_dir.to_string_lossy())];
    let pid = std::fs::read_to_string(pipe_dir.join(PID_FILE)).ok();
    facts.extend(mps.limits(1).into_iter().map(|(name, value)| Fact::new(&name, value)));
    facts.extend(pid.map(|pid| Fact::new("mps_control_pid", pid.trim())));
    Ok(Performed { facts, server_env })
}

/// The daemon took the share of threads from its environment.
async fn check_share(
    control: &str,
    env: &IndexMap<String, String>,
    attempt: &Attempt<'_>,
    wanted: u32,
) -> Result<(), StepError> {
    let (argv, question) = ([control.to_owned()], "get_default_active_thread_percentage\n");
    let answer = attempt.command(&argv, env, attempt.context.dir, Some(question)).await?;
    let found = answer.trim().to_owned();
    let is_as_told = found.parse::<f64>().is_ok_and(|found| (found - f64::from(wanted)).abs() < 0.5);
    if is_as_told { Ok(()) } else { Err(MpsError::Limit { found, wanted }.into()) }
}

/// The daemon is there when it answers; that its starter has ended says little.
async fn wait_for_answer(
    control: &str,
    env: &IndexMap<String, String>,
    attempt: &Attempt<'_>,
) -> Result<(), StepError> {
    let argv = [control.to_owned()];
    loop {
        let last = match attempt.command(&argv, env, attempt.context.dir, Some("get_server_list\n")).await {
            Ok(output) if is_of_a_daemon(&output) => return Ok(()),
            Ok(output) => output.trim().to_owned(),
            Err(CommandError::Cancelled { .. }) => return Err(StepError::Cancelled),
            Err(error) => with_causes(&error),
        };
        if attempt.limit.is_over() {
            return Err(MpsError::Silent { within: attempt.limit.within(), last }.into());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Under the run's folder where the path is short enough for a socket.
fn pipe_dir(context: &StepContext<'_>) -> PathBuf {
    let own = context.run_dir.join("mps");
    if own.as_os_str().len() <= LONGEST_FOLDER {
        return own;
    }
    let base = std::env::var("XDG_RUNTIME_DIR").ok().map(PathBuf::from).filter(|base| base.is_dir());
    let name = format!("runexp-{}", context.run_id);
    let short = base.map(|base| base.join(&name)).filter(|path| path.as_os_str().len() <= LONGEST_FOLDER);
    short.unwrap_or_else(|| Path::new("/tmp").join(name))
}

/// Makes a folder that only its owner may enter. One that is there already
/// must be such a folder: `/tmp` is open to everybody.
fn make_private(path: &Path) -> Result<(), MpsError> {
    let failed = |source| MpsError::Folder { path: path.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let metadata = path.symlink_metadata().map_err(failed)?;
            let is_ours = metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o777 == 0o700;
            if metadata.is_dir() && is_ours { Ok(()) } else { Err(failed(error)) }
        }
        other => other.map_err(failed),
    }
}
