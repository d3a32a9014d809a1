//! Steps that set the GPU.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Reading, Rights, ScriptLines, shell};
use crate::text::{quoted, typed};
use crate::units::Bytes;

family! {
    /// The GPU's settings.
    GpuStep in StepKind::Gpu {
        /// The CUDA Multi-Process Service.
        "mps" => Mps(MpsStep),
        /// Fixes a GPU's clocks.
        "lock_clocks" => LockClocks(LockClocksStep),
    }
}

/// The CUDA Multi-Process Service: `start` starts a control daemon with a pipe
/// directory private to this run, which every server started after it uses;
/// `absent` proves that there is none, so that "off" means off.
///
/// # Checks
/// `start`: the daemon answers `get_server_list`, and its default share of
/// threads is the one that was asked for. `absent`: nothing answers in the pipe
/// directory that servers would use, nor in the default one, and no process of
/// that name is running. At the end of every cell both are proven for each
/// server: by the daemon's list of clients and by the driver's; a cell in which
/// a server was not what the step says is invalid.
///
/// # Undo
/// `start`: in the private pipe directory, which never reaches a daemon of
/// somebody else, `terminate_client` for every client that is left, then `quit`;
/// then no process of that pipe directory may be alive, and nobody may answer
/// in it. `absent` changes nothing.
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
    /// The most of the GPU's threads that one client may use, percent
    /// (`CUDA_MPS_ACTIVE_THREAD_PERCENTAGE`); all of them if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub active_thread_percentage: Option<u32>,
    /// The most device memory that one client may have on each GPU
    /// (`CUDA_MPS_PINNED_DEVICE_MEM_LIMIT`); any amount if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_memory_limit: Option<Bytes>,
    /// How the GPU ranks its clients' work (`CUDA_MPS_CLIENT_PRIORITY`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_priority: Option<MpsPriority>,
}

