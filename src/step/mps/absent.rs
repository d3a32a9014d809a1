#![expect(clippy::disallowed_methods, reason = "reads the environment that servers inherit")]

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::{MpsError, PIPE_VARIABLE};
use crate::process::named;
use crate::step::{Performed, StepError};

const DEFAULT_PIPE_DIR: &str = "/tmp/nvidia-mps";
/// Control daemon and server alike, as far as the kernel keeps their names.
const NAME: &str = "nvidia-cuda-mps";

/// Looks where a client would: in the pipe directory of the environment that
/// servers inherit, in the default one, and at the process list.
pub(super) fn perform() -> Result<Performed, StepError> {
    let inherited = std::env::var(PIPE_VARIABLE).ok().filter(|value| !value.is_empty());
    let mut folders = inherited.map(PathBuf::from).into_iter().chain([PathBuf::from(DEFAULT_PIPE_DIR)]);
    let found = folders.find_map(|folder| answering(&folder));
    let found = match found {
        None => named(Path::new("/proc"), NAME)?.first().map(|pid| format!("process {pid} (`{NAME}…`)")),
        found => found,
    };
    found.map_or_else(|| Ok(Performed::default()), |found| Err(MpsError::Present { found }.into()))
}

/// The socket of a daemon behind this pipe directory. One that a dead daemon
/// left behind refuses.
fn answering(pipe_dir: &Path) -> Option<String> {
    let socket = pipe_dir.join("control");
    UnixStream::connect(&socket).is_ok().then(|| format!("somebody answers on `{}`", socket.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_socket_that_answers_is_a_daemon_and_a_file_left_behind_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(answering(folder.path()), None);
        let socket = folder.path().join("control");
        std::fs::write(&socket, "").unwrap();
        assert_eq!(answering(folder.path()), None);
        std::fs::remove_file(&socket).unwrap();
        let _listener = UnixListener::bind(&socket).unwrap();
        assert_eq!(answering(folder.path()), Some(format!("somebody answers on `{}`", socket.display())));
    }
}
