use serde::{Deserialize, Serialize};

use super::factor::Selector;
use crate::names::FactorName;
use crate::units::Period;

/// What one repetition renews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// `[design]`: how often, in which order, against what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Design {
    /// What one repetition renews.
    pub replicate: Replicate,
    /// Complete blocks; each holds every treatment once.
    pub repetitions: u32,
    /// The order inside a block.
    pub order: Order,
    /// Every random choice of the plan follows from it.
    pub seed: u64,
    /// The cell that scaling and effects are compared with.
    pub baseline: Option<Selector>,
    /// A pause after every epoch.
    pub cooldown: Option<Cooldown>,
    /// Factors that advance together: the first level of one goes with the
    /// first of the others, and so on. Everything else is crossed.
    pub zip: Vec<Vec<FactorName>>,
}

/// A pause between epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
            zip: Vec::new(),
        }
    }
}
