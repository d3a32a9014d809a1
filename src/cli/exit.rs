use std::error::Error;
use std::path::PathBuf;

use crate::format::Problems;
use crate::handbook::UnknownWord;
use crate::journal::StateError;
use crate::names::RunId;
use crate::plan::PlanError;
use crate::report::RenderError;
use crate::run::{Obstacle, RunError, SecretError};
use crate::sim::MachineError;
use crate::store::StoreError;
use crate::text::with_causes;
use crate::trust::Distrust;
use crate::warden::WardenError;

pub(super) use super::screen::{print, say};

/// Everything was done.
pub(super) const DONE: u8 = 0;
/// Published numbers contradict each other, or what a machine can do; or a claim
/// has a verdict that was to fail.
pub(super) const CONTRADICTED: u8 = 1;
/// Wrong usage, or an invalid scenario.
pub(super) const USAGE: u8 = 2;
/// Setup, a server or the records failed.
pub(super) const SETUP: u8 = 3;
/// Nothing valid was measured.
pub(super) const NOTHING_VALID: u8 = 4;
/// Something could not be undone.
pub(super) const TEARDOWN: u8 = 5;
/// Another run is at work on this host.
pub(super) const LOCKED: u8 = 6;
/// What an earlier run changed has not been undone.
pub(super) const DIRTY: u8 = 7;

/// 128 + the number of the signal, as a shell counts.
pub(super) fn interrupted(signal: &str) -> u8 {
    match signal {
        "SIGHUP" => 129,
        "SIGTERM" => 143,
        _ => 130,
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The scenario has problems; they are shown with their places.
    #[error(transparent)]
    Scenario(#[from] Problems),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No such simulated machine.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The run directory cannot be written or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template that the person named cannot be read.
    #[error("failed to read the template `{}`", path.display())]
    Template {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A template of the person takes too much.
    #[error("the templates could not be rendered: {took}")]
    Wild {
        /// What, in words.
        took: String,
    },
    /// A file to be made is there already.
    #[error("`{}` is there already\nhelp: go to another folder, or overwrite it with `--force`", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A run that is to be resumed is not there.
    #[error("there is no run `{}`: it is neither a run directory nor the id of one in `{}`", run.display(), results.display())]
    NoRun {
        /// As named.
        run: PathBuf,
        /// Where ids are looked for.
        results: PathBuf,
    },
    /// A run does not owe what is to be given up.
    #[error("`{run}` owes no effect {number}\nhelp: `runexp cleanup {run} --dry-run` shows what it owes, by number")]
    NoEffect {
        /// Which run.
        run: RunId,
        /// The number that was named.
        number: u32,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Unannounced(#[from] crate::process::Unannounced),
    /// A run cannot be resumed.
    #[error(transparent)]
    Resume(#[from] Obstacle),
    /// There is no page for a word.
    #[error(transparent)]
    Word(#[from] UnknownWord),
    /// A template cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A name that the program made is no name.
    #[error(transparent)]
    Name(#[from] crate::names::NameError),
    /// Something of this machine could not be had.
    #[error("failed to {what}")]
    Host {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// A value could not be shown as JSON.
    #[error("failed to write JSON")]
    Json(#[from] serde_json::Error),
    /// Connections cannot come from an address that the scenario names.
    #[error(
        "`{address}` in the `source_addresses` of `{server}` is not an address of this machine; `ip address` lists those it has"
    )]
    NotOurAddress {
        /// Whose.
        server: String,
        /// Which.
        address: std::net::IpAddr,
    },
    /// No free ports.
    #[error(transparent)]
    Ports(#[from] crate::host::PortError),
    /// Somebody else could change what root would execute.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// A secret that a server wants cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The run could not keep its records.
    #[error(transparent)]
    Run(#[from] RunError),
    /// No right to change this host, or no journal.
    #[error(transparent)]
    State(#[from] StateError),
    /// A run could not be watched or undone.
    #[error(transparent)]
    Warden(#[from] WardenError),
    /// The load driver could not be tried out.
    #[error(transparent)]
    Loopback(#[from] crate::loopback::LoopbackError),
    /// Processes cannot be looked for.
    #[error(transparent)]
    Process(#[from] crate::process::ProcessError),
    /// The machine could not be examined.
    #[error(transparent)]
    Doctor(#[from] crate::doctor::DoctorError),
    /// The simulated machine could not be started.
    #[error(transparent)]
    Simulation(#[from] crate::sim::SimError),
}

impl Failure {
    /// The exit code that tells scripts what kind of failure this is.
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Scenario(_)
            | Self::Plan(_)
            | Self::Machine(_)
            | Self::Template { .. }
            | Self::Wild { .. }
            | Self::Exists { .. }
            | Self::NoRun { .. }
            | Self::NoEffect { .. }
            | Self::Resume(_)
            | Self::Word(_)
            | Self::Store(StoreError::IsRecord { .. })
            | Self::Render(_)
            | Self::Name(_) => USAGE,
            Self::State(error) | Self::Warden(WardenError::State(error)) | Self::Run(RunError::State(error)) => {
                match error {
                    StateError::Locked { .. } | StateError::Squatted { .. } => LOCKED,
                    StateError::Dirty { .. } => DIRTY,
                    _ => SETUP,
                }
            }
            Self::Store(StoreError::Busy { .. }) => LOCKED,
            Self::Store(_)
            | Self::Host { .. }
            | Self::Write { .. }
            | Self::Json(_)
            | Self::Ports(_)
            | Self::Unannounced(_)
            | Self::Process(_)
            | Self::NotOurAddress { .. }
            | Self::Distrust(_)
            | Self::Secret(_)
            | Self::Run(_)
            | Self::Warden(_)
            | Self::Loopback(_)
            | Self::Doctor(_)
            | Self::Simulation(_) => SETUP,
        }
    }

    /// Says it on stderr.
    pub(super) fn print(&self) {
        match self {
            Self::Scenario(problems) | Self::Plan(PlanError::Scenario(problems)) => {
                super::scenario::show_problems(problems);
            }
            Self::State(error) | Self::Warden(WardenError::State(error)) | Self::Run(RunError::State(error)) => {
                say_with(error, error.help());
            }
            Self::Distrust(error) => say_with(error, Some(error.help())),
            Self::Secret(error) => say_with(error, error.help()),
            other => say_with(other, None),
        }
    }
}

/// Says an error with its causes, and what a person can do about it.
fn say_with(error: &dyn Error, help: Option<String>) {
    say(format_args!("error: {}", with_causes(error)));
    if let Some(help) = help {
        say(format_args!("help: {help}"));
    }
}
