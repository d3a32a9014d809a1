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
}

impl Searched {
    /// The metric that the search has for a result.
    pub const fn metric(self) -> &'static str {
        match self {
            Self::Clients => "max_clients",
            Self::Rate(_) => "max_rate",
        }
    }
}

/// `clients` or `rate`.
impl fmt::Display for Searched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clients => "clients",
            Self::Rate(_) => "rate",
        })
    }
}

impl Find {
    /// The load at a level, which is rounded to whole clients.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "levels lie within their bounds")]
    pub fn load(&self, level: f64) -> Load {
        match self.max {
            Searched::Clients => Load::Clients(level.round() as u32),
            Searched::Rate(arrival) => Load::Rate { per_second: level, arrival },
        }
    }
}

/// `find = { … }` as it is written.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Find")]
pub(super) struct WrittenFind {
    /// What is raised.
    pub(super) max: WrittenMax,
    /// The lowest load, which is tried first.
    pub(super) from: f64,
    /// The highest load that is tried. From the lowest on the load is doubled
    /// until one fails.
    pub(super) to: f64,
    /// How far apart the highest load that passed and the lowest that failed
    /// may be in the end; `5%` if left out.
    #[serde(default = "five_percent")]
    pub(super) resolution: Share,
    /// The share of requests that must meet the objectives on single requests;
    /// `95%` if left out.
    #[serde(default = "most")]
    pub(super) attainment: Share,
}

/// What a search can raise.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WrittenMax {
    /// Clients of a closed loop.
    Clients,
    /// Requests per second of an open loop.
    Rate,
}

fn five_percent() -> Share {
    Share::from_fraction(0.05).unwrap_or_default()
}

fn most() -> Share {
    Share::from_fraction(0.95).unwrap_or_default()
}
