//! What this machine's load driver can do, found out with servers of our own
//! on loopback. Effects.
//!
//! Every trial drives a server in this process over real sockets, exactly as a
//! cell of a run is driven. A server that answers at once shows how much the
//! driver takes; one that keeps a pace shows how late the driver notices.

mod accuracy;
mod certificate;
mod error;
mod notes;
mod reply;
mod server;
#[cfg(test)]
mod tests;
mod trial;

pub use accuracy::Accuracy;
pub use certificate::{AtOnce, Certificate, OpenLoop, Streams};
pub use error::LoopbackError;
pub use server::{Pace, Server};
pub use trial::{Traffic, Trial, Tried, attempt};
