//! Shares of requests under a limit: claims of the kind `fraction_under`.

use serde::{Deserialize, Serialize};

use super::estimate::{Terms, Value, measure, valid};
use super::{CellSummary, Gap, Measured, Repetition};
use crate::metric::{Bounded, Counted, Estimator, Window};
use crate::scenario::{Claim, ClaimKind, RequestTime};
use crate::units::Period;

/// A limit that claims hold a time of every request against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Which time.
    pub metric: RequestTime,
    /// What it must stay under.
    pub under: Period,
}

/// Requests of one repetition, or of all valid ones, that stayed under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Which limit.
    pub limit: Limit,
    /// Requests that took less. One that failed, or failed `expect`, never
    /// answered.
    pub hits: u64,
    /// Requests of which that is known.
    pub of: u64,
}

/// The share of a cell's requests that stayed under a limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fraction {
    /// In all valid repetitions together. These requests are no replicates, for
    /// those of one epoch depend on each other.
    pub count: Count,
    /// Over the valid repetitions, of which each is one value.
    pub measured: Measured,
}

impl CellSummary {
    /// The share of its requests that stayed under a limit, if a claim asked
    /// for it when this was summarised.
    pub fn fraction(&self, limit: Limit) -> Option<&Fraction> {
        self.fractions.iter().find(|fraction| fraction.count.limit == limit)
    }
}

/// Every limit that a claim speaks of, once.
pub(super) fn limits(claims: &[Claim]) -> Vec<Limit> {
    let mut limits: Vec<Limit> = Vec::new();
    for claim in claims {
        if let ClaimKind::FractionUnder { metric, limit, .. } = &claim.kind {
            let limit = Limit { metric: *metric, under: *limit };
            if !limits.contains(&limit) {
                limits.push(limit);
            }
        }
    }
    limits
}

/// The counts of one repetition.
pub(super) fn counts(limits: &[Limit], window: &Window<'_>) -> Vec<Count> {
    let count = |limit: &Limit| {
        let (hits, of) = bounded(limit.metric).under(window, limit.under.duration().into());
        Count { limit: *limit, hits, of }
    };
    limits.iter().map(count).collect()
}

const fn bounded(time: RequestTime) -> Bounded {
    match time {
        RequestTime::Ttft => Bounded::Ttft,
        RequestTime::Tpot => Bounded::Tpot,
        RequestTime::E2e => Bounded::E2e,
    }
}

/// Every limit over the repetitions of a cell.
pub(super) fn judge(limits: &[Limit], repetitions: &[Repetition], terms: Terms<'_>) -> Vec<Fraction> {
    let fraction = |limit: &Limit| {
        let measured = measure(repetitions, |one| count_of(one, *limit).map(share), Estimator::Requests, terms);
        let (hits, of) = valid(repetitions)
            .filter_map(|one| count_of(one, *limit))
            .fold((0, 0), |(hits, of), count| (hits + count.hits, of + count.of));
        Fraction { count: Count { limit: *limit, hits, of }, measured }
    };
    limits.iter().map(fraction).collect()
}

fn count_of(repetition: &Repetition, limit: Limit) -> Option<Count> {
    repetition.counts.iter().find(|count| count.limit == limit).copied()
}

fn share(Count { hits, of, .. }: Count) -> Value {
    if of == 0 {
        return Value::plain(Err(Gap::not_measured("of no request it is known how long it took")));
    }
    let counted = Counted { hits, of };
    Value { value: Ok(counted.share()), counted: Some(counted) }
}
