use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Answers, Confidence, Count, FaultTrial, Fraction, Measured, Pools, ThroughputCourse, Validity};
use crate::metric::{Counted, Gap, UnitValue};
use crate::names::{CellId, MetricId, PhaseName};
use crate::record::{AlreadyThere, Integrity, Look, ProbeVerdict, ServerAbout};
use crate::scenario::Searched;

/// Everything a report may say in numbers; `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The version of this file's format.
    pub schema_version: u32,
    /// The simulated machine's name, if nothing here was measured.
    pub simulated: Option<String>,
    /// Complete blocks that were planned.
    pub blocks: u32,
    /// Looks that a run that may stop early was planned with, made or not.
    pub planned_looks: u32,
    /// The looks that it made, in order.
    pub looks: Vec<Look>,
    /// How often, when and where the run went on after it had ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Seam>,
    /// What the servers told of themselves, each telling once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub served: Vec<ServerAbout>,
    /// Where a server's model was not loaded alike in every epoch of a treatment,
    /// a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<String>,
    /// What could be seen of servers that the run has not started, by their
    /// labels, each telling once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub already_there: Vec<(String, AlreadyThere)>,
    /// Whether the records are as they were written.
    #[serde(default)]
    pub integrity: Integrity,
    /// Every planned cell, in the plan's order.
    pub cells: IndexMap<CellId, CellSummary>,
}

/// Fewer blocks have no interval that anybody could have looked at.
const FEWEST_SEEN: u32 = 2;

impl Summary {
    /// After how many blocks the data could be looked at before the run went on
    /// by `--resume`, ascending: whoever goes on because of what was seen, or
    /// does not, has tested once more.
    pub fn seen_after(&self) -> Vec<u32> {
        let mut blocks: Vec<u32> = self.resumed.iter().map(|seam| seam.block).collect();
        blocks.retain(|blocks| *blocks >= FEWEST_SEEN);
        blocks.sort_unstable();
        blocks.dedup();
        blocks
    }

    /// Of every interval that is printed. A run that stops because its intervals
    /// are narrow stops where they happen to be too narrow: each look has a share.
    pub fn confidence(&self) -> Confidence {
        let seen = u32::try_from(self.seen_after().len()).unwrap_or(u32::MAX);
        Confidence::over(if self.planned_looks == 0 { 1 } else { self.planned_looks.saturating_add(seen) })
    }
}

/// Where a run went on after it had ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seam {
    /// When.
    pub wall: DateTime<Utc>,
    /// The block that it went on with, from 0.
    pub block: u32,
    /// Measurements that do not count, for what they belong to was not whole
    /// and is measured again.
    pub void: u32,
}

/// One cell over all its repetitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellSummary {
    /// Factor levels, as text.
    pub treatment: IndexMap<String, String>,
    /// Its phase.
    pub phase: PhaseName,
    /// `clients=3`.
    pub load: String,
    /// Clients of a closed loop.
    pub clients: Option<u32>,
    /// Requests per second of an open loop.
    pub rate: Option<f64>,
    /// Server processes.
    pub servers: u32,
    /// Parallel requests inside one server, as far as declared.
    pub slots: Option<u32>,
    /// Every repetition, valid or not, by block.
    pub repetitions: Vec<Repetition>,
    /// Over the valid repetitions.
    pub estimates: IndexMap<MetricId, Measured>,
    /// The phase's objectives on percentiles, and whether this cell meets them.
    pub objectives: Vec<Objective>,
    /// The shares of requests under the limits that claims speak of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fractions: Vec<Fraction>,
}

/// One repetition of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repetition {
    /// Its block.
    pub block: u32,
    /// Its epoch.
    pub epoch: u32,
    /// Whether its values count.
    pub validity: Validity,
    /// How its throughput ran through the window; none in an open loop.
    #[serde(default)]
    pub course: Option<ThroughputCourse>,
    /// Requests sent inside the window, by how they ended.
    pub outcomes: IndexMap<String, u64>,
    /// The metric's value in this repetition, or why there is none.
    #[serde(with = "unit_values")]
    pub values: IndexMap<MetricId, UnitValue>,
    /// In seconds, for every objective on a percentile.
    #[serde(with = "unit_values")]
    pub objectives: IndexMap<MetricId, UnitValue>,
    /// What the metrics that are shares of requests are of.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub counted: IndexMap<MetricId, Counted>,
    /// The requests' times for percentiles over all repetitions; gone once the
    /// estimates are made.
    #[serde(skip)]
    pub pools: Pools,
    /// Requests under the limits that claims speak of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<Count>,
    /// What there is to tell of the replies.
    #[serde(default, skip_serializing_if = "Answers::are_plain")]
    pub answers: Answers,
    /// If the load was searched for; the values are then those at the highest
    /// that passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// If a server was killed in it: what became of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultTrial>,
}

