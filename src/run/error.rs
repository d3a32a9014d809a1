use super::foreign_process::{self, ForeignProcess};
use super::needs::{self, Missing};
use super::placed::{self, Misplaced};
use super::rights::{self, Powerless};
use super::world::WorldError;
use crate::names::CellId;
use crate::process::Tail;

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunStop {
    /// Steps lack the rights that they need.
    #[error(
        "nothing has been changed, because this user may not do all that would have to be done:{}",
        rights::listed(powerless)
    )]
    Rights {
        /// They.
        powerless: Vec<Powerless>,
    },
    /// Something that steps or servers need is not there.
    #[error("nothing has been changed, because what the run needs is not there:{}", needs::listed(missing))]
    Needs {
        /// What, and who needs it.
        missing: Missing,
    },
    /// Somebody else computes on a GPU.
    #[error(
        "a measurement beside somebody else's work would say nothing of this one:{}",
        foreign_process::listed(foreign)
    )]
    ForeignProcess {
        /// They.
        foreign: Vec<ForeignProcess>,
    },
    /// The scenario requires a GPU that can be watched, and there is none.
    #[error("`telemetry.gpu` is \"required\", and there is no GPU to watch: {reason}")]
    NoGpu {
        /// Why.
        reason: String,
    },
    /// Servers are placed on GPUs that are not there.
    #[error("servers on a GPU that is not there would compute without one:{}", placed::listed(misplaced, there))]
    Misplaced {
        /// They.
        misplaced: Vec<Misplaced>,
        /// Number, name and UUID of each GPU.
        there: Vec<String>,
    },
    /// A step failed.
    #[error("step `{name}` failed")]
    Step {
        /// Its name.
        name: String,
        /// Why.
        source: Box<WorldError>,
    },
    /// A server could not be had.
    #[error("server `{label}` could not be started")]
    Server {
        /// `ollama[1]`.
        label: String,
        /// Why.
        source: Box<WorldError>,
    },
    /// A server ended by itself.
    #[error("server `{label}` ended by itself ({how}){tail}")]
    ServerDied {
        /// `ollama[1]`.
        label: String,
        /// Its exit status or signal.
        how: String,
        /// Its last lines.
        tail: Tail,
    },
    /// A cell could not be measured.
    #[error("`{cell}` could not be measured")]
    Cell {
        /// Which.
        cell: CellId,
        /// Why.
        source: Box<WorldError>,
    },
    /// What an epoch changed could not be undone: the next would not start
    /// from the same machine.
    #[error("an epoch could not be undone: {reason}")]
    NotUndone {
        /// What, and what a person can do.
        reason: String,
    },
    /// The records can no longer be written.
    #[error("records can no longer be written")]
    Records,
    /// A signal arrived.
    #[error("interrupted")]
    Interrupted,
}
