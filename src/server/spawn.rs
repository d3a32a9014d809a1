//! A server that is a process of ours.

use std::path::Path;
use std::process::Stdio;

use indexmap::IndexMap;
use tokio::process::{Child, Command};

use super::{ServerContext, ServerError};
use crate::host::port_is_free;
use crate::process::{BoundedLog, SERVER_MARK, Undoing, append_to, identity, server_mark};
use crate::record::{ProcessIdentity, Undo};
use crate::scenario::ServerSpec;

/// How to start it.
pub(super) struct Launch<'a> {
    pub(super) argv: &'a [String],
    pub(super) env: &'a IndexMap<String, String>,
    pub(super) dir: Option<&'a Path>,
    pub(super) port: u16,
}

/// A process, and where its own output begins in its log.
pub(super) struct Spawned {
    pub(super) child: Child,
    pub(super) identity: ProcessIdentity,
    pub(super) offset: u64,
    pub(super) bounded: BoundedLog,
}

/// Starts the process in a group of its own; its undo is registered before.
pub(super) fn spawn(
    spec: &ServerSpec,
    launch: &Launch<'_>,
    context: &ServerContext<'_>,
    undo: &mut impl Undoing,
) -> Result<Spawned, ServerError> {
    if !port_is_free(launch.port) {
        return Err(ServerError::PortTaken { server: spec.label(), port: launch.port });
    }
    let log_failed = |source| ServerError::Log { path: context.log.to_owned(), source };
    let (log, offset) = append_to(context.log).map_err(log_failed)?;
    let stdout = log.try_clone().map_err(log_failed)?;
    let bounded = BoundedLog::watch(context.log, offset).map_err(log_failed)?;
    let (program, arguments) = launch.argv.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let mark = server_mark(context.run_id, &spec.label());
    let sequence = undo.register(stop(spec, &mark, None))?;
    let child = Command::new(program)
        .args(arguments)
        .envs(context.env)
        .envs(launch.env)
        .env(SERVER_MARK, &mark)
        .current_dir(launch.dir.map_or_else(|| context.dir.to_owned(), |dir| context.dir.join(dir)))
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let child = child.map_err(|source| {
        undo.withdraw(sequence);
        ServerError::Spawn { server: spec.label(), program: program.to_owned(), source }
    })?;
    let identity = identity(child.id().unwrap_or_default())
        .map_err(|source| ServerError::Process { server: spec.label(), source })?;
    undo.done(sequence, stop(spec, &mark, Some(identity.clone())));
    Ok(Spawned { child, identity, offset, bounded })
}

fn stop(spec: &ServerSpec, mark: &str, process: Option<ProcessIdentity>) -> Undo {
    let grace_ms = u64::try_from(spec.stop.within.duration().as_millis()).unwrap_or(u64::MAX);
    Undo::StopProcess { label: spec.label(), process, mark: mark.to_owned(), signal: spec.stop.signal, grace_ms }
}
