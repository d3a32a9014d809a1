use std::path::Path;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use crate::process::{Command, CommandError, Limit};
use crate::text::with_causes;
use crate::units::Period;

/// Even `docker info` answers sooner on a machine that is fit to measure on.
const WITHIN: Period = Period::from_secs(10);

/// Asks other programs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    /// For the logs of commands.
    pub(super) folder: &'a Path,
    /// Ends a question early.
    pub(super) cancel: &'a CancellationToken,
}

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// What it wrote.
    Said(String),
    /// There is no such program.
    NotFound,
    /// It failed, or took too long; why, in one line.
    Failed(String),
}

impl Asker<'_> {
    /// Runs a command to its end, for ten seconds at most.
    pub(super) async fn ask(&self, words: &[&str]) -> Answer {
        let argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (env, log) = (IndexMap::new(), self.folder.join("answers.log"));
        let limit = Limit::from_now(WITHIN);
        let command = Command { argv: &argv, env: &env, dir: None, privileged: false, input: None, limit, log: &log };
        match command.run(self.cancel).await {
            Ok(output) => Answer::Said(output),
            Err(CommandError::NotFound { .. }) => Answer::NotFound,
            Err(error) => Answer::Failed(in_one_line(&error)),
        }
    }
}

/// What a failed command said last, or else how it ended.
pub(super) fn in_one_line(error: &CommandError) -> String {
    match error {
        CommandError::Status { command, status, tail } => match tail.0.last() {
            Some(last) => last.clone(),
            None => format!("`{command}` ended with {status}"),
        },
        CommandError::TimedOut { command, within, .. } => format!("`{command}` did not end within {within}"),
        other => with_causes(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_says_something_is_not_there_or_fails_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let asker = Asker { folder: folder.path(), cancel: &CancellationToken::new() };
        assert_eq!(asker.ask(&["echo", "one", "two"]).await, Answer::Said("one two\n".to_owned()));
        assert_eq!(asker.ask(&["no-such-program"]).await, Answer::NotFound);
        let failed = asker.ask(&["sh", "-c", "echo first; echo last >&2; exit 3"]).await;
        assert_eq!(failed, Answer::Failed("last".to_owned()));
        let silent = asker.ask(&["sh", "-c", "exit 3"]).await;
        assert_eq!(silent, Answer::Failed("`sh -c 'exit 3'` ended with exit status: 3".to_owned()));
    }
}
