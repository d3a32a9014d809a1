//! A share of requests that stays under a limit.

use super::finding::{Finding, NEEDS_AT_MOST, bounded};
use super::{Significance, Verdict};
use crate::stats::{Bounds, Position, clopper_pearson_lower, clopper_pearson_upper, position};
use crate::summary::{Count, Estimate};

/// At least this share of the requests is under the limit. Each repetition is
/// one value, for the requests of one depend on each other. But where these
/// values agree by chance, all of them 100 % say, nothing is surer than it would
/// be of so many requests that had nothing to do with each other (Clopper and
/// Pearson 1934).
pub(super) fn fraction(measured: &Estimate, count: Count, value: f64, significance: Significance) -> Finding {
    let limits = Bounds { lower: value, upper: f64::INFINITY };
    let found = bounded(measured, value, limits, significance);
    let needed = || needed(count, measured.n, limits, significance);
    let verdict = match (found.verdict, of_requests((count.hits, count.of), limits, significance)) {
        (Verdict::Reproduced, Position::Inside) => Verdict::Reproduced,
        (Verdict::NotReproduced, Position::Outside) => Verdict::NotReproduced,
        (Verdict::Inconclusive { needs }, _) => {
            Verdict::Inconclusive { needs: needs.and_then(|needs| Some(needs.max(needed()?))) }
        }
        (_, _) => Verdict::Inconclusive { needs: needed() },
    };
    Finding { verdict, ..found }
}

/// As if no request had to do with another.
fn of_requests((hits, of): (u64, u64), limits: Bounds, significance: Significance) -> Position {
    let confidence = 1.0 - significance.chance();
    let bounds = clopper_pearson_lower(hits, of, confidence).zip(clopper_pearson_upper(hits, of, confidence));
    bounds.map_or(Position::Across, |(lower, upper)| position(Bounds { lower, upper }, limits))
}

/// How many repetitions like these hold requests enough.
fn needed(Count { hits, of, .. }: Count, n: u32, limits: Bounds, significance: Significance) -> Option<u32> {
    let repetitions: Vec<u32> = (n..=NEEDS_AT_MOST).collect();
    let times = |count: u64, repetitions: u32| count * u64::from(repetitions) / u64::from(n.max(1));
    let are_few = |repetitions: &u32| {
        of_requests((times(hits, *repetitions), times(of, *repetitions)), limits, significance) == Position::Across
    };
    repetitions.get(repetitions.partition_point(are_few)).copied()
}
