//! Everything decided before the first effect: blocks, epochs, cells, orders
//! and sending times. Pure, printable, and the same for the same seed.

mod calibration;
mod command;
mod costs;
mod derived;
mod describe;
mod digest;
mod duration;
mod expand;
mod inputs;
mod order;
mod outline;
mod pattern;
mod placement;
mod rights;
mod schedule;
mod script;
mod search;
mod seed;
mod sim_equivalence;
#[cfg(test)]
mod tests;
mod text;
mod text_full;
mod volume;
mod window_offset;

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::names::{CellId, FactorName, MetricId, PhaseName, ScenarioName};
use crate::scenario::{
    Cooldown, Expect, Fault, FileFacts, Find, Length, Load, PromptLine, RequestSpec, Selector, ServerSpec, Slo,
    StepSpec, Telemetry, Treatment,
};
use crate::units::{Nanos, Period, Share};

pub use calibration::calibration;
pub use command::ServerCommand;
pub use derived::{Derived, Described, EpochCommands, StepCommands};
pub use digest::{digest, digest_of_first};
pub use duration::Durations;
pub use expand::{Choices, PlanError, expand};
pub use outline::treatments;
pub use placement::Placement;
pub use rights::{Demand, steps};
pub use schedule::offsets;
pub use script::script;
pub use search::{Bracket, Try, bracket, next_try};
pub use seed::{choices, derive, permutation};
pub use text::render;
pub use text_full::render_full;
pub use volume::{PromptFile, Volume};

impl CellSpec {
    /// `clients=3`, or `max=rate` of a search.
    pub fn load_words(&self) -> String {
        self.find.as_ref().map_or_else(|| self.load.to_string(), |find| format!("max={}", find.max))
    }

    /// One try of its search.
    pub fn probe(&self, find: &Find, level: f64) -> Self {
        let servers = find.servers(level).unwrap_or(self.servers);
        Self { load: find.load(level), find: None, servers, ..self.clone() }
    }
}

/// A whole run, decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The scenario.
    pub scenario: ScenarioName,
    /// Its title.
    pub title: String,
    /// Every random choice below follows from it.
    pub seed: u64,
    /// Complete blocks; if the run may stop early, at most.
    pub blocks: u32,
    /// When it looks whether it may stop early, if it may.
    pub looks: Option<Looks>,
    /// What scaling and effects are compared with.
    pub baseline: Option<Selector>,
    /// Before the first epoch.
    pub setup: Vec<StepSpec>,
    /// In the order they are run.
    pub epochs: Vec<Epoch>,
    /// After the last epoch.
    pub teardown: Vec<StepSpec>,
    /// A pause after every epoch.
    pub cooldown: Option<Cooldown>,
    /// How often, at most, a repetition is measured again that something beside
    /// the experiment has spoiled.
    #[serde(default)]
    pub rerun: u32,
    /// Programs that may compute on a GPU beside the run, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_gpu_processes: Vec<String>,
    /// The factor whose two levels are one treatment, if the run measures how
    /// far two equals differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<FactorName>,
    /// Every cell there is, by id.
    pub cells: IndexMap<CellId, CellSpec>,
    /// The lines of every prompt file, by path; one that is only a prompt is a
    /// text in JSON.
    pub prompts: IndexMap<PathBuf, Vec<PromptLine>>,
    /// The moments of every trace of arrivals, each counted from its first, by
    /// path.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub traces: IndexMap<PathBuf, Vec<Nanos>>,
    /// What each of these files was taken for.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub facts: IndexMap<PathBuf, FileFacts>,
}

impl Plan {
    /// The recorded moments that a cell follows; none if it follows no trace.
    pub fn trace(&self, cell: &CellSpec) -> &[Nanos] {
        let Load::Trace { file, .. } = &cell.load else { return &[] };
        self.traces.get(file).map_or(&[], Vec::as_slice)
    }

    /// What is whole only together: the epochs of a block each, or single ones
    /// where servers stay up over all blocks.
    pub fn rounds(&self) -> impl Iterator<Item = &[Epoch]> {
        let is_alone = self.repeats_within_epochs();
        self.epochs.chunk_by(move |one, next| !is_alone && one.block == next.block)
    }

    /// Whether servers stay up over all blocks.
    pub fn repeats_within_epochs(&self) -> bool {
        self.epochs.iter().any(|epoch| epoch.cells.iter().any(|cell| cell.block != epoch.block))
    }

    /// How many of an epoch's servers are started before its first cell: all,
    /// unless a cell adds them one by one.
    pub fn servers_at_first(&self, epoch: &Epoch) -> usize {
        let counting = epoch.cells.iter().find_map(|planned| {
            let find = self.cells.get(&planned.cell)?.find.as_ref()?;
            find.servers(find.from)
        });
        counting.map_or(epoch.servers.len(), |first| first as usize)
    }

    /// The fewest blocks of a run that may stop before the last.
    pub fn least_blocks(&self) -> Option<u32> {
        self.looks.as_ref()?.after.first().copied().filter(|least| *least < self.blocks)
    }
}

/// When a run looks at what it has measured, and what makes it stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// After so many complete blocks each, rising; the last is all of them.
    pub after: Vec<u32>,
    /// The metric whose intervals are looked at.
    pub metric: MetricId,
    /// The widest half-width, over the estimate, that is precise enough.
    pub half_width: Share,
}

/// A life of the servers: they are started, measured and stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 0 over the whole run.
    pub index: u32,
    /// The block of its first cell.
    pub block: u32,
    /// Which treatment.
    pub treatment: Treatment,
    /// Before the servers.
    pub setup: Vec<StepSpec>,
    /// Started one after the other, in this order.
    pub servers: Vec<ServerSpec>,
    /// Measured one after the other.
    pub cells: Vec<PlannedCell>,
    /// How GPUs are watched meanwhile.
    #[serde(default, skip_serializing_if = "Telemetry::is_default")]
    pub telemetry: Telemetry,
}

/// A cell in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedCell {
    /// Which.
    pub cell: CellId,
    /// The repetition this measurement counts for, from 0.
    pub block: u32,
    /// The seed of its sending times, nonces and prompt order.
    pub seed: u64,
}

/// What a cell is: treatment × phase × load level. The same in every block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellSpec {
    /// Its treatment.
    pub treatment: Treatment,
    /// Its phase.
    pub phase: PhaseName,
    /// Its load level; the lowest if it is searched for.
    pub load: Load,
    /// If the highest load is searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<Find>,
    /// The most requests of an open loop in flight at once; any number if
    /// `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<u32>,
    /// When its window ends.
    pub length: Length,
    /// Load before the window.
    pub warmup: Period,
    /// Time for requests in flight after the window.
    pub drain: Period,
    /// What is sent.
    pub request: RequestSpec,
    /// What a reply must look like.
    pub expect: Expect,
    /// What a good request is.
    pub slo: Slo,
    /// What is broken on purpose.
    pub fault: Option<Fault>,
    /// Server processes in its treatment.
    pub servers: u32,
}
