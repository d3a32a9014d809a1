//! Whether published numbers agree with each other and with what a machine can
//! do. Pure: nothing is measured.
//!
//! Three checks, each with its arithmetic. A figure that follows from others
//! is computed from them ([`Basis::Figures`]), and again with the memory of the
//! data sheets where memory is among them ([`Basis::DataSheet`]). A throughput
//! is held against the memory traffic it takes ([`Basis::Roofline`]).
//!
//! Printed digits are taken for what they leave open: `97%` is anything from
//! 96.5 to 97.5 %. Two figures are inconsistent only if no values that print so
//! agree.

mod derive;
mod figure;
mod relation;
mod render;
mod roofline;
mod shown;

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::names::ClaimId;
use crate::scenario::{Audit, Claim, ClaimKind, Published, Relation, Source};
pub use figure::Range;
use figure::{Figure, Figures};
pub use render::render;
use shown::Shown;

/// What became of every claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audited {
    /// How many claims there are.
    pub claims: usize,
    /// Every check that could be made, in the order of the claims.
    pub findings: Vec<Finding>,
    /// Every claim that no check speaks of, or that lacks one that it could have.
    pub unchecked: Vec<Unchecked>,
}

/// One check of one claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Which claim.
    pub claim: ClaimId,
    /// The claim in its publisher's words.
    pub says: String,
    /// Where it stands.
    pub source: Source,
    /// What it was held against.
    pub basis: Basis,
    /// How that went.
    pub verdict: Verdict,
    /// How both sides compare, in numbers and words.
    pub arithmetic: String,
    /// The published figure with what its digits leave open, in the metric's
    /// own unit.
    pub published: Range,
    /// What follows for it: its value, or its ceiling for [`Basis::Roofline`].
    pub computed: Range,
    /// What would explain the contradiction.
    pub notes: Vec<String>,
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
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Values that print as published agree.
    Consistent,
    /// They agree, but only because the figure is printed with fewer digits than
    /// those it follows from: `99%` where these give 99.3 to 99.7 %.
    Rounded,
    /// None do.
    Inconsistent,
    /// The machine could do it.
    Plausible,
    /// Its memory would have to move more than it can.
    Implausible,
}

impl Verdict {
    /// Whether the claim cannot be true.
    pub const fn is_wrong(self) -> bool {
        match self {
            Self::Inconsistent | Self::Implausible => true,
            Self::Consistent | Self::Rounded | Self::Plausible => false,
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

impl Audited {
    /// Whether nothing is inconsistent or implausible.
    pub fn is_sound(&self) -> bool {
        !self.findings.iter().any(|finding| finding.verdict.is_wrong())
    }

    /// The findings with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.verdict == verdict)
    }
}

/// Checks every claim in every way that the published figures and the tables
/// beside them allow.
pub fn audit(published: &Published) -> Audited {
    let Published { claims, audit } = published;
    let figures = Figures::new(published);
    let (mut findings, mut unchecked) = (Vec::new(), Vec::new());
    let relations: Vec<Relation> = claims.iter().filter_map(|claim| relation_of(claim, published)).collect();
    let is_term = |claim: &Claim| relations.iter().any(|relation| relation.terms.values().any(|id| *id == claim.id));
    for claim in claims {
        let lacks = |reason: String| Unchecked { claim: claim.id.clone(), reason };
        let Some(figure) = Figure::of(claim) else {
            unchecked.push(lacks("an order without a figure".to_owned()));
            continue;
        };
        let (checked, before) = (Checked { claim, figure }, findings.len());
        let relation = relations.iter().find(|relation| relation.claim == claim.id);
        findings.extend(relation.into_iter().flat_map(|relation| relation::judge(&checked, relation, &figures)));
        findings.extend(relation::against_data_sheet(&checked, &figures));
        match roofline::judge(&checked, audit) {
            Some(Ok(finding)) => findings.push(finding),
            Some(Err(reason)) => unchecked.push(lacks(reason)),
            None if findings.len() == before && !is_term(claim) => {
                unchecked.push(lacks("no other published figure has to do with it".to_owned()));
            }
            None => {}
        }
    }
    Audited { claims: claims.len(), findings, unchecked }
}

/// By what arithmetic the throughput that a claim states takes more memory
/// traffic than its machine has; `None` if it does not, or nobody can tell.
pub fn implausible(claim: &Claim, audit: &Audit) -> Option<String> {
    let checked = Checked { claim, figure: Figure::of(claim)? };
    let finding = roofline::judge(&checked, audit)?.ok()?;
    (finding.verdict == Verdict::Implausible).then_some(finding.arithmetic)
}

/// How a claim follows from others: as it is written, else as its metric and
/// cell say.
fn relation_of(claim: &Claim, Published { claims, audit }: &Published) -> Option<Relation> {
    let written = audit.relations.iter().find(|relation| relation.claim == claim.id).cloned();
    written.or_else(|| derive::relation(claim, claims))
}

/// A claim being checked.
struct Checked<'a> {
    claim: &'a Claim,
    figure: Figure,
}

/// What the checks compute about a claim.
struct Computed {
    value: f64,
    range: Range,
}

impl Checked<'_> {
    /// Whether something that must be the claimed figure can be it.
    fn agrees_with(&self, computed: Range) -> bool {
        match self.claim.kind {
            ClaimKind::AtLeast { .. } | ClaimKind::FractionUnder { .. } => computed.most >= self.figure.range.least,
            ClaimKind::AtMost { .. } => computed.least <= self.figure.range.most,
            ClaimKind::Absolute { .. }
            | ClaimKind::Ratio { .. }
            | ClaimKind::Range { .. }
            | ClaimKind::Ordering { .. }
            | ClaimKind::Trend { .. } => computed.overlaps(self.figure.range),
        }
    }

    /// Whether the figure agrees by what its digits leave open, not by itself.
    fn is_rounded_to(&self, computed: Range) -> bool {
        let itself = Range { least: self.figure.value, most: self.figure.value };
        let is_value = matches!(self.claim.kind, ClaimKind::Absolute { .. } | ClaimKind::Ratio { .. });
        is_value && self.agrees_with(computed) && !computed.overlaps(itself)
    }

    fn shown(&self) -> Shown {
        Shown::of(&self.claim.kind)
    }

    /// `97% (96.5 to 97.5 %)`.
    fn published(&self) -> String {
        let bound = match self.claim.kind {
            ClaimKind::AtLeast { .. } | ClaimKind::FractionUnder { .. } => "at least ",
            ClaimKind::AtMost { .. } => "at most ",
            ClaimKind::Absolute { .. }
            | ClaimKind::Ratio { .. }
            | ClaimKind::Range { .. }
            | ClaimKind::Ordering { .. }
            | ClaimKind::Trend { .. } => {
                return format!("{}{}", self.figure.printed, self.shown().range(self.figure.range));
            }
        };
        format!("{bound}{}", self.figure.printed)
    }

    fn finding(&self, basis: Basis, verdict: Verdict, arithmetic: String, computed: Range) -> Finding {
        let Claim { id, says, source, .. } = self.claim.clone();
        let published = self.figure.range;
        Finding { claim: id, says, source, basis, verdict, arithmetic, published, computed, notes: Vec::new() }
    }
}
