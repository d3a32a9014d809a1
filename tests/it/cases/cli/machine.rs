//! A machine made of files and shims on PATH, to be changed and found again as
//! it was.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::folder::{Folder, RunFolder, Said};
use crate::support::ollama::{Ollama, State};

const SHIMS: [(&str, &str); 3] = [
    ("nvidia-smi", include_str!("shims/nvidia-smi")),
    ("nvidia-cuda-mps-control", include_str!("shims/nvidia-cuda-mps-control")),
    ("docker", include_str!("shims/docker")),
];

/// Effects by command, daemon and container, and a server of which one child
/// leaves group and session, and another its environment too.
const SCENARIO: &str = include_str!("machine/effects.toml");

const SERVER: &str = "\
(setsid sleep 1000 &)
(setsid env -i sleep 1000 &)
echo ready
exec sleep 1000
";

/// The step kinds that [`SCENARIO`] does not have.
#[cfg(debug_assertions)]
const OTHER_KINDS: &str = include_str!("machine/other_kinds.toml");

/// A folder with the scenario, and a world beside it.
pub(super) struct Machine {
    pub(super) folder: Folder,
    ollama: Ollama,
    url: String,
    before: BTreeMap<PathBuf, Vec<u8>>,
}

impl Machine {
    pub(super) fn new() -> Self {
        let folder = Folder::new();
        folder.write("server.sh", SERVER);
        folder.write("compose.yaml", "services: {}\n");
        for part in ["bin", "world/docker/containers", "world/docker/networks", "world/clocks"] {
            std::fs::create_dir_all(folder.path(part)).unwrap();
        }
        folder.write("world/knob", "default\n");
        folder.write("world/docker/containers/fedcba9876543210", "somebody-else\n");
        for (name, text) in SHIMS {
            // Written by a child: no descriptor of ours may be open for writing
            // when another test's child is forked.
            let path = folder.path("bin").join(name);
            let script = r#"printf %s "$1" > "$2""#;
            assert!(Command::new("sh").args(["-c", script, "sh", text]).arg(&path).status().unwrap().success());
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let before = tree(&folder.path("world"));
        let (ollama, url) = Ollama::start(State::default());
        let machine = Self { folder, ollama, url, before };
        machine.write_scenario(SCENARIO);
        machine
    }

    /// One whose scenario has a step of every kind there is.
    #[cfg(debug_assertions)]
    pub(super) fn with_every_kind() -> Self {
        let machine = Self::new();
        machine.write_scenario(&format!("{SCENARIO}{OTHER_KINDS}"));
        machine
    }

    /// Takes another scenario, in which `OLLAMA` stands for the server's URL.
    pub(super) fn write_scenario(&self, text: &str) {
        self.folder.write("x.toml", &text.replace("OLLAMA", &self.url));
    }

    /// The same, but for one piece of one of its files.
    pub(super) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.folder.read(name);
        assert!(text.contains(old), "no `{old}` in {text}");
        self.folder.write(name, &text.replace(old, new));
    }

    /// The world as it is now is what must be found again.
    pub(super) fn take_as_found(&mut self) {
        self.before = tree(&self.folder.path("world"));
    }

    /// The journal of the only run that has one.
    pub(super) fn journal(&self) -> PathBuf {
        let runs: Vec<_> = std::fs::read_dir(self.folder.path("state/runs")).unwrap().flatten().collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].path().join("journal.jsonl")
    }

    /// How long the journals are now.
    #[cfg(debug_assertions)]
    pub(super) fn journal_lines(&self) -> usize {
        let runs = std::fs::read_dir(self.folder.path("state/runs")).into_iter().flatten().flatten();
        runs.filter_map(|run| std::fs::read_to_string(run.path().join("journal.jsonl")).ok())
            .map(|journal| journal.lines().count())
            .sum()
    }

    /// The ids of the runs there were.
    #[cfg(debug_assertions)]
    pub(super) fn runs(&self) -> Vec<String> {
        let runs = std::fs::read_dir(self.folder.path("results/machine")).into_iter().flatten().flatten();
        runs.map(|run| run.file_name().into_string().unwrap()).collect()
    }

    /// The command with these words, with the shims in front of everything.
    pub(super) fn command(&self, words: &str) -> Command {
        let mut command = self.folder.command(words);
        let path = format!("{}:{}", self.folder.path("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("WORLD", self.folder.path("world"));
        command
    }

    pub(super) fn runexp(&self, words: &str) -> Said {
        Said::of(&self.folder, &self.command(words).output().unwrap())
    }

    /// The same after a script, in a mount namespace of its own.
    pub(super) fn runexp_after(&self, script: &str, words: &str) -> Said {
        Said::of(&self.folder, &self.command_after(script, words).output().unwrap())
    }

    pub(super) fn command_after(&self, script: &str, words: &str) -> Command {
        let command = self.command(words);
        let mut apart = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            apart.arg("--map-root-user");
        }
        apart.args(["--mount", "sh", "-c", &format!("{script} && exec \"$@\""), "sh"]);
        apart.arg(command.get_program()).args(command.get_args());
        apart.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        apart.current_dir(command.get_current_dir().unwrap());
        apart
    }

    /// A run in which somebody is killed after the `line`-th line of the
    /// journal; returns when nobody of it can write any more.
    #[cfg(debug_assertions)]
    pub(super) fn run_until(&self, line: u32, victim: &str) -> Said {
        let mut command = self.command("x.toml --quiet");
        command.env("RUNEXP_FAILPOINT", format!("journal:{line}:{victim}"));
        Said::of(&self.folder, &command.output().unwrap())
    }

    /// What is not as it was before.
    pub(super) fn changes(&self) -> Vec<String> {
        let now = tree(&self.folder.path("world"));
        let paths = self.before.keys().chain(now.keys());
        let mut changes: Vec<String> = paths
            .filter(|path| self.before.get(*path) != now.get(*path))
            .map(|path| path.display().to_string())
            .collect();
        changes.dedup();
        changes.extend(self.ollama.models().into_iter().map(|model| format!("model {model}")));
        changes.extend(self.alive());
        changes.extend(
            tree(&self.folder.path("state/runs")).into_keys().map(|path| format!("journal {}", path.display())),
        );
        changes
    }

    /// The directory of the only run there was.
    pub(super) fn only_run(&self) -> RunFolder {
        let runs: Vec<_> = std::fs::read_dir(self.folder.path("results/machine")).unwrap().flatten().collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        RunFolder::at(runs[0].path())
    }

    /// Live processes that work in the folder, by their names.
    pub(super) fn alive(&self) -> Vec<String> {
        let own = self.folder.path("").canonicalize().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let here = processes.filter(|process| process.join("cwd").read_link().is_ok_and(|cwd| cwd.starts_with(&own)));
        here.filter_map(|process| std::fs::read_to_string(process.join("comm")).ok())
            .map(|name| name.trim().to_owned())
            .collect()
    }
}

/// A test that failed half-way leaves nothing behind either.
impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.command("cleanup --all").output();
    }
}

/// A process that is no business of any run: alive until it is dropped, or
/// killed by mistake.
pub(super) struct Canary(Child);

impl Canary {
    pub(super) fn hatch() -> Self {
        Self(Command::new("sleep").arg("1000").stdin(Stdio::null()).process_group(0).spawn().unwrap())
    }

    #[cfg(debug_assertions)]
    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            files.insert(entry.path(), b"folder".to_vec());
            files.extend(tree(&entry.path()));
        } else {
            files.insert(entry.path(), std::fs::read(entry.path()).unwrap());
        }
    }
    files
}
