use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::{CellId, MetricId};

/// How precise a run is after some of its blocks, and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Complete blocks so far.
    pub blocks: u32,
    /// The metric whose intervals were looked at.
    pub metric: MetricId,
    /// The compared cell with the widest interval, if any is compared.
    pub cell: Option<CellId>,
    /// Half its 95 % interval over its estimate; `None` if it has none.
    pub half_width: Option<f64>,
    /// The widest half-width that is precise enough.
    pub wanted: f64,
    /// What follows.
    pub decision: LookDecision,
}

/// What follows from a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookDecision {
    /// It was precise enough.
    Stopped,
    /// It was not yet.
    WentOn,
    /// There are no more blocks.
    ReachedMaximum,
}

/// `stopped after 8 blocks: the widest half-width was 1.9 % of …`.
impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { blocks, metric, cell, half_width, wanted, decision } = self;
        match decision {
            LookDecision::Stopped => write!(f, "stopped after {blocks} blocks: ")?,
            LookDecision::WentOn => write!(f, "went on after {blocks} blocks: ")?,
            LookDecision::ReachedMaximum => write!(f, "reached {blocks} blocks: ")?,
        }
        match (cell, half_width) {
            (None, _) => write!(f, "there was no cell to compare"),
            (Some(cell), None) => write!(f, "`{metric}` had no interval in `{cell}`"),
            (Some(cell), Some(half_width)) => {
                let (half_width, wanted) = (half_width * 100.0, wanted * 100.0);
                write!(f, "the widest half-width was {half_width:.1} % of `{metric}`, in `{cell}`; ")?;
                write!(f, "at most {wanted:.1} % was asked for")
            }
        }
    }
}
