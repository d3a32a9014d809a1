use std::io;
use std::path::PathBuf;

use crate::loopback::LoopbackError;

/// The machine could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// There is no place for a private folder.
    #[error("failed to make the folder `{path}`, which `TMPDIR` may name elsewhere", path = path.display())]
    Scratch {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The load driver could not be tried out.
    #[error(transparent)]
    Loopback(#[from] LoopbackError),
    /// No request was answered in time on this machine's own loopback.
    #[error("a server on loopback answered no request within a second; stop what else is running, and try again")]
    NoAnswer,
}