impl Repetition {
    /// One of which nothing was measured.
    pub fn without_values(block: u32, epoch: u32, validity: Validity) -> Self {
        Self {
            block,
            epoch,
            validity,
            course: None,
            outcomes: IndexMap::new(),
            values: IndexMap::new(),
            objectives: IndexMap::new(),
            counted: IndexMap::new(),
            pools: Pools::default(),
            counts: Vec::new(),
            answers: Answers::default(),
            search: None,
            fault: None,
        }
    }

    /// A metric's value in it, or why there is none.
    pub fn value(&self, metric: &str) -> UnitValue {
        value(&self.values, metric)
    }
}

/// A metric's value among these, or why there is none.
pub(super) fn value(values: &IndexMap<MetricId, UnitValue>, metric: &str) -> UnitValue {
    let found = values.iter().find(|(id, _)| id.as_str() == metric);
    found.map_or(Err(Gap::NotRun), |(_, value)| value.clone())
}

/// A search for the highest load that meets the objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// What was raised.
    pub max: Searched,
    /// Every try, in order.
    pub probes: Vec<Probe>,
    /// The highest load that passed every time, below all that ever failed.
    pub passed: Option<f64>,
    /// The lowest that failed every time, above all that ever passed.
    pub failed: Option<f64>,
    /// Whether the two are as close as was asked, and tried twice.
    pub is_complete: bool,
}

impl Search {
    /// Whether it is servers that there were more and more of.
    pub const fn counts_servers(&self) -> bool {
        match self.max {
            Searched::Servers { .. } => true,
            Searched::Clients | Searched::Rate(_) => false,
        }
    }
}

/// One try of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Clients, requests per second, or servers.
    pub level: f64,
    /// What the run made of it.
    pub verdict: ProbeVerdict,
    /// Every metric's value at this load; none where a server was lacking.
    #[serde(with = "unit_values")]
    pub values: IndexMap<MetricId, UnitValue>,
}

/// An objective on a percentile of a cell's requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// As its key in `slo`: `ttft_p95`.
    pub name: MetricId,
    /// At most this many seconds.
    pub limit_s: f64,
    /// The percentile over the valid repetitions, in seconds.
    pub measured: Measured,
    /// What the two say.
    pub attained: Attained,
}

/// Whether an objective is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attained {
    /// The 95 % interval over repetitions ends at the limit or below.
    Met,
    /// It begins above the limit, or in a repetition so many requests never
    /// answered that the percentile is one of them.
    Missed,
    /// The limit lies inside the interval, or there is none.
    Undecided,
    /// No repetition had the requests that such a percentile needs.
    TooFewRequests,
    /// There is no valid repetition.
    NotMeasured,
}

impl Attained {
    /// As words for a table.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Undecided => "undecided",
            Self::TooFewRequests => "too few requests",
            Self::NotMeasured => "not measured here",
        }
    }
}

/// `{"value": 1.5}` or `{"gap": {…}}` in JSON, as [`Measured`] has it.
mod unit_values {
    use indexmap::IndexMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Gap, MetricId, UnitValue};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Written {
        Value(f64),
        Gap(Gap),
    }

    pub(super) fn serialize<S: Serializer>(
        values: &IndexMap<MetricId, UnitValue>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(values.iter().map(|(metric, value)| {
            let written = match value {
                Ok(value) => Written::Value(*value),
                Err(gap) => Written::Gap(gap.clone()),
            };
            (metric, written)
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<IndexMap<MetricId, UnitValue>, D::Error> {
        let written = IndexMap::<MetricId, Written>::deserialize(deserializer)?;
        let read = |written| match written {
            Written::Value(value) => Ok(value),
            Written::Gap(gap) => Err(gap),
        };
        Ok(written.into_iter().map(|(metric, written)| (metric, read(written))).collect())
    }
}
