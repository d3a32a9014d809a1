//! Published numbers, as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::factor::Selector;
use crate::names::{ClaimId, MetricId};
use crate::units::{Period, Share};

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
    /// The system it speaks of, or else its document; elsewhere it is not
    /// comparable. An empty one is any.
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

/// `[[document]]`: where claims stand, and of which system it speaks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct Document {
    /// As the `source.file` of its claims.
    pub(in crate::scenario) file: String,
    /// The system of every claim from it that names none.
    pub(in crate::scenario) system: SystemMatch,
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
    /// The metric lies between two values.
    Range {
        /// Which metric.
        metric: MetricId,
        /// In which cell.
        cell: Selector,
        /// The lower end, as published.
        from: f64,
        /// The upper end, as published.
        to: f64,
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
    /// The metric rises, or falls, from each cell to the next.
    Trend {
        /// Which metric.
        metric: MetricId,
        /// Which way it goes.
        direction: Direction,
        /// The cells, in order; two or more.
        along: Vec<Selector>,
    },
    /// At least a share of the requests takes less than a limit.
    FractionUnder {
        /// Which time of a request.
        metric: RequestTime,
        /// In which cell.
        cell: Selector,
        /// What it must stay under.
        limit: Period,
        /// As published.
        value: Share,
    },
}

/// Which way a metric goes from one cell to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It becomes larger.
    Rises,
    /// It becomes smaller.
    Falls,
}

/// A time of each request, as `slo` bounds it: waiting counts from the moment
/// that was scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestTime {
    /// Until the first token.
    Ttft,
    /// Per output token.
    Tpot,
    /// Until the last token.
    E2e,
}

impl RequestTime {
    /// Every one there is.
    pub const ALL: [Self; 3] = [Self::Ttft, Self::Tpot, Self::E2e];

    /// As scenarios and reports name it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ttft => "ttft",
            Self::Tpot => "tpot",
            Self::E2e => "e2e",
        }
    }
}

impl ClaimKind {
    /// The metric, or the time of a request, that it speaks of.
    pub fn metric(&self) -> &str {
        match self {
            Self::Absolute { metric, .. }
            | Self::Ratio { metric, .. }
            | Self::AtLeast { metric, .. }
            | Self::AtMost { metric, .. }
            | Self::Range { metric, .. }
            | Self::Ordering { metric, .. }
            | Self::Trend { metric, .. } => metric.as_str(),
            Self::FractionUnder { metric, .. } => metric.id(),
        }
    }

    /// The cells it speaks of, each under the key it is written with.
    pub fn selectors(&self) -> Vec<(&'static str, &Selector)> {
        match self {
            Self::Absolute { cell, .. }
            | Self::AtLeast { cell, .. }
            | Self::AtMost { cell, .. }
            | Self::Range { cell, .. }
            | Self::FractionUnder { cell, .. } => vec![("where", cell)],
            Self::Ratio { numerator, denominator, .. } => {
                vec![("numerator", numerator), ("denominator", denominator)]
            }
            Self::Ordering { larger, smaller, .. } => vec![("larger", larger), ("smaller", smaller)],
            Self::Trend { along, .. } => along.iter().map(|cell| ("along", cell)).collect(),
        }
    }

    /// The number it states, if it states one.
    pub const fn value(&self) -> Option<f64> {
        match self {
            Self::Absolute { value, .. }
            | Self::Ratio { value, .. }
            | Self::AtLeast { value, .. }
            | Self::AtMost { value, .. } => Some(*value),
            Self::FractionUnder { value, .. } => Some(value.fraction()),
            Self::Range { .. } | Self::Ordering { .. } | Self::Trend { .. } => None,
        }
    }

    /// How far off still counts as reproduced, where it states a value.
    pub const fn tolerance(&self) -> Option<Share> {
        match self {
            Self::Absolute { tolerance, .. } | Self::Ratio { tolerance, .. } => Some(*tolerance),
            Self::AtLeast { .. }
            | Self::AtMost { .. }
            | Self::Range { .. }
            | Self::Ordering { .. }
            | Self::Trend { .. }
            | Self::FractionUnder { .. } => None,
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
