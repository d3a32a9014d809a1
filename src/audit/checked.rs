//! A claim while it is checked, and what has been found so far.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::figure::Figure;
use super::finding::{Audited, Basis, Check, Finding, Unchecked, Verdict};
use super::shown::Shown;
use super::{Made, Range};
use crate::names::ClaimId;
use crate::scenario::{Claim, ClaimKind};

/// A claim that states a figure.
pub(super) struct Checked<'a> {
    pub(super) claim: &'a Claim,
    pub(super) figure: Figure,
}

impl Checked<'_> {
    /// Whether something that must be the claimed figure can be it.
    pub(super) fn agrees_with(&self, computed: Range) -> bool {
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

    /// How the figure agrees with something that it must be.
    pub(super) fn verdict_against(&self, computed: Range) -> Verdict {
        let is_value = matches!(self.claim.kind, ClaimKind::Absolute { .. } | ClaimKind::Ratio { .. });
        match self.agrees_with(computed) {
            false => Verdict::Inconsistent,
            // By what its digits leave open, not by itself.
            true if is_value && !computed.overlaps(Range::of(self.figure.value)) => Verdict::Rounded,
            true => Verdict::Consistent,
        }
    }

    pub(super) fn shown(&self) -> Shown {
        Shown::of(&self.claim.kind)
    }

    /// `97% (96.5 to 97.5 %)`.
    pub(super) fn published(&self) -> String {
        let bound = match self.claim.kind {
            ClaimKind::AtLeast { .. } | ClaimKind::FractionUnder { .. } => "at least ",
            ClaimKind::AtMost { .. } => "at most ",
            ClaimKind::Range { .. } => return self.figure.printed.clone(),
            ClaimKind::Absolute { .. }
            | ClaimKind::Ratio { .. }
            | ClaimKind::Ordering { .. }
            | ClaimKind::Trend { .. } => {
                return format!("{}{}", self.figure.printed, self.shown().range(self.figure.range));
            }
        };
        format!("{bound}{}", self.figure.printed)
    }

    pub(super) fn check(&self, basis: Basis, verdict: Verdict, arithmetic: String, computed: Range) -> Check {
        let (published, computed) = (Some(self.figure.range), Some(computed));
        Check { published, computed, ..Check::new(basis, verdict, arithmetic) }
    }
}

impl Check {
    /// One without figures.
    pub(super) const fn new(basis: Basis, verdict: Verdict, arithmetic: String) -> Self {
        Self {
            basis,
            verdict,
            arithmetic,
            published: None,
            computed: None,
            assumes: None,
            experts: None,
            notes: Vec::new(),
        }
    }
}

/// What was found about the claims of a file so far.
#[derive(Default)]
pub(super) struct Board {
    checks: IndexMap<ClaimId, Vec<Check>>,
    lacks: Vec<Unchecked>,
    /// Claims whose figures others were held against.
    used: BTreeSet<ClaimId>,
}

impl Board {
    /// Takes a check of a claim, or the reason why it could not be made.
    pub(super) fn take(&mut self, claim: &Claim, outcome: Result<Made, String>) {
        match outcome {
            Ok(made) => self.add(Made { claim: Some(claim.id.clone()), ..made }),
            Err(reason) => self.lacks.push(Unchecked { claim: claim.id.clone(), reason }),
        }
    }

    /// Takes a check that names its claim.
    pub(super) fn add(&mut self, Made { claim, check, rests_on }: Made) {
        self.rest_on(&rests_on);
        if let Some(claim) = claim {
            self.checks.entry(claim).or_default().push(check);
        }
    }

    /// Remembers claims that others were held against.
    pub(super) fn rest_on<'i>(&mut self, claims: impl IntoIterator<Item = &'i ClaimId>) {
        self.used.extend(claims.into_iter().cloned());
    }

    /// One finding for each claim with a check, in the order of the claims.
    pub(super) fn into_audited(mut self, file: &str, claims: &[Claim]) -> Audited {
        let mut findings = Vec::new();
        for claim in claims {
            let Some(mut checks) = self.checks.shift_remove(&claim.id) else {
                let is_told = self.lacks.iter().any(|lack| lack.claim == claim.id);
                if !is_told && !self.used.contains(&claim.id) {
                    let reason = "no other published figure has to do with it".to_owned();
                    self.lacks.push(Unchecked { claim: claim.id.clone(), reason });
                }
                continue;
            };
            checks.sort_by_key(|check| check.verdict);
            let Some(verdict) = checks.first().map(|check| check.verdict) else { continue };
            let Claim { id, says, source, .. } = claim.clone();
            findings.push(Finding { claim: id, says, source, verdict, checks });
        }
        Audited { file: file.to_owned(), claims: claims.len(), findings, unchecked: self.lacks }
    }
}
