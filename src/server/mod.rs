//! Starts, watches and stops servers under test. Effects.
//!
//! The [`Display`](std::fmt::Display) text of every error here is complete:
//! it already says what its source says.

mod about;
mod already_there;
mod compose;
mod compose_file;
mod error;
mod ollama_store;
mod ready;
mod running;
mod seen;
mod slots;
mod spawn;

use std::path::Path;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

pub use about::about;
pub use already_there::already_there;
pub use compose_file::{ComposeFile, Publication};
pub use error::{ComposeError, NotReady, ServerError};
pub use ollama_store::OllamaStore;
pub use ready::accepts;
pub use running::{RunningServer, start};
pub use seen::loaded_models;
pub use slots::slots_of;

use crate::clock::Clock;
use crate::scenario::Header;

/// Where a server is started.
#[derive(Clone, Copy, Debug)]
pub struct ServerContext<'a> {
    /// The scenario's folder: relative paths start there.
    pub dir: &'a Path,
    /// The server's output is appended here.
    pub log: &'a Path,
    /// The run.
    pub run_id: &'a str,
    /// What the epoch's steps put into every server's environment.
    pub env: &'a IndexMap<String, String>,
    /// Headers of its ready check.
    pub headers: &'a [Header],
    /// The run's clock.
    pub clock: Clock,
    /// Ends the start early.
    pub cancel: &'a CancellationToken,
}
