//! A server that is a service of a Compose project.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use indexmap::IndexMap;
use tokio::process::{Child, Command};

use super::{ServerContext, ServerError};
use crate::host::port_is_free;
use crate::process::{self, CommandError, Limit, Tail, Undoing, append_to, tail};
use crate::record::Undo;
use crate::scenario::ServerSpec;
use crate::units::Period;

const COMMAND_LIMIT: Period = Period::from_secs(30);
const TAIL_LINES: usize = 10;

/// A service, in a project that no other server shares.
#[derive(Debug)]
pub(super) struct Service {
    file: PathBuf,
    project: String,
    name: String,
    env: IndexMap<String, String>,
}

impl Service {
    pub(super) fn new(
        spec: &ServerSpec,
        file: &Path,
        name: &str,
        env: &IndexMap<String, String>,
        context: &ServerContext<'_>,
    ) -> Self {
        let mut all = context.env.clone();
        all.extend(env.clone());
        Self {
            file: context.dir.join(file),
            project: process::compose_project(context.run_id, &spec.label()),
            name: name.to_owned(),
            env: all,
        }
    }

    /// `up -d --wait`, then a follower that copies the service's output into
    /// the server's log and ends when the service does.
    pub(super) async fn up(
        &self,
        spec: &ServerSpec,
        port: u16,
        context: &ServerContext<'_>,
        undo: &mut impl Undoing,
    ) -> Result<(Child, u64), ServerError> {
        if !port_is_free(port) {
            return Err(ServerError::PortTaken { server: spec.label(), port });
        }
        let down =
            Undo::ComposeDown { file: self.file.clone(), project: self.project.clone(), env: self.env.clone() };
        let sequence = undo.register(down.clone());
        let limit = Limit::from_now(spec.ready.within);
        if let Err(source) = self.run(&["up", "-d", "--wait", &self.name], limit, context).await {
            return Err(self.failure(spec, source, context).await);
        }
        undo.done(sequence, down);
        self.follow(spec, context)
    }

    /// Stops the service and lets its container be, for its log.
    pub(super) async fn stop(&self, spec: &ServerSpec, context: &ServerContext<'_>) -> Result<(), ServerError> {
        let seconds = spec.stop.within.duration().as_secs().max(1);
        let limit = Limit::from_now(Period::from_secs(seconds.saturating_add(COMMAND_LIMIT.duration().as_secs())));
        let stopped = self.run(&["stop", "--timeout", &seconds.to_string(), &self.name], limit, context).await;
        stopped.map(|_| ()).map_err(|source| ServerError::Compose {
            server: spec.label(),
            source,
            tail: Tail::default(),
        })
    }

    async fn run(
        &self,
        arguments: &[&str],
        limit: Limit,
        context: &ServerContext<'_>,
    ) -> Result<String, CommandError> {
        let argv = process::compose(&self.project, &self.file, arguments);
        let command = process::Command {
            argv: &argv,
            env: &self.env,
            dir: Some(context.dir),
            privileged: false,
            input: None,
            limit,
            log: context.log,
        };
        command.run(context.cancel).await
    }

    async fn failure(&self, spec: &ServerSpec, source: CommandError, context: &ServerContext<'_>) -> ServerError {
        if matches!(source, CommandError::Cancelled { .. }) {
            return ServerError::Cancelled { server: spec.label() };
        }
        let offset = context.log.metadata().map_or(0, |metadata| metadata.len());
        // Compose says only that it is unhealthy; the container may say why.
        let _ = self.run(&["logs", "--no-color", &self.name], Limit::from_now(COMMAND_LIMIT), context).await;
        ServerError::Compose { server: spec.label(), source, tail: tail(context.log, offset, TAIL_LINES) }
    }

    fn follow(&self, spec: &ServerSpec, context: &ServerContext<'_>) -> Result<(Child, u64), ServerError> {
        let log_failed = |source| ServerError::Log { path: context.log.to_owned(), source };
        let (log, offset) = append_to(context.log).map_err(log_failed)?;
        let stderr = log.try_clone().map_err(log_failed)?;
        let argv = process::compose(&self.project, &self.file, &["logs", "-f", "--no-color", "--no-log-prefix", &self.name]);
        let program = argv.first().map_or("docker", String::as_str);
        let follower = Command::new(program)
            .args(argv.iter().skip(1))
            .envs(&self.env)
            .current_dir(context.dir)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(stderr)
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let follower = follower.map_err(|source| ServerError::Spawn {
            server: spec.label(),
            program: program.to_owned(),
            source,
        })?;
        Ok((follower, offset))
    }
}
