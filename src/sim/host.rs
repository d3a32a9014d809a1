//! The machine's life: two threads of its own, so that it never takes time
//! from the driver under test.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

use super::error::SimError;
use super::machine::Machine;
use super::server::SimServer;
use super::world::World;
use crate::clock::Clock;
use crate::host::SERVING;
use crate::record::GpuReading;
use crate::scenario::ServerSpec;
use crate::units::Bytes;

/// A simulated machine that runs. Dropped, it ends with all of its servers.
#[derive(Debug)]
pub struct SimHost {
    world: Arc<World>,
    machine: Machine,
    wire: Handle,
    stop: CancellationToken,
    threads: Vec<JoinHandle<()>>,
}

impl SimHost {
    /// Starts `machine` with MPS off and no servers; its events carry the time
    /// of `clock`.
    ///
    /// # Errors
    /// When its threads cannot be started.
    pub fn start(machine: Machine, clock: Clock) -> Result<Self, SimError> {
        let name = machine.name().to_owned();
        let failed = |source: io::Error| SimError::Start { machine: name.clone(), source };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let mut host = Self {
            world: Arc::new(World::new(machine.clone(), clock)),
            wire: runtime.handle().clone(),
            stop: CancellationToken::new(),
            threads: Vec::new(),
            machine,
        };
        let stop = host.stop.clone();
        host.thread("wire", move || runtime.block_on(stop.cancelled())).map_err(failed)?;
        let world = Arc::clone(&host.world);
        host.thread("pace", move || world.pace()).map_err(failed)?;
        Ok(host)
    }

    fn thread(&mut self, name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.push(thread::Builder::new().name(format!("{SERVING}{name}")).spawn(body)?);
        Ok(())
    }

    /// The machine it simulates.
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Whether processes share the device under MPS.
    pub fn mps(&self) -> bool {
        self.world.mps()
    }

    /// Switches MPS.
    ///
    /// # Errors
    /// While servers run, and on a machine without MPS.
    pub fn set_mps(&self, on: bool) -> Result<(), SimError> {
        self.world.set_mps(on)
    }

    /// Starts the server `spec`, ready at once, on a free port of loopback.
    ///
    /// # Errors
    /// When its model does not fit into device memory, or no port can be had.
    pub async fn start_server(&self, spec: &ServerSpec) -> Result<SimServer, SimError> {
        SimServer::start(Arc::clone(&self.world), self.wire.clone(), &self.machine, spec).await
    }

    /// What Linux would call available of the host's memory, where the device
    /// has none of its own; of a host beside a device nothing is simulated.
    pub fn memory_available(&self) -> Option<Bytes> {
        self.machine.gpu.unified.then(|| self.world.memory_free())
    }

    /// What NVML would say of the GPU now. Utilisation and power are those of
    /// the time since the last reading, at least 1/6 s ago.
    pub fn reading(&self) -> GpuReading {
        self.world.reading()
    }
}

impl Drop for SimHost {
    fn drop(&mut self) {
        self.stop.cancel();
        self.world.end();
        for thread in self.threads.drain(..) {
            // A panic there has already been shown by its own thread.
            let _panicked = thread.join();
        }
    }
}
