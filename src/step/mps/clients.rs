use std::path::Path;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use crate::process::{Command, CommandError, Limit};
use crate::units::Period;

/// A daemon that is alive answers within milliseconds.
const WITHIN: Period = Period::from_secs(5);

/// Where a daemon is asked.
#[derive(Clone, Copy, Debug)]
pub struct MpsControl<'a> {
    /// The control program.
    pub program: &'a str,
    /// Whether it takes the rights of root.
    pub privileged: bool,
    /// What names its pipe directory.
    pub env: &'a IndexMap<String, String>,
    /// Its answers are appended here.
    pub log: &'a Path,
    /// Ends a question early.
    pub cancel: &'a CancellationToken,
}

impl MpsControl<'_> {
    /// The pids of all clients, as the daemon itself lists them: those of each
    /// of its servers (`get_server_list`, then `get_client_list`).
    ///
    /// # Errors
    /// When the daemon cannot be asked.
    pub async fn clients(&self) -> Result<Vec<u32>, CommandError> {
        let mut clients = Vec::new();
        for server in self.pids("get_server_list").await? {
            clients.extend(self.pids(&format!("get_client_list {server}")).await?);
        }
        Ok(clients)
    }

    async fn pids(&self, question: &str) -> Result<Vec<u32>, CommandError> {
        let answer = self.ask(question).await?.unwrap_or_default();
        Ok(answer.lines().filter_map(|line| line.trim().parse().ok()).collect())
    }

    /// What the daemon answers; `None` if there is none.
    ///
    /// # Errors
    /// When the control program fails.
    pub async fn ask(&self, question: &str) -> Result<Option<String>, CommandError> {
        let Self { program, privileged, env, log, cancel } = *self;
        let (argv, input) = ([program.to_owned()], format!("{question}\n"));
        let limit = Limit::from_now(WITHIN);
        let command = Command { argv: &argv, env, dir: None, privileged, input: Some(&input), limit, log };
        let answer = command.run(cancel).await?;
        Ok(is_of_a_daemon(&answer).then_some(answer))
    }
}

/// Whether there was somebody to ask: without a daemon the program may complain
/// and still end with 0.
pub(super) fn is_of_a_daemon(answer: &str) -> bool {
    !answer.contains("Cannot find MPS control daemon")
}
