//! Steps that run a command.

use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Reading, Rights, ScriptLines, shell};
use crate::names::compose_part;
use crate::text::{one_line, typed};

family! {
    /// Commands.
    CommandStep in StepKind::Command {
        /// One command, without a shell.
        "run" => Run(RunStep),
        /// A line for `sh -c`.
        "shell" => Shell(ShellStep),
        /// Docker Compose services.
        "compose" => Compose(ComposeStep),
    }
}

/// Runs one command, never through a shell. `run = ["program", "argument"]` is
/// short for `run = { argv = ["program", "argument"] }`.
///
/// # Checks
/// Exit status 0, then that of `check`, if given.
///
/// # Undo
/// The command `undo`, if given.
///
/// # Rights
/// Your own; with `privileged = true` every command goes through `sudo -n`.
///
/// # Example
/// ```toml
/// [[setup]]
/// name = "no turbo"
/// privileged = true
/// run = { argv = ["cpupower", "set", "--turbo-boost", "0"], undo = ["cpupower", "set", "--turbo-boost", "1"] }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunStep {
    /// Program and arguments.
    #[schemars(length(min = 1))]
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

impl Kind for RunStep {
    fn shorthand() -> Option<&'static str> {
        Some("argv")
    }

    fn settle(&mut self, reading: &Reading<'_>) {
        for argv in [Some(&self.argv), self.check.as_ref(), self.undo.as_ref()].into_iter().flatten() {
            reading.check_command(argv);
        }
        self.dir = Some(self.dir.take().map_or_else(|| reading.dir.path().to_owned(), |dir| reading.dir.join(dir)));
    }

    fn words(&self) -> String {
        one_line(&typed(&self.argv))
    }

    fn script(&self, rights: Rights) -> ScriptLines {
        let line = |argv: &Vec<String>| {
            let command = shell::line(rights, &self.env, argv);
            self.dir.as_ref().map_or(command.clone(), |dir| format!("(cd {} && {command})", shell::path(dir)))
        };
        ScriptLines {
            perform: vec![line(&self.argv)],
            check: self.check.iter().map(line).collect(),
            undo: self.undo.iter().map(line).collect(),
        }
    }
}

/// Runs a line by `sh -c` in the scenario's folder. `shell = "…"` is short for
/// `shell = { script = "…" }`.
///
/// # Checks
/// Exit status 0.
///
/// # Undo
/// The script `undo`, if given.
///
/// # Rights
/// Your own; with `privileged = true` the shell goes through `sudo -n`.
///
/// # Example
/// ```toml
/// [[setup]]
/// shell = "df -h . | tee disk-before.txt"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl Kind for ShellStep {
    fn shorthand() -> Option<&'static str> {
        Some("script")
    }

    fn words(&self) -> String {
        one_line(&typed(&["sh", "-c", &self.script]))
    }

    fn script(&self, rights: Rights) -> ScriptLines {
        let line = |script: &String| shell::line(rights, &self.env, &["sh", "-c", script]);
        ScriptLines {
            perform: vec![line(&self.script)],
            undo: self.undo.iter().map(line).collect(),
            ..ScriptLines::default()
        }
    }
}

/// Starts Docker Compose services in a project of this run: `docker compose up
/// -d --wait`.
///
/// # Checks
/// Every service is running, and healthy where it says how to tell.
///
/// # Undo
/// `docker compose down` for the project; volumes are kept.
///
/// # Rights
/// Those `docker` needs.
///
/// # Example
/// ```toml
/// [[setup]]
/// timeout = "5m"
/// compose = { file = "docker-compose.yml", services = ["prometheus"] }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl Kind for ComposeStep {
    fn settle(&mut self, reading: &Reading<'_>) {
        reading.settle_path(&mut self.file);
        reading.want_compose_file(&self.file);
    }

    fn words(&self) -> String {
        let file = self.file.to_string_lossy();
        let up = ["docker", "compose", "-f", &file, "up", "-d", "--wait"];
        one_line(&typed(&up.into_iter().chain(self.services.iter().map(String::as_str)).collect::<Vec<_>>()))
    }

    fn script(&self, rights: Rights) -> ScriptLines {
        let compose = format!(
            "{} -p \"runexp-$run_id-{}\" -f {}",
            shell::line(rights, &self.env, &["docker", "compose"]),
            compose_part(&self.file.to_string_lossy()),
            shell::path(&self.file)
        );
        let up = ["up", "-d", "--wait"].into_iter().chain(self.services.iter().map(String::as_str));
        ScriptLines {
            perform: vec![format!("{compose} {}", typed(&up.collect::<Vec<_>>()))],
            undo: vec![format!("{compose} down")],
            ..ScriptLines::default()
        }
    }
}
