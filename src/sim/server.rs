//! The life of one simulated server.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::SecondsFormat;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection;
use super::engine::ProcessId;
use super::error::SimError;
use super::machine::Machine;
use super::wire::{Asked, Catalogue, Form, Reply};
use super::world::World;
use crate::dialect::Api;
use crate::scenario::ServerSpec;

/// How long a server that was asked to stop lets replies go on.
const GRACE: Duration = Duration::from_secs(10);

/// A simulated server that listens. Dropped, it is killed.
#[derive(Debug)]
pub struct SimServer {
    site: Arc<Site>,
    wire: Handle,
    address: SocketAddr,
    url: String,
    life: Mutex<Life>,
}

/// What every life of a server has in common.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) world: Arc<World>,
    pub(super) label: String,
    pub(super) api: Api,
    pub(super) catalogue: Catalogue,
}

/// From a start to a stop or kill.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) process: ProcessId,
    /// No new connections, and none kept alive.
    pub(super) stopping: CancellationToken,
    /// No connections at all; then `stopping` holds as well.
    pub(super) killed: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl SimServer {
    pub(super) async fn start(
        world: Arc<World>,
        wire: Handle,
        machine: &Machine,
        spec: &ServerSpec,
    ) -> Result<Self, SimError> {
        let catalogue = Catalogue {
            model: spec.model.clone().unwrap_or_else(|| machine.model.name.clone()),
            weights_bytes: machine.model.weights_bytes,
            digest: format!("simulated-{}", machine.name()),
            slots: spec.slots.unwrap_or(1).max(1),
        };
        let site = Arc::new(Site { world, label: spec.label(), api: spec.api, catalogue });
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (life, address) = site.begin(&wire, any_port).await?;
        Ok(Self { site, wire, address, url: format!("http://{address}"), life: Mutex::new(life) })
    }

    /// Where it listens, `http://127.0.0.1:PORT`; the same after a restart.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The pid it goes by in [`super::SimHost::reading`]; another after a
    /// restart.
    pub fn pid(&self) -> u32 {
        self.life().process.pid()
    }

    /// Stops it as SIGTERM would: nothing new, replies under way may end, for
    /// ten seconds at most.
    pub async fn stop(self) {
        let life = self.life();
        life.stopping.cancel();
        life.tasks.close();
        // Whoever is still there after the time is cut off by the drop.
        let _late = tokio::time::timeout(GRACE, life.tasks.wait()).await;
    }

    /// Ends it as SIGKILL would: its connections are reset, its port is
    /// closed, its memory is free.
    pub async fn kill(&self) {
        let life = self.life();
        life.kill(&self.site.world);
        life.tasks.close();
        life.tasks.wait().await;
    }

    /// Why it cannot lose its workers alone.
    pub fn has_no_workers(&self) -> SimError {
        SimError::NoWorkers { server: self.site.label.clone() }
    }

    /// Kills it if it still runs, and starts it again on the same port.
    ///
    /// # Errors
    /// When the port has been taken meanwhile, or device memory.
    pub async fn restart(&self) -> Result<(), SimError> {
        self.kill().await;
        let (life, _) = self.site.begin(&self.wire, self.address).await?;
        *self.life.lock().unwrap_or_else(PoisonError::into_inner) = life;
        Ok(())
    }

    fn life(&self) -> Life {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for SimServer {
    fn drop(&mut self) {
        self.life().kill(&self.site.world);
    }
}

impl Site {
    /// A reply to `asked`, created now.
    pub(super) fn reply(&self, form: Form, asked: Asked, number: u64) -> Reply {
        let created = self.world.clock.wall();
        Reply {
            form,
            model: asked.model.clone().unwrap_or_else(|| self.catalogue.model.clone()),
            asked,
            number,
            created: created.to_rfc3339_opts(SecondsFormat::Micros, true),
            created_unix: created.timestamp(),
            timings: self.api == Api::LlamaServer,
        }
    }

    async fn begin(self: &Arc<Self>, wire: &Handle, address: SocketAddr) -> Result<(Life, SocketAddr), SimError> {
        let failed = |source| SimError::Listen { server: self.label.clone(), address, source };
        let listener = wire.spawn(TcpListener::bind(address)).await.map_err(|_| SimError::Ended)?.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let life = Life {
            process: self.world.spawn(&self.label, self.catalogue.slots)?,
            stopping: CancellationToken::new(),
            killed: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        life.tasks.spawn_on(connection::accept(listener, Arc::clone(self), life.clone()), wire);
        Ok((life, address))
    }
}

impl Life {
    fn kill(&self, world: &World) {
        // In this order: a connection looks at `stopping` first.
        self.killed.cancel();
        self.stopping.cancel();
        world.kill(self.process);
    }
}
