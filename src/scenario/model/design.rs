use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::factor::Selector;
use crate::format::table;
use crate::names::{FactorName, MetricId};
use crate::units::{Period, Share};

/// What one repetition renews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replicate {
    /// Fresh servers for every repetition: the spread between server starts
    /// is part of the interval.
    #[default]
    Epoch,
    /// Servers stay up over all blocks; only phases are repeated.
    Phase,
}

/// How treatments are ordered inside a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// A fresh random order for every block.
    #[default]
    RandomizedBlocks,
    /// The order of the factors in the file.
    AsWritten,
    /// As written, then reversed, in turn (ABBA).
    Mirrored,
}

table! {
    /// `[design]`: how often, in which order, against what.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, default)]
    pub struct Design as pub(in crate::scenario) DesignKeys {
        /// What one repetition renews.
        pub replicate: Replicate,
        /// Complete blocks; each holds every treatment once. With `adaptive` the
        /// fewest.
        #[schemars(range(min = 1, max = 1000))]
        pub repetitions: u32,
        /// The order inside a block.
        pub order: Order,
        /// Every random choice of the plan follows from it.
        pub seed: u64,
        /// The cell that scaling and effects are compared with.
        pub baseline: Option<Selector>,
        /// A pause after every epoch.
        pub cooldown: Option<Cooldown>,
        /// How often, at most, a repetition is measured again, at the end of its
        /// block and on fresh servers, that something beside the experiment has
        /// spoiled: a driver that stood still, a GPU that was throttled. What the
        /// servers do themselves, errors say, is no reason. 0 is never.
        #[schemars(range(max = 3))]
        pub rerun: u32,
        /// Factors that advance together: the first level of one goes with the
        /// first of the others, and so on. Everything else is crossed.
        pub zip: Vec<Vec<FactorName>>,
        /// Whether the run may end before, or go on after, `repetitions`.
        pub adaptive: Option<Adaptive>,
    }
}

table! {
    /// `adaptive = { half_width = "2%", max_repetitions = 12 }`: the run ends
    /// after any block, from `repetitions` on, at which it is precise enough.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Adaptive as pub(in crate::scenario) AdaptiveKeys {
        /// The widest that a compared cell's 95 % interval may be to either side,
        /// over its estimate.
        pub half_width: Share,
        /// Complete blocks, at most.
        #[schemars(range(min = 5, max = 1000))]
        pub max_repetitions: u32,
        /// Of which metric; `output_throughput` if it is not said.
        #[schemars(with = "Option<MetricId>")]
        pub metric: MetricId,
    }
}

impl Adaptive {
    /// Fewer complete blocks than this say too little about their own spread.
    pub const LEAST_BLOCKS: u32 = 5;
}

/// A pause between epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cooldown {
    /// Go on as soon as the GPU is cooler than this, in °C.
    pub gpu_below_c: Option<f64>,
    /// Never wait longer than this.
    pub at_most: Period,
}

impl Default for Design {
    fn default() -> Self {
        Self {
            replicate: Replicate::default(),
            repetitions: 5,
            order: Order::default(),
            seed: 1,
            baseline: None,
            cooldown: None,
            rerun: 1,
            zip: Vec::new(),
            adaptive: None,
        }
    }
}
