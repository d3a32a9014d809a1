//! `find`: the highest load that meets the phase's objectives.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::traffic::{Arrival, Load};
use crate::units::Share;

/// A search for the highest load that meets the objectives of a phase. Every
/// load that is tried is measured like a cell, with a warm-up of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Find {
    /// What is raised.
    pub max: Searched,
    /// The lowest load, which is tried first.
    pub from: f64,
    /// The highest load that is tried.
    pub to: f64,
    /// How far apart the highest load that passed and the lowest that failed
    /// may be in the end, over the former.
    pub resolution: Share,
    /// The share of requests that must meet the objectives on single requests.
    pub attainment: Share,
}

/// What a search raises.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Searched {
    /// Clients of a closed loop.
    Clients,
    /// Requests per second of an open loop with these arrivals.
    Rate(Arrival),
    /// Servers that run together, each with so many clients of a closed loop.
    Servers {
        /// Of each server.
        clients: u32,
    },
}

impl Searched {
    /// The metric that the search has for a result.
    pub const fn metric(self) -> &'static str {
        match self {
            Self::Clients => "max_clients",
            Self::Rate(_) => "max_rate",
            Self::Servers { .. } => "instances_max_practical",
        }
    }
}

/// `clients`, `rate` or `servers`.
impl fmt::Display for Searched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clients => "clients",
            Self::Rate(_) => "rate",
            Self::Servers { .. } => "servers",
        })
    }
}

impl Find {
    /// The load at a level, which is rounded to whole clients.
    pub fn load(&self, level: f64) -> Load {
        match self.max {
            Searched::Clients => Load::Clients(whole(level)),
            Searched::Rate(arrival) => Load::Rate { per_second: level, arrival },
            Searched::Servers { clients } => Load::Clients(whole(level).saturating_mul(clients)),
        }
    }

    /// How many servers run at a level, if that is what is raised.
    pub fn servers(&self, level: f64) -> Option<u32> {
        match self.max {
            Searched::Clients | Searched::Rate(_) => None,
            Searched::Servers { .. } => Some(whole(level)),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "levels lie within their bounds")]
const fn whole(level: f64) -> u32 {
    level.round() as u32
}

/// `find = { … }` as it is written.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Find")]
pub(in crate::scenario) struct WrittenFind {
    /// What is raised.
    pub(in crate::scenario) max: WrittenMax,
    /// The lowest load, which is tried first.
    pub(in crate::scenario) from: f64,
    /// The highest load that is tried. From the lowest on the load is doubled
    /// until one fails; servers are added one at a time.
    pub(in crate::scenario) to: f64,
    /// How far apart the highest load that passed and the lowest that failed
    /// may be in the end; `5%` if left out.
    #[serde(default = "five_percent")]
    pub(in crate::scenario) resolution: Share,
    /// The share of requests that must meet the objectives on single requests;
    /// `95%` if left out.
    #[serde(default = "most")]
    pub(in crate::scenario) attainment: Share,
}

/// What a search can raise.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::scenario) enum WrittenMax {
    /// Clients of a closed loop.
    Clients,
    /// Requests per second of an open loop.
    Rate,
    /// Servers that run together: the first so many of those that are
    /// declared. One that cannot be started, or that finds too little memory,
    /// ends the search as much as a missed objective. `clients` are then those
    /// of each server, one if left out.
    Servers,
}

fn five_percent() -> Share {
    Share::from_fraction(0.05).unwrap_or_default()
}

fn most() -> Share {
    Share::from_fraction(0.95).unwrap_or_default()
}
