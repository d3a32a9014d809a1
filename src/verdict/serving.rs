use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::metric::Better;
use crate::names::{CellId, MetricId};
use crate::summary::{Estimate, Interval};

/// Which way to serve, at one load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What the options are ranked by; none if no option has any such figure.
    pub metric: Option<MetricId>,
    /// Which way of it is good.
    pub better: Better,
    /// The practical margin δ, 0.03 for 3 %.
    pub margin: f64,
    /// The options: the recommended one first, then the better ones first.
    pub options: Vec<ServingOption>,
    /// What to do.
    pub advice: Advice,
    /// What the recommended option costs: metrics on which another option is
    /// better by more than the margin.
    pub costs: Vec<Cost>,
    /// What to do where the recommended option cannot be had.
    pub otherwise: Vec<Otherwise>,
    /// Treatments without a valid measurement at that load, which are not
    /// ranked.
    pub unmeasured: Vec<String>,
    /// Ways to serve of which no treatment was planned at that load.
    #[serde(default)]
    pub unplanned: Vec<String>,
    /// The guide's "use when" lines, each with its evidence.
    pub evidence: Vec<Evidence>,
}

/// What the figures allow to say.
///
/// An option is recommended if every other option's advantage over it lies below
/// the margin: each by a one-sided upper bound of their paired ratio, and all of
/// these together with a chance of error of 5 % (Bonferroni over the rivals; of
/// the options that are worse than the best by more than the margin, one passes
/// only if its bound over the best one fails; Hsu 1984). Of several that pass,
/// the simplest is recommended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "advice", rename_all = "snake_case")]
pub enum Advice {
    /// The first option.
    Use,
    /// No option passes: the first has the best figure, and the data allow one
    /// of these to be better by more than the margin.
    Open {
        /// Places among the options.
        rivals: Vec<usize>,
        /// In about how many blocks the first would pass with a chance of 90 %,
        /// if its figures stay as they are.
        blocks: Option<u32>,
    },
    /// Only one option was measured: there is nothing to choose from.
    Alone,
    /// No option is sure to keep to what is asked of all.
    Unmet,
    /// No option has a valid measurement.
    Nothing,
}

/// A way to serve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServingOption {
    /// In words: "one server with batching".
    pub name: String,
    /// Its treatment, as text.
    pub treatment: String,
    /// The cell it is ranked by.
    pub cell: CellId,
    /// Server processes.
    pub servers: u32,
    /// What it is ranked by, there.
    pub figure: Estimate,
    /// Against the first option; none for the first itself.
    pub against_first: Option<AgainstFirst>,
    /// What is asked of all options and this one is not sure to keep to, as
    /// written, with what was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fails: Vec<String>,
}

/// An option's figure over that of the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgainstFirst {
    /// Geometric mean of the ratios inside shared blocks; the ratio of the two
    /// means where no block is shared.
    pub ratio: f64,
    /// Its 95 % interval; none with fewer than two shared blocks.
    pub interval: Option<Interval>,
    /// How much better it may be, 0.007 for 0.7 %: the upper bound of its
    /// advantage, with all options compared at once. Negative where it is sure to
    /// be worse.
    pub at_most: Option<f64>,
    /// Blocks that the two share.
    pub blocks: u32,
    /// What follows.
    pub standing: Standing,
}

/// How an option stands to the first, by the upper bound of its advantage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is worse.
    Behind,
    /// It is not better by more than the margin.
    NoBetter,
    /// It may be better by more than the margin, or too few blocks are shared.
    Open,
}

/// A ratio inside blocks, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Over {
    /// Geometric mean.
    pub ratio: f64,
    /// 95 % interval.
    pub interval: Interval,
}

/// A metric on which another option is better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Which metric.
    pub metric: MetricId,
    /// Where it was measured: the recommended option's cell.
    pub cell: CellId,
    /// What the recommended option has.
    pub here: Estimate,
    /// The option that is best there.
    pub option: usize,
    /// What that option has.
    pub there: Estimate,
    /// The recommended option's figure over that option's.
    pub over: Over,
}

/// The best of the options that keep to a constraint, where the recommended one
/// does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Otherwise {
    /// What must be so.
    pub constraint: Constraint,
    /// The option.
    pub option: usize,
    /// The next of those that keep to it, and the option's figure over that
    /// one's; none if it is the only one.
    pub over: Option<(usize, Over)>,
}

/// What may rule an option out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// There must be several server processes.
    SeveralProcesses,
    /// There can be only one.
    OneProcess,
    /// MPS cannot be had.
    WithoutMps,
    /// The server does not batch.
    WithoutBatching,
}