/// The priority of clients of MPS, a hint to the GPU's scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MpsPriority {
    /// As work without MPS.
    Normal,
    /// After that of clients of normal priority.
    BelowNormal,
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
    fn settle(&mut self, reading: &Reading<'_>) {
        if self.active_thread_percentage.is_some_and(|percent| !(1..=100).contains(&percent)) {
            reading.refuse("a client cannot use such a share of the threads", "write 1 to 100, in percent");
        }
        let is_limited = self.active_thread_percentage.is_some()
            || self.pinned_memory_limit.is_some()
            || self.client_priority.is_some();
        if self.action == MpsAction::Absent && is_limited {
            reading
                .refuse("without MPS nothing limits its clients", "leave the limits out, or write action = \"start\"");
        }
    }

    fn words(&self) -> String {
        match self.action {
            MpsAction::Start => {
                let limits: Vec<String> =
                    self.limits(1).iter().map(|(name, value)| format!(", {name}={value}")).collect();
                format!("start {} with a pipe directory of this run{}", self.control, limits.concat())
            }
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
    /// What limits clients on so many GPUs, as the environment of daemon and
    /// clients says it; see <https://docs.nvidia.com/deploy/mps/>. A client can
    /// only be limited further than its daemon.
    pub fn limits(&self, gpus: usize) -> IndexMap<String, String> {
        let percent = self.active_thread_percentage.map(|percent| percent.to_string());
        let memory = self.pinned_memory_limit.map(|limit| {
            let each: Vec<String> = (0..gpus.max(1)).map(|gpu| format!("{gpu}={}M", limit.0 >> 20)).collect();
            each.join(",")
        });
        let priority = self.client_priority.map(|priority| match priority {
            MpsPriority::Normal => "0".to_owned(),
            MpsPriority::BelowNormal => "1".to_owned(),
        });
        let limits = [
            ("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", percent),
            ("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", memory),
            ("CUDA_MPS_CLIENT_PRIORITY", priority),
        ];
        limits.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// sudo drops the environment, so the daemon's is given again there.
    fn start(&self, rights: Rights) -> ScriptLines {
        let limits = self.limits(1);
        let names =
            ["CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"].into_iter().chain(limits.keys().map(String::as_str));
        let again: Vec<String> = names.clone().map(|name| format!(r#" {name}="${name}""#)).collect();
        let env = if rights == Rights::Sudo { format!("env{} ", again.concat()) } else { String::new() };
        let names = names.collect::<Vec<_>>().join(" ");
        let control = format!("{}{env}{}", shell::sudo(rights), quoted(&self.control));
        ScriptLines {
            perform: vec![
                r#"CUDA_MPS_PIPE_DIRECTORY="$(mktemp -d)""#.to_owned(),
                r#"CUDA_MPS_LOG_DIRECTORY="$CUDA_MPS_PIPE_DIRECTORY""#.to_owned(),
            ]
            .into_iter()
            .chain(limits.iter().map(|(name, value)| format!("{name}={}", quoted(value))))
            .chain([format!("export {names}"), format!("{control} -d")])
            .collect(),
            check: vec![format!("echo get_server_list | {control}")],
            undo: vec![
                format!(
                    r#"if test -e "$CUDA_MPS_PIPE_DIRECTORY/nvidia-cuda-mps-control.pid"; then echo quit | {control}; fi"#
                ),
                r#"rm -r -- "$CUDA_MPS_PIPE_DIRECTORY""#.to_owned(),
                format!("unset {names}"),
            ],
        }
    }
}

/// Fixes a GPU's clocks by `nvidia-smi`, so that temperature and load move a
/// measurement less.
///
/// # Checks
/// The clocks that `nvidia-smi` reads back are not above the lock: an idle GPU
/// may run slower, and a locked one may still be throttled. They are recorded.
///
/// # Undo
/// The clocks are set free (`-rgc`, `-rmc`). A lock that somebody had set before
/// cannot be read, so it is not restored.
///
/// # Rights
/// Root, or `privileged = true`.
///
/// # Example
/// ```toml
/// [[setup]]
/// privileged = true
/// lock_clocks = { graphics_mhz = 1500 }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockClocksStep {
    /// The graphics clock, MHz; the driver takes the nearest it supports.
    #[schemars(range(min = 1))]
    pub graphics_mhz: u32,
    /// The memory clock, MHz; not locked if not given.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub memory_mhz: Option<u32>,
    /// The GPU, as `nvidia-smi` counts them.
    #[serde(default)]
    pub gpu: u32,
    /// The program that sets clocks.
    #[serde(default = "default_clock_program")]
    pub program: String,
}

fn default_clock_program() -> String {
    "nvidia-smi".to_owned()
}

impl LockClocksStep {
    /// The driver may round a lock up to its own steps, MHz.
    pub const STEP_MHZ: u32 = 15;

    /// The commands that lock.
    pub fn lock(&self) -> Vec<Vec<String>> {
        let graphics = [Some(format!("--lock-gpu-clocks={mhz},{mhz}", mhz = self.graphics_mhz))];
        let memory = [self.memory_mhz.map(|mhz| format!("--lock-memory-clocks={mhz},{mhz}"))];
        graphics.into_iter().chain(memory).flatten().map(|what| self.call(&[&what])).collect()
    }

    /// The commands that set free what [`lock`](Self::lock) locks.
    pub fn release(&self) -> Vec<Vec<String>> {
        let memory = self.memory_mhz.map(|_| "--reset-memory-clocks");
        ["--reset-gpu-clocks"].into_iter().chain(memory).map(|what| self.call(&[what])).collect()
    }

    /// The command that answers with the graphics and the memory clock, MHz.
    pub fn query(&self) -> Vec<String> {
        self.call(&["--query-gpu=clocks.current.graphics,clocks.current.memory", "--format=csv,noheader,nounits"])
    }

    fn call(&self, arguments: &[&str]) -> Vec<String> {
        let gpu = self.gpu.to_string();
        let words = [self.program.as_str(), "-i", &gpu].into_iter().chain(arguments.iter().copied());
        words.map(str::to_owned).collect()
    }
}

impl Kind for LockClocksStep {
    fn settle(&mut self, reading: &Reading<'_>) {
        if self.graphics_mhz == 0 || self.memory_mhz == Some(0) {
            reading.refuse("a clock of 0 MHz", "`nvidia-smi -q -d SUPPORTED_CLOCKS` lists what a GPU can do");
        }
    }

    fn rights(&self) -> Rights {
        Rights::Root
    }

    fn words(&self) -> String {
        let memory = self.memory_mhz.map(|mhz| format!(", memory to {mhz} MHz")).unwrap_or_default();
        format!("lock the clocks of GPU {}: graphics to {} MHz{memory}", self.gpu, self.graphics_mhz)
    }

    fn script(&self, rights: Rights) -> ScriptLines {
        let line = |argv: &Vec<String>| shell::line(rights, &IndexMap::new(), argv);
        let most = |mhz: u32| mhz.saturating_add(Self::STEP_MHZ);
        let memory = self.memory_mhz.map(|mhz| format!(" || $2 > {}", most(mhz))).unwrap_or_default();
        let program = format!("$1 > {}{memory} {{ over = 1 }} END {{ exit over || !NR }}", most(self.graphics_mhz));
        let awk = typed(&["awk", "-F,", &program]);
        ScriptLines {
            perform: self.lock().iter().map(line).collect(),
            check: vec![format!("{} | {awk}", typed(&self.query()))],
            undo: self.release().iter().map(line).collect(),
        }
    }
}
