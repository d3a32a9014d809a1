#![expect(clippy::disallowed_methods, reason = "reads the pid file of a daemon")]

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::time::sleep;

use super::apply::Call;
use super::{UndoError, UndoLog};
use crate::process::{CommandError, ForcedShutdown, Limit, named, pid_is_alive, stop_marked};
use crate::signal::StopSignal;
use crate::text::with_causes;
use crate::units::Period;

const DEFAULT_PIPE_DIR: &str = "/tmp/nvidia-mps";
const PIPE_VARIABLE: &str = "CUDA_MPS_PIPE_DIRECTORY";
const PID_FILE: &str = "nvidia-cuda-mps-control.pid";
/// `quit` waits for clients; after so many seconds it ends their servers.
const QUIT: &str = "quit -t 5";
const QUIT_LIMIT: Period = Period::from_secs(20);
/// How long a server may take that its daemon has left behind.
const SERVER_GRACE: Duration = Duration::from_secs(2);
/// The kernel keeps this many characters of a program's name.
const KERNEL_NAME: usize = 15;
const POLL: Duration = Duration::from_millis(20);

/// Takes back the daemon of a private pipe directory, in the order that NVIDIA
/// asks for: `terminate_client` for every client that is left, which spares the
/// others what killing it would do to them, then `quit`; then sees to it that
/// no process of this pipe directory is alive and nobody answers in it. Does
/// nothing where nothing is left. See <https://docs.nvidia.com/deploy/mps/>.
pub(super) async fn quit(pipe_dir: &Path, control: &Control<'_>) -> Result<(), UndoError> {
    if pipe_dir == Path::new(DEFAULT_PIPE_DIR) {
        return Err(UndoError::SharedMps { path: pipe_dir.to_owned() });
    }
    let directory = pipe_dir.to_string_lossy().into_owned();
    let env = IndexMap::from([(PIPE_VARIABLE.to_owned(), directory.clone())]);
    if let Some(pid) = daemon(control.program, pipe_dir) {
        control.terminate_clients(&env).await;
        let said = control.ask(&env, QUIT).await;
        control.wait_for_end(pid, said).await?;
    }
    let ended = stop_marked(PIPE_VARIABLE, &directory, StopSignal::Term, SERVER_GRACE, control.forced).await;
    ended.map_err(|source| UndoError::Process { label: format!("MPS of `{directory}`"), source })?;
    match UnixStream::connect(pipe_dir.join("control")) {
        Ok(_) => Err(UndoError::MpsAnswers { path: pipe_dir.to_owned() }),
        // A socket that a dead daemon left behind refuses.
        Err(_) => Ok(()),
    }
}

/// The program that speaks to a daemon, and how it is run.
#[derive(Clone, Copy)]
pub(super) struct Control<'a> {
    pub(super) program: &'a str,
    pub(super) privileged: bool,
    pub(super) log: &'a UndoLog,
    pub(super) forced: &'a ForcedShutdown,
}

impl Control<'_> {
    async fn ask(&self, env: &IndexMap<String, String>, question: &str) -> Result<String, CommandError> {
        let Self { program, privileged, log, forced } = *self;
        let input = format!("{question}\n");
        let call = Call { env, dir: None, privileged, input: Some(&input), log, forced };
        call.run(&[program.to_owned()]).await
    }

    /// What a daemon does not say or do here, the limit of `quit` makes up for.
    async fn terminate_clients(&self, env: &IndexMap<String, String>) {
        for server in self.pids(env, "get_server_list").await {
            for client in self.pids(env, &format!("get_client_list {server}")).await {
                let _ = self.ask(env, &format!("terminate_client {server} {client}")).await;
            }
        }
    }

    async fn pids(&self, env: &IndexMap<String, String>, question: &str) -> Vec<u32> {
        let answer = self.ask(env, question).await.unwrap_or_default();
        answer.lines().filter_map(|line| line.trim().parse().ok()).collect()
    }

    async fn wait_for_end(&self, pid: u32, said: Result<String, CommandError>) -> Result<(), UndoError> {
        let limit = Limit::from_now(QUIT_LIMIT);
        let is_gone = self.forced.bound(async |cancel| {
            // A failed `quit` changes nothing by waiting.
            while pid_is_alive(pid) && !limit.is_over() && said.is_ok() && !cancel.is_cancelled() {
                sleep(POLL).await;
            }
            !pid_is_alive(pid)
        });
        if is_gone.await {
            return Ok(());
        }
        let reason = said.err().map(|error| format!(": {}", with_causes(&error))).unwrap_or_default();
        Err(UndoError::MpsAlive { pid, reason })
    }
}

/// The live daemon of a pipe directory, by the pid file that it writes there.
/// An old file may name a pid that is somebody else by now, hence the name.
fn daemon(control: &str, pipe_dir: &Path) -> Option<u32> {
    let pid: u32 = std::fs::read_to_string(pipe_dir.join(PID_FILE)).ok()?.trim().parse().ok()?;
    let program = Path::new(control).file_name()?.to_str()?;
    let name: String = program.chars().take(KERNEL_NAME).collect();
    named(Path::new("/proc"), &name).is_ok_and(|pids| pids.contains(&pid)).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control<'a>(log: &'a UndoLog, forced: &'a ForcedShutdown) -> Control<'a> {
        Control { program: "nvidia-cuda-mps-control", privileged: false, log, forced }
    }

    #[tokio::test]
    async fn the_daemon_of_everybody_is_never_quit() {
        let folder = tempfile::tempdir().unwrap();
        let log = UndoLog::from(folder.path().join("log"));
        let refused = quit(Path::new("/tmp/nvidia-mps/"), &control(&log, &ForcedShutdown::default())).await;
        insta::assert_snapshot!(refused.unwrap_err(), @"`/tmp/nvidia-mps/` is the default MPS pipe directory, which is never ours to quit");
        assert!(!folder.path().join("log").exists());
    }

    #[tokio::test]
    async fn an_old_pid_file_does_not_make_somebody_else_the_daemon() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PID_FILE), std::process::id().to_string()).unwrap();
        let log = UndoLog::from(folder.path().join("log"));
        quit(folder.path(), &control(&log, &ForcedShutdown::default())).await.unwrap();
        assert!(!folder.path().join("log").exists());
    }

    #[tokio::test]
    async fn a_server_that_outlived_its_daemon_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            std::process::Command::new("sleep").arg("1000").env(PIPE_VARIABLE, folder.path()).spawn().unwrap();
        let log = UndoLog::from(folder.path().join("log"));
        quit(folder.path(), &control(&log, &ForcedShutdown::default())).await.unwrap();
        assert!(!server.wait().unwrap().success());
    }

    #[tokio::test]
    async fn somebody_who_answers_after_all_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("control")).unwrap();
        let log = UndoLog::from(folder.path().join("log"));
        let left = quit(folder.path(), &control(&log, &ForcedShutdown::default())).await.unwrap_err().to_string();
        let shown = left.replace(folder.path().to_str().unwrap(), "PIPE");
        insta::assert_snapshot!(shown, @"somebody still answers in the MPS pipe directory `PIPE`");
    }
}
