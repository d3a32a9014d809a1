use tokio::process::Child;

use super::compose::{Service, Up};
use super::spawn::{Launch, Spawned, spawn};
use super::{ServerContext, ServerError, ready};
use crate::process::{
    BoundedLog, Rights, Stopped, Undoing, group_members, signal_each, signal_group, stop_group, workers,
};
use crate::record::ProcessIdentity;
use crate::scenario::{Processes, ServerOrigin, ServerSpec};
use crate::signal::StopSignal;
use crate::text::shown_url;
use crate::units::Nanos;

/// A server that serves.
///
/// Dropping it kills only its first process; [`stop`](Self::stop) it, or
/// unwind its undo.
#[derive(Debug)]
pub struct RunningServer {
    /// As declared.
    pub spec: ServerSpec,
    /// Where requests go. It may hold user info: print
    /// [`shown_url`](Self::shown_url) instead.
    pub url: String,
    /// Our process, if it is one.
    pub identity: Option<ProcessIdentity>,
    /// When it was last started.
    pub started_ns: Nanos,
    /// When it was last found ready.
    pub ready_ns: Nanos,
    source: Source,
    /// What it writes; none of a server that is elsewhere.
    log: Option<BoundedLog>,
}

#[derive(Debug)]
enum Source {
    Process(Child),
    Service { service: Service, follower: Child },
    Elsewhere,
}

/// Starts a server and waits until it is ready. Its undo is registered before
/// it starts. One that fails on the way is stopped at once.
///
/// # Errors
/// If its port is taken, it cannot be started, ends early or is not ready in
/// time, or the run is cancelled.
pub async fn start(
    spec: &ServerSpec,
    context: &ServerContext<'_>,
    undo: &mut impl Undoing,
) -> Result<RunningServer, ServerError> {
    let started_ns = context.clock.now();
    let Launched { source, identity, offset, url, log } = launch(spec, context, undo).await?;
    let mut server = RunningServer { spec: spec.clone(), url, identity, started_ns, ready_ns: started_ns, source, log };
    match server.wait_until_ready(context, offset).await {
        Ok(()) => Ok(server),
        Err(error) => {
            // The first error tells more than what stopping may add; the undo stays.
            let _ = server.stop().await;
            Err(error)
        }
    }
}

/// What there is of a server before it is ready.
struct Launched {
    source: Source,
    identity: Option<ProcessIdentity>,
    /// Where its own output begins in its log.
    offset: u64,
    url: String,
    log: Option<BoundedLog>,
}

async fn launch(
    spec: &ServerSpec,
    context: &ServerContext<'_>,
    undo: &mut impl Undoing,
) -> Result<Launched, ServerError> {
    match &spec.origin {
        ServerOrigin::Run { argv, env, dir, port } => {
            let launch = Launch { argv, env, dir: dir.as_deref(), port: *port };
            let Spawned { child, identity, offset, bounded } = spawn(spec, &launch, context, undo)?;
            let url = format!("http://127.0.0.1:{port}");
            Ok(Launched { source: Source::Process(child), identity: Some(identity), offset, url, log: Some(bounded) })
        }
        ServerOrigin::Compose { file, service, env, port } => {
            let service = Service::new(spec, file, service, env, context);
            let Up { follower, offset, url, bounded } = service.up(spec, *port, context, undo).await?;
            Ok(Launched {
                source: Source::Service { service, follower },
                identity: None,
                offset,
                url,
                log: Some(bounded),
            })
        }
        ServerOrigin::Url { url } => {
            let url = url.trim_end_matches('/').to_owned();
            Ok(Launched { source: Source::Elsewhere, identity: None, offset: 0, url, log: None })
        }
    }
}

impl RunningServer {
    /// Where it listens, without user info.
    pub fn shown_url(&self) -> String {
        shown_url(&self.url)
    }

    /// How it ended, if it has ended meanwhile. Servers that we did not start
    /// are not watched.
    pub fn exited(&mut self) -> Option<String> {
        match &mut self.source {
            Source::Process(child) => ended(child),
            Source::Service { follower, .. } => ended(follower).map(|_| "its container stopped".to_owned()),
            Source::Elsewhere => None,
        }
    }

