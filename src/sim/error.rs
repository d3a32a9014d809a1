use std::io;
use std::net::SocketAddr;

use crate::units::Bytes;

/// The simulated machine cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// Its threads could not be started.
    #[error("failed to start the simulated machine `{machine}`")]
    Start {
        /// The machine.
        machine: String,
        /// Why.
        source: io::Error,
    },
    /// The machine has ended.
    #[error("the simulated machine has ended")]
    Ended,
    /// A server could not listen.
    #[error("failed to listen on {address} for the simulated server `{server}`")]
    Listen {
        /// The server, `ollama[1]`.
        server: String,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A simulated server is one process.
    #[error("the simulated server `{server}` has no workers to kill: it is modelled as one process")]
    NoWorkers {
        /// The server, `ollama[1]`.
        server: String,
    },
    /// The model does not fit beside what is already there.
    #[error("simulated server `{server}` needs {needed} of device memory, {free} of {total} are free")]
    Memory {
        /// The server, `ollama[1]`.
        server: String,
        /// What it needs.
        needed: Bytes,
        /// What is left.
        free: Bytes,
        /// What there is.
        total: Bytes,
    },
    /// The machine has no MPS.
    #[error("the simulated machine `{machine}` has no MPS")]
    NoMps {
        /// The machine.
        machine: String,
    },
    /// MPS cannot be switched under running servers.
    #[error("MPS cannot be switched while {servers} simulated servers run; stop them first")]
    MpsInUse {
        /// How many.
        servers: usize,
    },
}
