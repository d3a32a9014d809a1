use serde::{Deserialize, Serialize};

use super::{Decision, Effect, Over, Significance};
use crate::names::{CellId, MetricId};
use crate::scenario::{Claim, Quantity};
use crate::summary::{Estimate, Interval, Measured};

/// Everything that was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdicts {
    /// Of every test but where several are done at once.
    pub significance: Significance,
    /// Every claim, in the scenario's order.
    pub claims: Vec<Judged>,
    /// Treatments against the baseline, at equal load.
    pub comparisons: Vec<Comparison>,
    /// What each factor and each pair of factors contribute.
    pub effects: Vec<Effect>,
    /// Options, ranked.
    pub decision: Decision,
    /// Every rule, in the scenario's order.
    pub rules: Vec<JudgedRule>,
}

/// A claim and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The claim.
    pub claim: Claim,
    /// The cell it was compared with, if there is one.
    pub cell: Option<CellId>,
    /// What was measured there.
    pub measured: Option<Estimate>,
    /// What was measured in the cell below the line of a ratio, or in the one
    /// that is claimed to be smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Estimate>,
    /// The one over the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
    /// Measured over published, with the interval of its test.
    pub ratio: Option<(f64, Interval)>,
    /// Of a trend, each cell over the one before it, with the interval of that
    /// step alone; none where such a ratio has no meaning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<(f64, Interval)>,
    /// The verdict.
    pub verdict: Verdict,
    /// Of a claim about faults, which kinds were tried and which were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
    /// How the figures of the claim, published or measured, take more memory
    /// traffic than the machine has, if they do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub implausible: Vec<String>,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The interval of measured ÷ published, as wide as [`Significance`] says,
    /// lies inside the tolerance.
    Reproduced,
    /// It lies outside the tolerance.
    NotReproduced,
    /// It overlaps the tolerance's edge.
    Inconclusive {
        /// About how many repetitions it would take, where that can be said.
        needs: Option<u32>,
    },
    /// The claim speaks of another system.
    NotComparable {
        /// Every difference.
        differences: Vec<String>,
    },
    /// The cell was measured, but not validly.
    Invalid {
        /// Why.
        reason: String,
    },
    /// Nothing here measures it.
    NotRun {
        /// What is missing.
        reason: String,
    },
}

impl Verdict {
    /// As words for a table.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::NotReproduced => "not reproduced",
            Self::Inconclusive { .. } => "inconclusive",
            Self::NotComparable { .. } => "not comparable",
            Self::Invalid { .. } => "invalid",
            Self::NotRun { .. } => "not run",
        }
    }
}

/// One cell against the cell of the same phase and load in the baseline
/// treatment: ratio of means, paired within blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Which metric.
    pub metric: MetricId,
    /// Above the line.
    pub cell: CellId,
    /// Below the line.
    pub baseline: CellId,
    /// Ratio of means.
    pub ratio: f64,
    /// 95 % interval of the ratio; none with fewer than two pairs.
    pub interval: Option<Interval>,
    /// Pairs it stands on.
    pub pairs: u32,
    /// Its p-value among all comparisons of the run (Holm 1979); none with
    /// fewer than two pairs.
    pub p: Option<f64>,
    /// What the pairs say.
    pub pace: Pace,
}

/// How a cell compares with the baseline. Any "faster" or "slower" among all
/// comparisons of a run is wrong with a chance of at most 5 %, early stops
/// included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "pace", rename_all = "snake_case")]
pub enum Pace {
    /// It does more, or answers sooner.
    Faster,
    /// It does less, or answers later.
    Slower,
    /// The interval, as wide as [`Significance`] says, lies within 3 %.
    Equivalent,
    /// None of these.
    Inconclusive {
        /// About how many more blocks would make the interval as narrow as the
        /// margin, where that can be said.
        more_blocks: Option<u32>,
    },
}

/// One line of the guide's decision lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The option it speaks for: "CUDA MPS" or "multiple API servers".
    pub speaks_for: String,
    /// The line.
    pub says: String,
    /// What was measured about it; `None` is "not measured here".
    pub measured: Option<String>,
}

/// A rule of the scenario and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedRule {
    /// What it recommends.
    pub recommend: String,
    /// Its condition, as written.
    pub when: String,
    /// Why the one follows from the other.
    pub because: String,
    /// Everything that the condition reads, once, with 95 % intervals.
    pub figures: Vec<(Quantity, Measured)>,
    /// Whether the condition holds.
    pub ruling: Ruling,
    /// Every figure that could turn the ruling alone, the nearest first; none
    /// where nothing is decided.
    #[serde(default)]
    pub turnings: Vec<Turning>,
}

/// The value of one figure at which a rule begins to hold, or no longer does:
/// with everything else as measured, and its interval as wide as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turning {
    /// The figure.
    pub quantity: Quantity,
    /// What was measured.
    pub measured: f64,
    /// The nearest value at which the rule turns.
    pub turns_at: f64,
    /// Whether it holds there.
    pub holds_beyond: bool,
}

/// Whether the condition of a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ruling", rename_all = "snake_case")]
pub enum Ruling {
    /// It does.
    Holds,
    /// It does not, and would not wherever inside their 95 % intervals the true
    /// values lie.
    DoesNotHold,
    /// It does not, yet would with true values inside their 95 % intervals.
    Undecided,
    /// Something that it reads has no value or no interval, whether or not the
    /// rest would have settled it.
    NotDecidable {
        /// In sentences.
        reasons: Vec<String>,
    },
}

impl Ruling {
    /// As words for a table.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Undecided => "insufficient evidence",
            Self::NotDecidable { .. } => "not decidable",
        }
    }
}
