use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::names::RunId;
use crate::trust::Distrust;

/// The state folder, a journal or a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Nobody says where the folder is.
    #[error("there is no folder for undo journals: `HOME`, `XDG_STATE_HOME` and `RUNEXP_STATE_DIR` are not set")]
    Nowhere,
    /// The folder belongs to somebody else, or others may enter it.
    #[error("`{path}` is not private to this user ({why}); what an undo journal says is executed", path = path.display())]
    NotPrivate {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Somebody else could put another in its place.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// The file system says no.
    #[error("failed to {verb} `{path}`", path = path.display())]
    Io {
        /// What was tried: `read`, `create`.
        verb: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There would be no open files left to undo anything.
    #[error("too few files can be opened to undo in the end what the run would do")]
    TooFewFiles {
        /// Why.
        source: io::Error,
    },
    /// A newer program wrote it.
    #[error(
        "the undo journal `{path}` has version {found}, and this runexp reads up to {known}; use a newer runexp",
        path = path.display()
    )]
    Newer {
        /// Which journal.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// Somebody else has the lock.
    #[error("{what} is in use by {holder}")]
    Locked {
        /// `this host`, `GPU-…`.
        what: String,
        /// Who has it.
        holder: Holder,
    },
    /// Somebody has the host's lock who is no run.
    #[error("the lock of this host is held by {holder}, who is no run of runexp")]
    Squatted {
        /// Who has it.
        holder: Holder,
        /// Its pid, if it can be seen.
        pid: Option<u32>,
    },
    /// Earlier runs have not been undone.
    #[error("what an earlier run changed has not been undone: {}", list(runs))]
    Dirty {
        /// They, oldest first.
        runs: Vec<RunId>,
    },
}

impl StateError {
    /// What a person can do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Dirty { runs } => Some(runs.first().map_or_else(String::new, |run| format!("runexp cleanup {run}"))),
            Self::Distrust(doubt) => Some(doubt.help()),
            Self::NotPrivate { path, .. } => Some(format!("chmod 700 {}, as its owner", path.display())),
            Self::Squatted { pid: Some(pid), .. } => {
                Some(format!("end it, as its user or as root: `kill {pid}`; root may run all the same"))
            }
            Self::TooFewFiles { .. } => Some("allow more open files: `ulimit -n 1024`".to_owned()),
            Self::Nowhere | Self::Io { .. } | Self::Newer { .. } | Self::Locked { .. } | Self::Squatted { .. } => None,
        }
    }

    pub(super) fn io(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { verb, path, source }
    }
}

/// Who has a lock, as far as the lock tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder(pub Option<String>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(holder) => f.write_str(holder),
            None => f.write_str("another run"),
        }
    }
}

fn list(runs: &[RunId]) -> String {
    runs.iter().map(|run| format!("`{run}`")).collect::<Vec<_>>().join(", ")
}
