//! Published numbers, as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::factor::Selector;
use crate::names::{ClaimId, MetricId};
use crate::units::Share;

/// A published number or order, and what it takes to check it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Its short name.
    pub id: ClaimId,
    /// The claim in its publisher's words.
    pub says: String,
    /// Where it stands.
    pub source: Source,
    /// What kind of statement it is.
    pub kind: ClaimKind,
    /// The system it speaks of; elsewhere it is not comparable.
    pub system: Option<SystemMatch>,
}

/// Where a claim stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Document or URL.
    pub file: String,
    /// Its section.
    #[serde(default)]
    pub section: Option<String>,
    /// When it was published.
    #[serde(default)]
    pub date: Option<String>,
}

/// A claim, typed. The `kind` key selects; `where` selectors pick cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClaimKind {
    /// The metric has this value.
    Absolute {
        /// Which metric.
        metric: MetricId,
        /// In which cell.
        cell: Selector,
        /// As published.
        value: f64,
        /// How far off still counts as reproduced.
        tolerance: Share,
    },
    /// The metric in one cell over the metric in another.
    Ratio {
        /// Which metric.
        metric: MetricId,
        /// Above the line.
        numerator: Selector,
        /// Below the line.
        denominator: Selector,
        /// As published.
        value: f64,
        /// How far off still counts as reproduced.
        tolerance: Share,
    },
    /// The metric is at least this.
    AtLeast {
        /// Which metric.
        metric: MetricId,
        /// In which cell.
        cell: Selector,
        /// As published.
        value: f64,
    },
    /// The metric is at most this.
    AtMost {
        /// Which metric.
        metric: MetricId,
        /// In which cell.
        cell: Selector,
        /// As published.
        value: f64,
    },
    /// The metric is larger in one cell than in another.
    Ordering {
        /// Which metric.
        metric: MetricId,
        /// Where it is larger.
        larger: Selector,
        /// Where it is smaller.
        smaller: Selector,
    },
}

impl ClaimKind {
    /// The metric it speaks of.
    pub const fn metric(&self) -> &MetricId {
        match self {
            Self::Absolute { metric, .. }
            | Self::Ratio { metric, .. }
            | Self::AtLeast { metric, .. }
            | Self::AtMost { metric, .. }
            | Self::Ordering { metric, .. } => metric,
        }
    }

    /// The cells it speaks of, each under the key it is written with.
    pub fn selectors(&self) -> Vec<(&'static str, &Selector)> {
        match self {
            Self::Absolute { cell, .. } | Self::AtLeast { cell, .. } | Self::AtMost { cell, .. } => {
                vec![("where", cell)]
            }
            Self::Ratio { numerator, denominator, .. } => {
                vec![("numerator", numerator), ("denominator", denominator)]
            }
            Self::Ordering { larger, smaller, .. } => vec![("larger", larger), ("smaller", smaller)],
        }
    }

    /// The number it states, if it states one.
    pub const fn value(&self) -> Option<f64> {
        match self {
            Self::Absolute { value, .. }
            | Self::Ratio { value, .. }
            | Self::AtLeast { value, .. }
            | Self::AtMost { value, .. } => Some(*value),
            Self::Ordering { .. } => None,
        }
    }

    /// How far off still counts as reproduced, where it states a value.
    pub const fn tolerance(&self) -> Option<Share> {
        match self {
            Self::Absolute { tolerance, .. } | Self::Ratio { tolerance, .. } => Some(*tolerance),
            Self::AtLeast { .. } | Self::AtMost { .. } | Self::Ordering { .. } => None,
        }
    }
}

/// What a system must be for a claim to speak of it; all that is given must
/// hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SystemMatch {
    /// A part of the GPU's name, upper and lower case alike.
    pub gpu: Option<String>,
    /// The first number of the GPU driver's version.
    pub driver: Option<u32>,
    /// A part of the server's name and version, upper and lower case alike:
    /// `Ollama 0.12`.
    pub engine: Option<String>,
    /// How the model's weights are quantised: `Q4_K_M`.
    pub quantisation: Option<String>,
    /// The model's digest, or how it begins.
    pub digest: Option<String>,
}
