//! What an audit finds, as data.

use serde::Serialize;

use super::Range;
use super::across::Across;
use crate::names::ClaimId;
use crate::scenario::Source;

/// The version of the JSON of [`Audits`]. It was 1, without saying so, while
/// every check was a finding of its own and one file all there was.
pub const VERSION: u32 = 2;

/// What became of the claims of several files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audits {
    /// [`VERSION`].
    pub version: u32,
    /// Every file, as it was named.
    pub files: Vec<Audited>,
    /// Where claims of different sources speak of the same.
    pub across: Across,
}

/// What became of the claims of one file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audited {
    /// The file.
    pub file: String,
    /// How many claims there are.
    pub claims: usize,
    /// Every claim that could be checked, in their order.
    pub findings: Vec<Finding>,
    /// Every claim that no check speaks of, or that lacks one that it could have.
    pub unchecked: Vec<Unchecked>,
}

/// What became of one claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Which claim.
    pub claim: ClaimId,
    /// The claim in its publisher's words.
    pub says: String,
    /// Where it stands.
    pub source: Source,
    /// The most severe of its checks.
    pub verdict: Verdict,
    /// Every check that could be made, the most severe first. Where they differ
    /// the claim holds against one thing and not against another.
    pub checks: Vec<Check>,
}

/// One check of one claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What it was held against.
    pub basis: Basis,
    /// How that went.
    pub verdict: Verdict,
    /// How both sides compare, in numbers and words.
    pub arithmetic: String,
    /// The published figure with what its digits leave open, in the metric's
    /// own unit; an order has none.
    pub published: Option<Range>,
    /// What follows for it: its value, or its ceiling for [`Basis::Roofline`].
    pub computed: Option<Range>,
    /// On which assumption about the servers that rests.
    pub assumes: Option<String>,
    /// Of a mixture of experts, how many of a layer a step of several tokens
    /// reads.
    pub experts: Option<ExpertsRead>,
    /// What would explain a contradiction, and what else is to be known.
    pub notes: Vec<String>,
}

/// How many experts of a layer a step reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ExpertsRead {
    /// How many there are.
    pub count: u32,
    /// How many it reads if all tokens take the same.
    pub least: u32,
    /// How many on average if each token takes its own at random: `count × (1 −
    /// (1 − least / count)^tokens)`.
    pub at_random: f64,
}

/// What a claim is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Other figures of the same publication.
    Figures,
    /// What the machines are sold with.
    DataSheet,
    /// The bandwidth of the memory that weights are read from (the roofline
    /// model, Williams, Waterman and Patterson 2009).
    Roofline,
    /// What the metric can be at all.
    Definition,
    /// Which cells the publication has figures for.
    Cells,
}

/// How a check went; the most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No values that print as published agree.
    Inconsistent,
    /// Memory would have to move more than it can.
    Implausible,
    /// What is published beside it does not bear it out: a gain over what was
    /// not measured, a number that agrees only by a reading nobody states.
    Unsupported,
    /// Figures agree, but only because one is printed with fewer digits than
    /// those it follows from: `99%` where these give 99.3 to 99.7 %.
    Rounded,
    /// The machine could do it.
    Plausible,
    /// Values that print as published agree.
    Consistent,
}

impl Verdict {
    /// Whether the claim cannot be true.
    pub const fn is_wrong(self) -> bool {
        match self {
            Self::Inconsistent | Self::Implausible => true,
            Self::Unsupported | Self::Rounded | Self::Plausible | Self::Consistent => false,
        }
    }
}

/// A claim that could not be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// Which.
    pub claim: ClaimId,
    /// What is missing.
    pub reason: String,
}

impl Audits {
    /// Whether nothing is inconsistent or implausible, and no two sources
    /// contradict each other.
    pub fn is_sound(&self) -> bool {
        let is_wrong = |finding: &Finding| finding.verdict.is_wrong();
        self.across.contradictions.is_empty() && !self.files.iter().flat_map(|file| &file.findings).any(is_wrong)
    }
}

impl Audited {
    /// The findings with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.verdict == verdict)
    }
}
