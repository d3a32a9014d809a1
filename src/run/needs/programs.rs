//! Whether the programs of steps and servers are there.

use std::path::Path;

use indexmap::IndexMap;

use super::course::{Before, Course};
use super::{Lack, Missing, server_name, step_name};
use crate::process::{find_program, needs_sudo};
use crate::run::runner::Runner;
use crate::scenario::{OnError, Rights, ServerOrigin, ServerSpec, StepSpec};
use crate::step::commands;

impl Runner<'_> {
    pub(super) fn require_programs(&self, course: &Course<'_>, missing: &mut Missing) {
        for (place, step, before) in &course.steps {
            // `sudo` looks in folders of its own, and was asked already.
            let is_asked = step.rights() == Rights::Sudo && needs_sudo();
            if step.on_error == OnError::Fail && !is_asked {
                self.require_programs_of(step, &step_name(place, step), before, missing);
            }
        }
        let dir = self.context.scenario_dir;
        for (epoch, before) in &course.epochs {
            for server in &epoch.servers {
                missing.add(lacks_of(server, dir, before), &server_name(server));
            }
        }
    }

    fn require_programs_of(&self, step: &StepSpec, name: &str, before: &Before<'_>, missing: &mut Missing) {
        let log = self.context.directory.log(0, "needs");
        let world = &self.context.world;
        let gpus = || world.gpus();
        for command in commands(step, &self.context.step_context(&log, &gpus, &self.stop)) {
            let program = command.argv.first().map(String::as_str).unwrap_or_default();
            missing.add(lack(program, &command.env, &command.dir, before), name);
        }
    }
}

fn lacks_of(server: &ServerSpec, scenario_dir: &Path, before: &Before<'_>) -> Vec<Lack> {
    match &server.origin {
        ServerOrigin::Run { argv, env, dir, .. } => {
            let dir = dir.as_ref().map_or_else(|| scenario_dir.to_owned(), |dir| scenario_dir.join(dir));
            if !dir.is_dir() {
                let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                return if before.names(&[&name]) { Vec::new() } else { vec![Lack::Folder { dir }] };
            }
            let programs = [argv.first(), own_argv(argv).first()].into_iter().flatten();
            let mut lacks: Vec<Lack> = programs.filter_map(|program| lack(program, env, &dir, before)).collect();
            lacks.dedup();
            lacks
        }
        ServerOrigin::Compose { env, .. } => lack("docker", env, scenario_dir, before).into_iter().collect(),
        ServerOrigin::Url { .. } => Vec::new(),
    }
}

/// The command of a server, without what places it on CPUs.
pub(super) fn own_argv(argv: &[String]) -> &[String] {
    match argv {
        [taskset, option, _, rest @ ..] if taskset == "taskset" && option == "-c" => rest,
        _ => argv,
    }
}

fn lack(program: &str, env: &IndexMap<String, String>, dir: &Path, before: &Before<'_>) -> Option<Lack> {
    let why = find_program(program, env, dir).err()?;
    let is_made = before.names(&words(program));
    (!is_made).then(|| Lack::Program { program: program.to_owned(), why })
}

/// By which words a command would name a program that it brings: its name, and
/// the first folder of a path that begins in the scenario's.
fn words(program: &str) -> Vec<&str> {
    let mut parts = program.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let first = parts.clone().next().filter(|_| !program.starts_with('/'));
    first.into_iter().chain(parts.next_back()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_named_by_its_file_or_by_the_folder_that_is_made_for_it() {
        assert_eq!(words("./venv/bin/vllm"), ["venv", "vllm"]);
        assert_eq!(words("/opt/llama/llama-server"), ["llama-server"]);
        assert_eq!(words("ollama"), ["ollama", "ollama"]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn behind_what_places_a_server_stands_its_own_command() {
        let argv = ["taskset", "-c", "0-3", "ollama", "serve"].map(str::to_owned);
        assert_eq!(own_argv(&argv), ["ollama", "serve"]);
        assert_eq!(own_argv(&argv[3..]), ["ollama", "serve"]);
    }
}
