//! The simulated machine: a physical model behind real HTTP servers. Effects.
//!
//! `model` says how long a step takes, `sharing` how processes share the
//! device, `engine` runs both in virtual time. `world` lets that time
//! follow the run's clock, `server` and `connection` put it on loopback,
//! `wire` gives it the words of each API. Every number comes from a machine
//! file, each with its source beside it; nothing is looked up by scenario.

mod connection;
mod engine;
mod error;
mod host;
mod machine;
mod model;
mod server;
mod sharing;
mod wire;
mod world;

pub use error::SimError;
pub use host::SimHost;
pub use machine::{Machine, MachineError, find};
pub use server::SimServer;
