//! Steps that set the machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Rights, ScriptLines, shell};

family! {
    /// The machine's own settings.
    MachineStep in StepKind::Machine {
        /// Drops the kernel's page cache.
        "drop_caches" => DropCaches(DropCachesStep),
        /// The CUDA Multi-Process Service.
        "mps" => Mps(MpsStep),
    }
}

/// Drops the kernel's page cache, so that models are read from disk again:
/// `sync`, then a write to `/proc/sys/vm/drop_caches`.
///
/// # Checks
/// `Cached` in `/proc/meminfo` before and after is recorded, and must not have
/// grown.
///
/// # Undo
/// None: a cache fills again by itself.
///
/// # Rights
/// Root, or `privileged = true`.
///
/// # Example
/// ```toml
/// [[setup]]
/// privileged = true
/// drop_caches = { level = "pagecache" }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropCachesStep {
    /// What to drop.
    pub level: CacheLevel,
}

/// What `drop_caches` drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheLevel {
    /// File contents (1).
    Pagecache,
    /// Directory entries and inodes (2).
    Slab,
    /// Both (3).
    All,
}

impl CacheLevel {
    /// The line for a shell with root's rights; see
    /// `Documentation/admin-guide/sysctl/vm.rst` of the kernel.
    pub fn script(self) -> String {
        let number = match self {
            Self::Pagecache => 1,
            Self::Slab => 2,
            Self::All => 3,
        };
        // Only clean pages can be dropped, hence `sync`.
        format!("sync && echo {number} > /proc/sys/vm/drop_caches")
    }
}

impl Kind for DropCachesStep {
    fn rights(&self) -> Rights {
        Rights::Root
    }

    fn words(&self) -> String {
        format!("sync, then drop the page cache ({:?})", self.level).to_lowercase()
    }

    fn script(&self, rights: Rights) -> ScriptLines {
        let script = self.level.script();
        let perform = match rights {
            Rights::Own | Rights::Root => script,
            Rights::Sudo => format!("{}sh -c {}", shell::sudo(rights), shell::quoted(&script)),
        };
        ScriptLines { perform: vec![perform], ..ScriptLines::default() }
    }
}

/// The CUDA Multi-Process Service: `start` starts a control daemon with a pipe
/// directory private to this run, which every server started after it uses;
/// `absent` proves that there is none, so that "off" means off.
///
/// # Checks
/// `start`: the daemon answers `get_server_list`. `absent`: nothing answers in
/// the pipe directory that servers would use, nor in the default one, and no
/// process of that name is running.
///
/// # Undo
/// `start`: `quit` on the private pipe directory, which never reaches a daemon
/// of somebody else. `absent` changes nothing.
///
/// # Rights
/// Your own; with `privileged = true` the daemon runs as root.
///
/// # Example
/// ```toml
/// [[epoch.setup]]
/// when = "mps == 'on'"
/// mps = { action = "start" }
///
/// [[epoch.setup]]
/// when = "mps == 'off'"
/// mps = { action = "absent" }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MpsAction {
    /// Starts a daemon of our own.
    Start,
    /// Proves that no daemon can be reached.
    Absent,
}

impl Kind for MpsStep {
    fn words(&self) -> String {
        match self.action {
            MpsAction::Start => format!("start {} with a pipe directory of this run", self.control),
            MpsAction::Absent => "prove that no MPS daemon can be reached".to_owned(),
        }
    }

    fn script(&self, rights: Rights) -> ScriptLines {
        match self.action {
            MpsAction::Start => self.start(rights),
            MpsAction::Absent => ScriptLines {
                perform: vec![r#"test -z "$(pgrep nvidia-cuda-mps)""#.to_owned()],
                ..ScriptLines::default()
            },
        }
    }
}

impl MpsStep {
    /// sudo drops the environment, so the daemon's is given again there.
    fn start(&self, rights: Rights) -> ScriptLines {
        let env = r#"env CUDA_MPS_PIPE_DIRECTORY="$CUDA_MPS_PIPE_DIRECTORY" CUDA_MPS_LOG_DIRECTORY="$CUDA_MPS_LOG_DIRECTORY""#;
        let env = if rights == Rights::Sudo { format!("{env} ") } else { String::new() };
        let control = format!("{}{env}{}", shell::sudo(rights), shell::quoted(&self.control));
        ScriptLines {
            perform: vec![
                r#"CUDA_MPS_PIPE_DIRECTORY="$(mktemp -d)""#.to_owned(),
                r#"CUDA_MPS_LOG_DIRECTORY="$CUDA_MPS_PIPE_DIRECTORY""#.to_owned(),
                "export CUDA_MPS_PIPE_DIRECTORY CUDA_MPS_LOG_DIRECTORY".to_owned(),
                format!("{control} -d"),
            ],
            check: vec![format!("echo get_server_list | {control}")],
            undo: vec![
                format!(
                    r#"if test -e "$CUDA_MPS_PIPE_DIRECTORY/nvidia-cuda-mps-control.pid"; then echo quit | {control}; fi"#
                ),
                r#"rm -r -- "$CUDA_MPS_PIPE_DIRECTORY""#.to_owned(),
                "unset CUDA_MPS_PIPE_DIRECTORY CUDA_MPS_LOG_DIRECTORY".to_owned(),
            ],
        }
    }
}
