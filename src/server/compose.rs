//! A server that is a service of a Compose project.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use indexmap::IndexMap;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use super::compose_file::{ComposeFile, Publication, chosen_port};
use super::{ComposeError, ServerContext, ServerError};
use crate::host::port_is_free;
use crate::names::compose_project;
use crate::process::{
    self, BoundedLog, CommandError, DOCKER_QUESTIONS, Limit, Tail, Undoing, append_to, container_ids, tail,
};
use crate::record::Undo;
use crate::scenario::ServerSpec;
use crate::signal::StopSignal;
use crate::units::Period;

const COMMAND_LIMIT: Period = Period::from_secs(30);
const TAIL_LINES: usize = 10;

/// A service that is up.
pub(super) struct Up {
    /// Copies its output.
    pub(super) follower: Child,
    /// Where that begins in its log.
    pub(super) offset: u64,
    /// Where it is met.
    pub(super) url: String,
    pub(super) bounded: BoundedLog,
}

/// A service, in a project that no other server shares.
#[derive(Debug)]
pub(super) struct Service {
    file: PathBuf,
    project: String,
    name: String,
    env: IndexMap<String, String>,
    dir: PathBuf,
    log: PathBuf,
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
            file: process::absolute(&context.dir.join(file)),
            project: compose_project(context.run_id, &spec.label()),
            name: name.to_owned(),
            env: all,
            dir: context.dir.to_owned(),
            log: context.log.to_owned(),
        }
    }

    /// `up -d --wait`, then a follower that copies the service's output into
    /// the server's log and ends when the service does. Its URL is where the
    /// file publishes it, whatever port was meant for it.
    pub(super) async fn up(
        &self,
        spec: &ServerSpec,
        port: u16,
        context: &ServerContext<'_>,
        undo: &mut impl Undoing,
    ) -> Result<Up, ServerError> {
        let publication = self.publication(spec, port, context).await?;
        let at = match &publication {
            Publication::At { port, .. } => Some(*port),
            Publication::Unknown => Some(port),
            Publication::Chosen { .. } => None,
            Publication::Nowhere | Publication::Several { .. } => return Err(self.unpublished(spec)),
        };
        if let Some(port) = at.filter(|port| !port_is_free(*port)) {
            return Err(ServerError::PortTaken { server: spec.label(), port });
        }
        // An undo is owed only for what may have begun: nothing can without these.
        for question in DOCKER_QUESTIONS {
            self.ask(question, context.cancel).await.map_err(|source| error(spec, source))?;
        }
        let (file, project, env) = (self.file.clone(), self.project.clone(), self.env.clone());
        let down = Undo::ComposeDown { file, project, env, privileged: false };
        let sequence = undo.register(down.clone())?;
        let limit = Limit::from_now(spec.ready.within);
        if let Err(source) = self.run(&["up", "-d", "--wait", &self.name], limit, context.cancel).await {
            return Err(self.failure(spec, source).await);
        }
        undo.done(sequence, down);
        let url = self.url(spec, port, publication, context).await?;
        let (follower, offset, bounded) = self.follow(spec).await?;
        Ok(Up { follower, offset, url, bounded })
    }

    /// As the file says it with this server's environment. A Compose that does
    /// not tell is taken at the scenario's word.
    async fn publication(
        &self,
        spec: &ServerSpec,
        port: u16,
        context: &ServerContext<'_>,
    ) -> Result<Publication, ServerError> {
        let config = ["config", "--format", "json", &self.name];
        let config = self.run(&config, Limit::from_now(COMMAND_LIMIT), context.cancel).await;
        let config = config.map_err(|source| error(spec, source))?;
        let file = ComposeFile::parse(&config);
        Ok(file.map_or(Publication::Unknown, |file| file.publication(&self.name, port, spec.api)))
    }

    async fn url(
        &self,
        spec: &ServerSpec,
        port: u16,
        publication: Publication,
        context: &ServerContext<'_>,
    ) -> Result<String, ServerError> {
        let (host, port) = match publication {
            Publication::At { host, port } => (host, port),
            Publication::Unknown => ("127.0.0.1".to_owned(), port),
            Publication::Chosen { service, target } => {
                let ask = ["port", &service, &target.to_string()];
                let answer = self.run(&ask, Limit::from_now(COMMAND_LIMIT), context.cancel).await;
                let answer = answer.map_err(|source| error(spec, source))?;
                ("127.0.0.1".to_owned(), chosen_port(&answer).ok_or_else(|| self.unpublished(spec))?)
            }
            Publication::Nowhere | Publication::Several { .. } => return Err(self.unpublished(spec)),
        };
        Ok(if host.contains(':') { format!("http://[{host}]:{port}") } else { format!("http://{host}:{port}") })
    }

    fn unpublished(&self, spec: &ServerSpec) -> ServerError {
        ServerError::Unpublished { server: spec.label(), service: self.name.clone() }
    }

    /// Removes the container, so that the next start is a fresh one. Volumes
    /// stay. Nothing cancels this.
    pub(super) async fn down(&self, spec: &ServerSpec) -> Result<(), ServerError> {
        let seconds = spec.stop.within.duration().as_secs().max(1);
        let limit = Limit::from_now(Period::from_secs(seconds.saturating_add(COMMAND_LIMIT.duration().as_secs())));
        let down = self.run(&["down", "--timeout", &seconds.to_string()], limit, &CancellationToken::new()).await;
        down.map(|_| ()).map_err(|source| compose_error(spec, source, Tail::default()))
    }

    /// Signals its container, as a fault.
    pub(super) async fn kill(&self, spec: &ServerSpec, signal: StopSignal) -> Result<(), ServerError> {
        self.told(spec, &["kill", "--signal", &signal.to_string(), &self.name]).await
    }

    /// Ends what a signal may have left of it.
    pub(super) async fn end(&self, spec: &ServerSpec) -> Result<(), ServerError> {
        self.told(spec, &["stop", "--timeout", "0", &self.name]).await
    }

    async fn told(&self, spec: &ServerSpec, arguments: &[&str]) -> Result<(), ServerError> {
        let told = self.run(arguments, Limit::from_now(COMMAND_LIMIT), &CancellationToken::new()).await;
        told.map(|_| ()).map_err(|source| compose_error(spec, source, Tail::default()))
    }

    async fn run(&self, arguments: &[&str], limit: Limit, cancel: &CancellationToken) -> Result<String, CommandError> {
        self.command(&process::compose(&self.project, &self.file, arguments), limit, cancel).await
    }

    async fn ask(&self, question: &[&str], cancel: &CancellationToken) -> Result<String, CommandError> {
        let argv: Vec<String> = question.iter().map(|&word| word.to_owned()).collect();
        self.command(&argv, Limit::from_now(COMMAND_LIMIT), cancel).await
    }

    async fn command(&self, argv: &[String], limit: Limit, cancel: &CancellationToken) -> Result<String, CommandError> {
        let command = process::Command {
            argv,
            env: &self.env,
            dir: Some(&self.dir),
            privileged: false,
            input: None,
            limit,
            log: &self.log,
        };
        command.run(cancel).await
    }

    async fn failure(&self, spec: &ServerSpec, source: CommandError) -> ServerError {
        if matches!(source, CommandError::Cancelled { .. }) {
            return ServerError::Cancelled { server: spec.label() };
        }
        let offset = self.log.metadata().map_or(0, |metadata| metadata.len());
        // Compose says only that it is unhealthy; the container may say why.
        let logs = ["logs", "--no-color", "--no-log-prefix", &self.name];
        let _ = self.run(&logs, Limit::from_now(COMMAND_LIMIT), &CancellationToken::new()).await;
        let tail = tail(&self.log, offset, TAIL_LINES);
        // The first error tells more than what removing may add; the undo stays.
        let _ = self.down(spec).await;
        compose_error(spec, source, tail)
    }

    /// `docker logs` ends with the container; `docker compose logs` would wait
    /// for its return.
    async fn follow(&self, spec: &ServerSpec) -> Result<(Child, u64, BoundedLog), ServerError> {
        let server = spec.label();
        let list = ["ps", "-q", &self.name];
        let listed = self.run(&list, Limit::from_now(COMMAND_LIMIT), &CancellationToken::new()).await;
        let listed = listed.map_err(|source| error(spec, source))?;
        let log_failed = |source| ServerError::Log { path: self.log.clone(), source };
        let (log, offset) = append_to(&self.log).map_err(log_failed)?;
        let bounded = BoundedLog::watch(&self.log, offset).map_err(log_failed)?;
        let Some(container) = container_ids(&listed).into_iter().next() else {
            return Err(ServerError::Exited { server, how: "its container is gone".to_owned(), tail: Tail::default() });
        };
        let follower = Command::new("docker")
            .args(["logs", "-f", &container])
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(log_failed)?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let follower =
            follower.map_err(|source| ServerError::Spawn { server, program: "docker".to_owned(), source })?;
        Ok((follower, offset, bounded))
    }
}

fn compose_error(spec: &ServerSpec, command: CommandError, tail: Tail) -> ServerError {
    ServerError::Compose { server: spec.label(), source: ComposeError::new(command, tail) }
}

fn error(spec: &ServerSpec, source: CommandError) -> ServerError {
    match source {
        CommandError::Cancelled { .. } => ServerError::Cancelled { server: spec.label() },
        source => compose_error(spec, source, Tail::default()),
    }
}
