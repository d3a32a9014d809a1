#![expect(clippy::disallowed_methods, reason = "reads the pid file of a daemon")]

use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::time::sleep;

use super::UndoError;
use super::apply::Call;
use crate::process::{Haste, Limit, named, pid_is_alive};
use crate::units::Period;

const DEFAULT_PIPE_DIR: &str = "/tmp/nvidia-mps";
const PID_FILE: &str = "nvidia-cuda-mps-control.pid";
const QUIT_LIMIT: Period = Period::from_secs(20);
/// The kernel keeps this many characters of a program's name.
const KERNEL_NAME: usize = 15;
const POLL: Duration = Duration::from_millis(20);

/// Sends `quit` to the daemon of a private pipe directory and waits until it
/// is gone. Does nothing where there is no daemon.
pub(super) async fn quit(
    control: &str,
    pipe_dir: &Path,
    privileged: bool,
    log: &Path,
    haste: &Haste,
) -> Result<(), UndoError> {
    if pipe_dir == Path::new(DEFAULT_PIPE_DIR) {
        return Err(UndoError::SharedMps { path: pipe_dir.to_owned() });
    }
    let Some(pid) = daemon(control, pipe_dir) else { return Ok(()) };
    let directory = pipe_dir.to_string_lossy().into_owned();
    let env = IndexMap::from([("CUDA_MPS_PIPE_DIRECTORY".to_owned(), directory)]);
    let call = Call { env: &env, dir: None, privileged, input: Some("quit\n"), log, haste };
    let said = call.run(&[control.to_owned()]).await;
    let limit = Limit::from_now(QUIT_LIMIT);
    let is_gone = haste.bound(async |cancel| {
        // A failed `quit` changes nothing by waiting.
        while pid_is_alive(pid) && !limit.is_over() && said.is_ok() && !cancel.is_cancelled() {
            sleep(POLL).await;
        }
        !pid_is_alive(pid)
    });
    if is_gone.await {
        return Ok(());
    }
    let reason = said.err().map(|error| format!(": {error}")).unwrap_or_default();
    Err(UndoError::MpsAlive { pid, reason })
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

    #[tokio::test]
    async fn the_daemon_of_everybody_is_never_quit() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let refused =
            quit("nvidia-cuda-mps-control", Path::new("/tmp/nvidia-mps/"), false, &log, &Haste::default()).await;
        insta::assert_snapshot!(refused.unwrap_err(), @"`/tmp/nvidia-mps/` is the default MPS pipe directory, which is never ours to quit");
        assert!(!log.exists());
    }

    #[tokio::test]
    async fn an_old_pid_file_does_not_make_somebody_else_the_daemon() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PID_FILE), std::process::id().to_string()).unwrap();
        let log = folder.path().join("log");
        quit("nvidia-cuda-mps-control", folder.path(), false, &log, &Haste::default()).await.unwrap();
        assert!(!log.exists());
    }
}
