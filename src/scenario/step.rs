//! Steps: what is done to the machine before and after measuring.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Period, Share};

/// One step, resolved: every template rendered, `when` already decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepSpec {
    /// What the author calls it; the kind if not named.
    pub name: String,
    /// What it does.
    pub kind: StepKind,
    /// It is stopped, and has failed, after this time.
    pub timeout: Period,
    /// How often it is tried again after a failure.
    pub retries: u32,
    /// What its failure means for the run.
    pub on_error: OnError,
    /// Whether its command runs through `sudo -n`.
    pub privileged: bool,
}

/// What a failed step means for the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// The run ends, after teardown.
    #[default]
    Fail,
    /// It is recorded and the run goes on.
    Warn,
}

/// The kinds of step. Each is one key in a `[[setup]]` table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// One command, without a shell.
    Run(RunStep),
    /// A line for `sh -c`.
    Shell(ShellStep),
    /// Waits until something answers.
    Wait(WaitStep),
    /// One HTTP request.
    Http(HttpStep),
    /// Drops the kernel's page cache.
    DropCaches(DropCachesStep),
    /// Demands free memory.
    MemoryAvailable(MemoryAvailableStep),
    /// The CUDA Multi-Process Service.
    Mps(MpsStep),
    /// Docker Compose services.
    Compose(ComposeStep),
    /// Does nothing for a while.
    Sleep(Period),
}

impl StepKind {
    /// The key that selects this kind in a scenario.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Shell(_) => "shell",
            Self::Wait(_) => "wait",
            Self::Http(_) => "http",
            Self::DropCaches(_) => "drop_caches",
            Self::MemoryAvailable(_) => "memory_available",
            Self::Mps(_) => "mps",
            Self::Compose(_) => "compose",
            Self::Sleep(_) => "sleep",
        }
    }
}

/// `run = ["cmd", "arg"]` or `run = { argv = […], undo = […] }`: one command,
/// never through a shell.
///
/// Checked: exit status 0, then `check` if given. Undone by: `undo`, if given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunStep {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Added to the environment.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// Working directory; the scenario's folder if not given.
    #[serde(default)]
    pub dir: Option<PathBuf>,
    /// A command that proves the effect by exit status 0.
    #[serde(default)]
    pub check: Option<Vec<String>>,
    /// The command that takes the effect back.
    #[serde(default)]
    pub undo: Option<Vec<String>>,
}

/// `shell = "…"` or `shell = { script = "…", undo = "…" }`: a line for `sh -c`.
///
/// Checked: exit status 0. Undone by: `undo`, if given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShellStep {
    /// The script.
    pub script: String,
    /// Added to the environment.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// The script that takes the effect back.
    #[serde(default)]
    pub undo: Option<String>,
}

/// `wait = { http = "http://…" }`: waits, at most the step's timeout, until
/// something answers. Exactly one of the fields is given. Nothing to undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitStep {
    /// A URL that must answer with a 2xx status.
    #[serde(default)]
    pub http: Option<String>,
    /// `host:port` that must accept a TCP connection.
    #[serde(default)]
    pub tcp: Option<String>,
    /// A path that must exist.
    #[serde(default)]
    pub file: Option<PathBuf>,
}

/// `http = { url = "…", … }`: one request.
///
/// Checked: the status (any 2xx if not given). Nothing to undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpStep {
    /// Where to.
    pub url: String,
    /// The method; GET if not given, POST with a body.
    #[serde(default)]
    pub method: Option<String>,
    /// Sent as JSON.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// The status it must answer with.
    #[serde(default)]
    pub status: Option<u16>,
}

/// `drop_caches = { level = "pagecache" }`: writes to
/// `/proc/sys/vm/drop_caches` after `sync`. Needs root, or `privileged = true`.
///
/// Checked: `Cached` in `/proc/meminfo` before and after is recorded, and must
/// not have grown. Nothing to undo: a cache fills again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropCachesStep {
    /// What to drop.
    pub level: CacheLevel,
}

/// What `drop_caches` drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheLevel {
    /// File contents (1).
    Pagecache,
    /// Directory entries and inodes (2).
    Slab,
    /// Both (3).
    All,
}

/// `memory_available = { at_least = "70%" }`: fails unless `MemAvailable` is at
/// least this share of `MemTotal`, or this many bytes. Changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryAvailableStep {
    /// The least that must be free.
    pub at_least: MemoryFloor,
}

/// An amount of memory, absolute or relative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryFloor {
    /// A share of all memory, written "70%".
    Share(Share),
    /// An amount, written "8GiB".
    Bytes(Bytes),
}

/// `mps = { action = "start" }`: the CUDA Multi-Process Service.
///
/// `start`: a control daemon with a pipe directory private to this run.
/// Checked: its control socket answers `get_server_list`. Undone by: `quit` on
/// that pipe directory, which never reaches a daemon of somebody else.
/// `absent`: fails if the servers' environment could reach any daemon; changes
/// nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MpsStep {
    /// Start it, or prove that there is none.
    pub action: MpsAction,
    /// The control program.
    #[serde(default = "default_mps_control")]
    pub control: String,
}

fn default_mps_control() -> String {
    "nvidia-cuda-mps-control".to_owned()
}

/// What an `mps` step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MpsAction {
    /// Starts a daemon of our own.
    Start,
    /// Proves that no daemon can be reached.
    Absent,
}

/// `compose = { file = "…", services = […] }`: `docker compose up -d --wait`.
///
/// Checked: every service is running (healthy, where it says how to tell).
/// Undone by: `docker compose down`, without removing volumes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComposeStep {
    /// The Compose file.
    pub file: PathBuf,
    /// The services to start; all if empty.
    #[serde(default)]
    pub services: Vec<String>,
    /// Added to the environment of `docker compose`.
    #[serde(default)]
    pub env: IndexMap<String, String>,
}
