//! A folder of its own, in which the command is run.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use regex::Regex;
use runexp::process::pid_is_alive;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Where one test's scenarios and results are.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A folder with one scenario, `x.toml`.
    pub(super) fn with(scenario: &str) -> Self {
        let folder = Self::new();
        folder.write("x.toml", scenario);
        folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        read(&self.path(name))
    }

    /// The command with these words, to be run in this folder.
    pub(super) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runexp"));
        command.args(words.split_whitespace()).current_dir(self.0.path());
        // Tests run at once: each is a host of its own.
        command.env("RUNEXP_STATE_DIR", self.path("state")).env("RUNEXP_HOST", self.0.path());
        command
    }

    /// Runs the command with these words to its end.
    pub(super) fn runexp(&self, words: &str) -> Said {
        Said::of(self, &self.command(words).output().unwrap())
    }

    /// Starts the command with these words in the background.
    pub(super) fn start(&self, words: &str) -> Started<'_> {
        Started::of(self, self.command(words))
    }

    /// What differs from run to run, by its name.
    pub(super) fn redacted(&self, text: &str) -> String {
        let own = self.0.path().canonicalize().unwrap();
        let mut text = text.replace(own.to_str().unwrap(), "FOLDER").replace(self.0.path().to_str().unwrap(), "FOLDER");
        for (pattern, name) in [
            (r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN-ID"),
            (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
            (r"\d+\.\d s\b", "TIME"),
            (r"\b\d+ requests", "N requests"),
            // In a window that ends by the clock, by chance.
            (r"N requests, \d+ unanswered at the end of the drain", "N requests"),
            (r"\b\d+ failed", "N failed"),
            (r"\b\d+ of \d+: \d+ × ", "N of N: N × "),
            (r"N failed: \d+ × ", "N failed: N × "),
            (r"(success|status|interrupted) \d+", "$1 N"),
        ] {
            text = Regex::new(pattern).unwrap().replace_all(&text, name).into_owned();
        }
        text
    }
}

/// What the command said, and its exit code.
pub(super) struct Said {
    pub(super) code: Option<i32>,
    /// Unredacted.
    pub(super) stdout: String,
    shown: String,
}

impl Said {
    pub(super) fn of(folder: &Folder, output: &Output) -> Self {
        let code = output.status.code();
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        let exit = code.map_or_else(|| output.status.to_string(), |code| code.to_string());
        let shown = folder.redacted(&format!("exit {exit}\n\nstdout:\n{stdout}\nstderr:\n{stderr}"));
        Self { code, stdout, shown }
    }

    /// Why it says that nothing valid was measured, a line for each reason.
    pub(super) fn reasons(&self) -> String {
        assert_eq!(self.code, Some(4), "{self}");
        let after = self.shown.split_once("error: nothing valid was measured\n").unwrap().1;
        let lines = after.lines().map_while(|line| line.strip_prefix("  "));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The run directory, which is the last line on stdout.
    pub(super) fn run(&self) -> RunFolder {
        RunFolder(PathBuf::from(self.stdout.lines().last().unwrap()))
    }

    /// That directory, if there is one, with its report.
    pub(super) fn run_if_any(&self) -> Option<RunFolder> {
        let run = RunFolder(PathBuf::from(self.stdout.lines().last()?));
        run.path("summary.json").exists().then_some(run)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The command at work.
pub(super) struct Started<'a> {
    folder: &'a Folder,
    child: Child,
}

impl<'a> Started<'a> {
    /// Starts a command of this folder in the background.
    pub(super) fn of(folder: &'a Folder, mut command: Command) -> Self {
        Self { folder, child: command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap() }
    }

    /// Waits until the server has written this into a file of the folder.
    pub(super) fn until_file(self, name: &str, is_right: impl Fn(&str) -> bool) -> Self {
        let path = self.folder.path(name);
        let deadline = Instant::now() + Duration::from_secs(30);
        while !std::fs::read_to_string(&path).is_ok_and(|text| is_right(&text)) {
            assert!(Instant::now() < deadline, "nobody wrote `{name}`");
            std::thread::yield_now();
        }
        self
    }

    /// Waits until something is so; what it said where it has ended before.
    pub(super) fn while_alive_until(mut self, is_so: impl Fn() -> bool) -> Result<Self, Said> {
        while !is_so() {
            if self.child.try_wait().unwrap().is_some() {
                return Err(self.wait());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(self)
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Reads what it says until a line holds `text`; the rest stays to be read.
    pub(super) fn until_said(mut self, text: &str) -> Self {
        let mut lines = BufReader::with_capacity(1, self.child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it ended without saying `{text}`");
        }
        self.child.stderr = Some(lines.into_inner());
        self
    }

    /// The processes that it has started.
    pub(super) fn children(&self) -> Vec<Pid> {
        let pid = self.child.id();
        let list = read(Path::new(&format!("/proc/{pid}/task/{pid}/children")));
        list.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap()).collect()
    }

    pub(super) fn signal(self, signal: Signal) -> Self {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self
    }

    pub(super) fn wait(self) -> Said {
        Said::of(self.folder, &self.child.wait_with_output().unwrap())
    }
}

/// A run directory.
pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    pub(super) const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        read(&self.path(name))
    }

    pub(super) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The records of a `*.jsonl` file.
    pub(super) fn records(&self, name: &str) -> Vec<Value> {
        self.read(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Its files, sorted.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display())).unwrap()
}

/// Whether the process whose pid a file holds is gone.
pub(super) fn is_gone(pid_file: &str) -> bool {
    !pid_is_alive(pid_file.trim().parse().unwrap())
}

/// The text of every file below a folder.
pub(super) fn everything_in(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.map(|path| {
        if path.is_dir() {
            everything_in(&path)
        } else {
            String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned()
        }
    });
    texts.collect::<Vec<_>>().join("\n")
}
