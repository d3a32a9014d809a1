use std::io;

use crate::format::Problems;
use crate::load::TargetError;
use crate::plan::PlanError;

/// A trial could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LoopbackError {
    /// The server or the driver could not be started.
    #[error("failed to {what}")]
    Start {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// Connections could not be prepared.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The trial is out of a scenario's bounds.
    #[error("the trial is no scenario")]
    Scenario(#[from] Problems),
    /// The trial cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The trial's plan is empty.
    #[error("the trial's plan has no cell")]
    NoCell,
    /// The trial expects something that is no pattern.
    #[error(transparent)]
    Pattern(#[from] regex::Error),
    /// Requests failed, on this machine's own loopback.
    #[error("{failed} of {sent} requests on loopback failed, the last with `{last}`")]
    Failed {
        /// Requests that failed.
        failed: u64,
        /// Requests in all.
        sent: u64,
        /// The kind of the last failure.
        last: &'static str,
    },
}

impl LoopbackError {
    pub(super) fn start(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Start { what, source }
    }
}
