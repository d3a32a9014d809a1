//! Whether root would run what somebody else could change.

use std::path::Path;

use indexmap::IndexMap;

use super::course::Course;
use super::programs::own_argv;
use super::{Lack, Missing, server_name, step_name};
use crate::process::find_program;
use crate::run::runner::Runner;
use crate::scenario::ServerOrigin;
use crate::step::commands;
use crate::trust;

/// Programs that run the file which is their first argument.
const INTERPRETERS: [&str; 9] = ["bash", "dash", "node", "perl", "python", "python3", "ruby", "sh", "zsh"];

impl Runner<'_> {
    /// What is not there yet may still be made by a step; whoever makes it is
    /// looked at.
    pub(super) fn require_trust(&self, course: &Course<'_>, missing: &mut Missing) {
        if !trust::is_root() {
            return;
        }
        let log = self.context.directory.log(0, "needs");
        let world = &self.context.world;
        let gpus = || world.gpus();
        for (place, step, _) in &course.steps {
            for command in commands(step, &self.context.step_context(&log, &gpus, &self.stop)) {
                missing.add(doubtful(&command.argv, &command.env, &command.dir), &step_name(place, step));
            }
        }
        for server in course.epochs.iter().flat_map(|(epoch, _)| &epoch.servers) {
            if let ServerOrigin::Run { argv, env, dir, .. } = &server.origin {
                let dir = dir
                    .as_ref()
                    .map_or_else(|| self.context.scenario_dir.to_owned(), |dir| self.context.scenario_dir.join(dir));
                missing.add(doubtful(own_argv(argv), env, &dir), &server_name(server));
            }
        }
    }
}

/// A program that is named by its path, and the script that an interpreter is
/// given. Who may write to the folders of `PATH` is root's own choice.
fn doubtful(argv: &[String], env: &IndexMap<String, String>, dir: &Path) -> Vec<Lack> {
    let named = argv.first().filter(|program| program.contains('/'));
    let program = named.and_then(|program| find_program(program, env, dir).ok());
    let script = script(argv).map(|script| dir.join(script)).filter(|script| script.exists());
    let doubts = [program, script].into_iter().flatten().filter_map(|path| trust::doubt(&path).ok().flatten());
    doubts.map(|doubt| Lack::Trust { doubt }).collect()
}

fn script(argv: &[String]) -> Option<&String> {
    let (program, arguments) = argv.split_first()?;
    let name = program.rsplit('/').next()?;
    let script = arguments.iter().find(|argument| !argument.starts_with('-'))?;
    let is_code = arguments
        .iter()
        .take_while(|argument| *argument != script)
        .any(|option| option == "-c" || option == "-e" || option == "-m");
    (INTERPRETERS.contains(&name) && !is_code).then_some(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_what_an_interpreter_is_given_as_a_file() {
        let of = |line: &str| script(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).cloned();
        assert_eq!(of("python3 -u server.py 8000"), Some("server.py".to_owned()));
        assert_eq!(of("/bin/sh start.sh"), Some("start.sh".to_owned()));
        for line in ["python3 -m http.server", "sh -c ./start.sh", "ollama serve", "python3"] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
