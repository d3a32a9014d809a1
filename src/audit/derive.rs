//! Relations that the metrics and cells of claims say by themselves.

use indexmap::IndexMap;

use super::cells::{SCALE, same_but_for, whole};
use crate::names::ClaimId;
use crate::scenario::{Claim, ClaimKind, Relation, Selector, SystemMatch};

/// How a claim follows from others by what its metric means, if they are
/// published; by the definitions of the metric registry.
pub(super) fn relation(claim: &Claim, claims: &[Claim]) -> Option<Relation> {
    let among = Among { claim, claims };
    let (equals, terms) = match (&claim.kind, claim.kind.metric()) {
        (ClaimKind::Absolute { cell, .. }, "scaling_efficiency") => among.efficiency(cell)?,
        (ClaimKind::Absolute { cell, .. }, "output_throughput") => {
            let each = among.only("individual_rate", |other| other == cell)?;
            (format!("{} * each", clients(cell)?), vec![("each", each)])
        }
        (ClaimKind::Ratio { metric, numerator, denominator, .. }, _) => {
            let above = among.only(metric.as_str(), |other| other == numerator)?;
            let below = among.only(metric.as_str(), |other| other == denominator)?;
            ("above / below".to_owned(), vec![("above", above), ("below", below)])
        }
        // What is practical may always be less than what there is room for.
        (_, "instances_max_theoretical") | (ClaimKind::AtLeast { .. }, "instances_max_practical") => {
            let memory = among.only("memory_total", |_| true)?;
            let instance = among.of_any_system("memory_per_instance")?;
            ("memory / instance".to_owned(), vec![("memory", memory), ("instance", instance)])
        }
        _ => return None,
    };
    let terms = terms.into_iter().map(|(name, id)| (name.to_owned(), id)).collect::<IndexMap<_, _>>();
    Some(Relation { claim: claim.id.clone(), equals, terms })
}

/// Looks for the claims that one follows from.
struct Among<'a> {
    claim: &'a Claim,
    claims: &'a [Claim],
}

impl Among<'_> {
    /// The one absolute claim about a metric of the same system, in a cell that
    /// fits; none if there are several.
    fn only(&self, metric: &str, fits: impl Fn(&Selector) -> bool) -> Option<ClaimId> {
        only(self.claims.iter().filter(|other| other.system == self.claim.system && is_about(other, metric, &fits)))
    }

    /// By the rows, or else by a speedup.
    fn efficiency(&self, cell: &Selector) -> Option<(String, Vec<(&'static str, ClaimId)>)> {
        let here = self.only("output_throughput", |other| other == cell);
        let single = self.only("output_throughput", |other| is_single(other, cell));
        let count = clients(cell)?;
        match here.zip(single) {
            Some((here, single)) => {
                Some((format!("aggregate / ({count} * single)"), vec![("aggregate", here), ("single", single)]))
            }
            None => Some((format!("speedup / {count}"), vec![("speedup", self.ratio_to_single(cell)?)])),
        }
    }

    /// The one ratio of the throughput of this cell to that of a single client.
    fn ratio_to_single(&self, cell: &Selector) -> Option<ClaimId> {
        let is_it = |other: &&Claim| match &other.kind {
            ClaimKind::Ratio { metric, numerator, denominator, .. } => {
                metric.as_str() == "output_throughput" && numerator == cell && is_single(denominator, cell)
            }
            _ => false,
        };
        only(self.claims.iter().filter(|other| other.system == self.claim.system).filter(is_it))
    }

    /// The one absolute claim about a metric of the same system, or of none.
    fn of_any_system(&self, metric: &str) -> Option<ClaimId> {
        let is_any = |system: &SystemMatch| *system == SystemMatch::default();
        let speaks_of_it =
            |other: &&Claim| other.system.as_ref().is_none_or(is_any) || other.system == self.claim.system;
        only(self.claims.iter().filter(speaks_of_it).filter(|other| is_about(other, metric, &|_| true)))
    }
}

fn only<'a>(mut claims: impl Iterator<Item = &'a Claim>) -> Option<ClaimId> {
    let first = claims.next()?;
    claims.next().is_none().then(|| first.id.clone())
}

fn is_about(claim: &Claim, wanted: &str, fits: &impl Fn(&Selector) -> bool) -> bool {
    matches!(&claim.kind, ClaimKind::Absolute { metric, cell, .. } if metric.as_str() == wanted && fits(cell))
}

/// Whether a cell is another one with a single client, however many servers
/// there are for it.
fn is_single(single: &Selector, cell: &Selector) -> bool {
    clients(single) == Some(1) && same_but_for(single, cell, &SCALE)
}

/// How many clients a cell has.
fn clients(cell: &Selector) -> Option<u32> {
    whole(cell, "clients")
}
