#![expect(clippy::disallowed_methods, reason = "makes the folders of a daemon")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::guard::Guard;
use crate::doctor::ask::{Asker, in_one_line};
use crate::process::{Command, CommandError, Limit};
use crate::record::Undo;
use crate::step::{LOG_VARIABLE, MpsControl, PIPE_VARIABLE};
use crate::text::with_causes;
use crate::units::Period;

/// A daemon answers within milliseconds.
pub(super) const WITHIN: Period = Period::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// Starts a daemon of its own folders in the foreground, asks it for its
/// servers, and lets it quit. Whatever happens, nothing of it is alive
/// afterwards.
///
/// # Errors
/// In one line, where it does not start, answer or end.
pub(super) async fn dry_start(
    control: &str,
    within: Period,
    asker: &Asker<'_>,
    mut guard: Guard,
) -> Result<(), String> {
    let [pipe, logs] = ["pipe", "log"].map(|name| asker.folder.join(name));
    for folder in [&pipe, &logs] {
        fs::create_dir_all(folder).map_err(|error| format!("`{}` could not be made: {error}", folder.display()))?;
    }
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    let env = IndexMap::from([(PIPE_VARIABLE.to_owned(), shown(&pipe)), (LOG_VARIABLE.to_owned(), shown(&logs))]);
    let undo = Undo::QuitMps { control: control.to_owned(), pipe_dir: pipe, privileged: false };
    let lived = match guard.announce(undo) {
        Ok(()) => Daemon { control, env: &env, within, asker }.live().await,
        Err(refusal) => Err(with_causes(&refusal)),
    };
    lived.and(guard.end().await)
}

struct Daemon<'a> {
    control: &'a str,
    env: &'a IndexMap<String, String>,
    /// For the first answer, and once more for the end.
    within: Period,
    asker: &'a Asker<'a>,
}

impl Daemon<'_> {
    /// From its start to its end.
    async fn live(&self) -> Result<(), String> {
        let Self { control, env, within, asker } = *self;
        let argv = [control.to_owned(), "-f".to_owned()];
        let stop = asker.cancel.child_token();
        let limit = Limit::from_now(Period::from(within.duration() * 2));
        let log = asker.folder.join("daemon.log");
        let command = Command { argv: &argv, env, dir: None, privileged: false, input: None, limit, log: &log };
        let mut daemon = std::pin::pin!(command.run(&stop));
        let answered = tokio::select! {
            ended = &mut daemon => return Err(early(ended)),
            answered = self.answer(&stop) => answered,
        };
        let quit = async {
            let told = match answered {
                Ok(()) => self.quit(&stop).await,
                Err(silent) => Err(silent),
            };
            told.inspect_err(|_| stop.cancel())
        };
        // A daemon may be gone before the program that told it to quit.
        let (told, ended) = tokio::join!(quit, daemon);
        told.and(ended.map(drop).map_err(|error| in_one_line(&error)))
    }

    /// Until the daemon listens, the program that asks may fail too.
    async fn answer(&self, stop: &CancellationToken) -> Result<(), String> {
        let (within, log) = (self.within, self.asker.folder.join("questions.log"));
        let limit = Limit::from_now(within);
        while !matches!(self.control(&log, stop).ask("get_server_list").await, Ok(Some(_))) {
            if limit.is_over() || stop.is_cancelled() {
                return Err(format!("it did not answer `get_server_list` within {within}"));
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    async fn quit(&self, stop: &CancellationToken) -> Result<(), String> {
        let log = self.asker.folder.join("questions.log");
        self.control(&log, stop).ask("quit").await.map(drop).map_err(|error| in_one_line(&error))
    }

    fn control<'a>(&'a self, log: &'a Path, stop: &'a CancellationToken) -> MpsControl<'a> {
        MpsControl { program: self.control, privileged: false, env: self.env, log, cancel: stop }
    }
}

/// Of a daemon that nobody has told to quit.
fn early(ended: Result<String, CommandError>) -> String {
    match ended {
        Ok(said) => format!("it ended at once; {}", said.lines().last().unwrap_or("it said nothing")),
        Err(error) => in_one_line(&error),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::journal::StateFolder;
    use crate::process::marked;

    /// What a dry start with such a control program comes to, and how many of
    /// its processes are alive afterwards.
    async fn started(script: &str) -> (Result<(), String>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let control: PathBuf = folder.path().join("nvidia-cuda-mps-control");
        // Written by a child: no descriptor of ours may be open for writing
        // when another test's child is forked.
        let write = r#"printf %s "$1" > "$2" && chmod +x "$2""#;
        duct::cmd!("sh", "-c", write, "sh", script, &control).run().unwrap();
        let scratch = folder.path().join("scratch");
        fs::create_dir(&scratch).unwrap();
        let asker = Asker { folder: &scratch, cancel: &CancellationToken::new() };
        let within = Period::from(Duration::from_secs(1));
        let state = StateFolder::at(&folder.path().join("state")).unwrap();
        let guard = Guard::take(&state, &scratch).unwrap();
        let came = dry_start(control.to_str().unwrap(), within, &asker, guard).await;
        assert!(state.runs().unwrap().is_empty());
        let left = marked(PIPE_VARIABLE, &scratch.join("pipe").to_string_lossy()).unwrap();
        (came.map_err(|why| why.replace(folder.path().to_str().unwrap(), "FOLDER")), left.len())
    }

    #[tokio::test]
    async fn a_daemon_that_answers_and_quits_is_fine() {
        let shim = include_str!("../../../tests/it/cases/cli/shims/nvidia-cuda-mps-control");
        assert_eq!(started(shim).await, (Ok(()), 0));
    }

    #[tokio::test]
    async fn a_daemon_that_does_not_start_answer_or_end_leaves_nothing_behind() {
        let absent = "echo Cannot find MPS control daemon process";
        let scripts = [
            "echo no such GPU; exit 1".to_owned(),
            "test -z \"$1\" && exit 1; exit 0".to_owned(),
            // It never answers, ignores SIGTERM, and has a child that left its group.
            format!(
                "test -n \"$1\" || {{ {absent}; exit; }}; trap '' TERM; setsid sleep 1000 & sleep 1000; sleep 1000"
            ),
            // It answers, and does not quit.
            "test -z \"$1\" || exec sleep 1000".to_owned(),
        ];
        let mut said = Vec::new();
        for script in scripts {
            let (came, left) = started(&format!("#!/bin/sh\n{script}\n")).await;
            said.push(format!("{left} left: {}", came.unwrap_err()));
        }
        insta::assert_snapshot!(said.join("\n"), @r"
        0 left: no such GPU
        0 left: it ended at once; it said nothing
        0 left: it did not answer `get_server_list` within 1s
        0 left: `FOLDER/nvidia-cuda-mps-control -f` did not end within 2s
        ");
    }
}