    /// Signals these processes of it, as a fault, and tells which they were; a
    /// service's are its container's, which nobody lists.
    ///
    /// # Errors
    /// If it is neither a process nor a service of ours, has no workers, or the
    /// kernel or Docker refuses.
    pub async fn kill(&self, signal: StopSignal, processes: Processes) -> Result<Vec<u32>, ServerError> {
        match (&self.source, &self.identity, processes) {
            (Source::Service { service, .. }, _, Processes::All) => {
                service.kill(&self.spec, signal).await.map(|()| Vec::new())
            }
            (Source::Process(_), Some(process), Processes::All) => self.kill_group(process, signal),
            (Source::Process(_), Some(process), Processes::Workers) => self.kill_workers(process, signal),
            (Source::Process(_) | Source::Service { .. } | Source::Elsewhere, ..) => Err(self.not_ours()),
        }
    }

    fn kill_group(&self, process: &ProcessIdentity, signal: StopSignal) -> Result<Vec<u32>, ServerError> {
        let failed = |source| self.process_error(source);
        let members = group_members(process).map_err(failed)?;
        signal_group(process, signal, Rights::Own).map_err(failed)?;
        Ok(members)
    }

    fn kill_workers(&self, process: &ProcessIdentity, signal: StopSignal) -> Result<Vec<u32>, ServerError> {
        let ServerOrigin::Run { port, .. } = self.spec.origin else { return Err(self.not_ours()) };
        let found = workers(process, port).map_err(|source| self.process_error(source))?;
        if found.is_empty() {
            return Err(ServerError::NoWorkers { server: self.spec.label(), port });
        }
        signal_each(&found, signal);
        Ok(found.into_iter().map(|worker| worker.pid).collect())
    }

    /// Starts it again on the same port after it has been killed, and waits
    /// until it is ready.
    ///
    /// # Errors
    /// As [`start`], and if it is neither a process nor a service of ours.
    pub async fn restart(&mut self, context: &ServerContext<'_>, undo: &mut impl Undoing) -> Result<(), ServerError> {
        match (&self.source, self.identity.clone()) {
            (Source::Service { service, .. }, _) => service.end(&self.spec).await?,
            (Source::Process(_), Some(process)) => drop(self.end_group(&process, StopSignal::Kill).await?),
            (Source::Process(_) | Source::Elsewhere, _) => return Err(self.not_ours()),
        }
        self.started_ns = context.clock.now();
        let Launched { source, identity, offset, url, log } = launch(&self.spec, context, undo).await?;
        (self.source, self.identity, self.url, self.log) = (source, identity, url, log);
        self.wait_until_ready(context, offset).await
    }

    /// Stops it as its `stop` says, then by SIGKILL; returns how it ended, in
    /// words. Leaves servers alone that we did not start.
    ///
    /// # Errors
    /// If something of it is still alive.
    pub async fn stop(mut self) -> Result<String, ServerError> {
        if let Some(identity) = self.identity.clone() {
            return self.end_group(&identity, self.spec.stop.signal).await;
        }
        match &mut self.source {
            Source::Service { service, follower } => {
                service.down(&self.spec).await?;
                // It ends with its container; if not, it has nothing left to tell.
                let _ = follower.kill().await;
                Ok("its container was removed".to_owned())
            }
            Source::Process(_) | Source::Elsewhere => Ok("left as it was".to_owned()),
        }
    }

    async fn wait_until_ready(&mut self, context: &ServerContext<'_>, offset: u64) -> Result<(), ServerError> {
        let (spec, url) = (self.spec.clone(), self.url.clone());
        ready::wait(&spec, &url, context, offset, || self.exited()).await?;
        self.ready_ns = context.clock.now();
        Ok(())
    }

    async fn end_group(&mut self, identity: &ProcessIdentity, signal: StopSignal) -> Result<String, ServerError> {
        let grace = self.spec.stop.within;
        let stopped = stop_group(identity, signal, grace.duration(), Rights::Own).await;
        let stopped = stopped.map_err(|source| self.process_error(source))?;
        let Source::Process(child) = &mut self.source else { return Ok(String::new()) };
        let status = child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        Ok(match stopped {
            Stopped::Before => format!("it had ended before ({status})"),
            Stopped::BySignal => status,
            Stopped::ByKill => format!("{status}; SIGKILL was needed after {grace}"),
        })
    }

    fn not_ours(&self) -> ServerError {
        ServerError::NotOurs { server: self.spec.label() }
    }

    fn process_error(&self, source: crate::process::ProcessError) -> ServerError {
        ServerError::Process { server: self.spec.label(), source }
    }
}

fn ended(child: &mut Child) -> Option<String> {
    match child.try_wait() {
        Ok(status) => status.map(|status| status.to_string()),
        Err(error) => Some(error.to_string()),
    }
}
