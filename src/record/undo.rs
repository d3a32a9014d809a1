use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::signal::StopSignal;

/// How an effect on the machine is taken back. Plain data: a later process can
/// do it from a journal. Doing it twice, or without the effect having
/// happened, does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Undo {
    /// Stops a process group of ours.
    StopProcess {
        /// What it is, for people.
        label: String,
        /// Who it is; `None` until it has been started.
        process: Option<ProcessIdentity>,
        /// What `RUNEXP_SERVER` holds in its environment: by this it is found
        /// where nobody could write down who it is, and what of it has left its
        /// group.
        mark: String,
        /// The first signal.
        signal: StopSignal,
        /// SIGKILL follows after this many milliseconds.
        grace_ms: u64,
    },
    /// Runs a command.
    Command {
        /// What it takes back, for people.
        label: String,
        /// Program and arguments.
        argv: Vec<String>,
        /// Added to the environment.
        env: IndexMap<String, String>,
        /// Working directory.
        dir: Option<PathBuf>,
        /// Whether it runs through `sudo -n`.
        privileged: bool,
    },
    /// `docker compose down` for a project of ours, without volumes.
    ComposeDown {
        /// The Compose file.
        file: PathBuf,
        /// The project's name, private to this run.
        project: String,
        /// Added to the environment.
        env: IndexMap<String, String>,
        /// Whether it runs through `sudo -n`.
        #[serde(default)]
        privileged: bool,
    },
    /// `quit` on a pipe directory of ours.
    QuitMps {
        /// The control program.
        control: String,
        /// The private pipe directory.
        pipe_dir: PathBuf,
        /// Whether it runs through `sudo -n`.
        privileged: bool,
    },
    /// Sends an HTTP request. The answer 404 says that the effect is gone.
    Request {
        /// What it takes back, for people.
        label: String,
        /// Its method.
        method: String,
        /// Where to; without user info, which nobody may read in a journal.
        url: String,
        /// Its body.
        json: serde_json::Value,
    },
    /// Ends processes that were alive when everything had been taken back.
    EndProcesses {
        /// They.
        processes: Vec<Leftover>,
        /// Whether they are of the run.
        certainty: Certainty,
    },
    /// Removes a folder of ours and what is in it.
    RemoveDir {
        /// Which.
        path: PathBuf,
    },
}

/// Who a process is: a pid alone may be somebody else by tomorrow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Its pid, which is also its process group.
    pub pid: u32,
    /// Field 22 of `/proc/PID/stat`: clock ticks after boot.
    pub start_ticks: u64,
    /// The boot it belongs to.
    pub boot_id: String,
}

/// A process that is alive although nobody of its run should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Who it is.
    #[serde(flatten)]
    pub process: ProcessIdentity,
    /// The number of the user as whom it runs.
    pub user: u32,
    /// What it is called.
    pub program: String,
}

/// How surely a process is of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The run has started it.
    Ours,
    /// It may have; so a person has to say.
    Possible,
}

/// How everything that a run starts is held together: the best means that the
/// machine has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Containment {
    /// A control group of version 2.
    Cgroup {
        /// Its folder.
        path: PathBuf,
    },
    /// Orphans become our children (`PR_SET_CHILD_SUBREAPER`).
    Subreaper,
    /// Process groups and marks in the environment alone.
    ProcessGroup,
}

/// An undo on the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoEntry {
    /// Its number; later ones are undone first.
    pub sequence: u32,
    /// What is taken back.
    pub undo: Undo,
}

/// How far an undo is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UndoState {
    /// Registered before the effect.
    Intent,
    /// The effect has happened.
    Done,
    /// Taken back.
    Undone,
    /// Given up by a person: nobody takes it back any more.
    GivenUp,
    /// Could not be taken back.
    Failed {
        /// Why, and what a person can do.
        reason: String,
    },
}
