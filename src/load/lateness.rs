use crate::units::Nanos;

/// Binary digits that are kept of a value.
const DIGITS: u32 = 8;

/// How late something was, any number of times, in 58 KiB: a histogram whose
/// buckets are at most 1/128 of their value wide, and the worst exactly.
#[derive(Debug)]
pub(super) struct Lateness {
    counts: Vec<u64>,
    count: u64,
    worst: u64,
}

impl Default for Lateness {
    fn default() -> Self {
        Self { counts: vec![0; bucket(u64::MAX) + 1], count: 0, worst: 0 }
    }
}

impl Lateness {
    pub(super) fn note(&mut self, late: Nanos) {
        self.counts[bucket(late.0)] += 1;
        self.count += 1;
        self.worst = self.worst.max(late.0);
    }

    /// The longest; `None` if nothing was noted.
    pub(super) fn worst(&self) -> Option<Nanos> {
        (self.count > 0).then_some(Nanos(self.worst))
    }

    /// The smallest bound that at least `percent` per cent of the values do
    /// not exceed (nearest rank), at most 1/128 too high.
    pub(super) fn percentile(&self, percent: u64) -> Option<Nanos> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reaches = |count: &u64| {
            seen += count;
            seen >= rank
        };
        let found = self.counts.iter().position(reaches)?;
        Some(Nanos(upper_bound(found).min(self.worst)))
    }
}

/// Small values have a bucket each; from there on every doubling has as many.
#[expect(clippy::cast_possible_truncation, reason = "eight digits are left of the value")]
fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(DIGITS);
    (shift << (DIGITS - 1)) as usize + (value >> shift) as usize
}

/// The largest value of a bucket.
fn upper_bound(bucket: usize) -> u64 {
    let shift = (bucket >> (DIGITS - 1)).saturating_sub(1);
    let first = (bucket - (shift << (DIGITS - 1))) as u64;
    (first << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Lateness {
        let mut lateness = Lateness::default();
        values.into_iter().for_each(|value| lateness.note(Nanos(value)));
        lateness
    }

    #[test]
    fn the_99th_of_a_hundred_is_the_last_but_one() {
        assert_eq!(of(1..=100).percentile(99), Some(Nanos(99)));
        assert_eq!(of([7]).percentile(99), Some(Nanos(7)));
        assert_eq!((of([]).percentile(99), of([]).worst()), (None, None));
    }

    #[test]
    fn a_bucket_ends_where_the_next_begins_and_is_narrow() {
        for value in (0..64).flat_map(|power| [1 << power, (1 << power) + 1, (3 << power) / 2]).chain([0, u64::MAX]) {
            let bound = upper_bound(bucket(value));
            assert!(value <= bound && bound - value <= value / 128, "{value} in a bucket up to {bound}");
            assert!(bound == u64::MAX || bucket(bound + 1) == bucket(bound) + 1, "{bound}");
        }
    }

    #[test]
    fn the_worst_is_exact() {
        let values = of([1_000_003, 2]);
        assert_eq!((values.percentile(50), values.worst()), (Some(Nanos(2)), Some(Nanos(1_000_003))));
        assert_eq!(values.percentile(100), values.worst());
    }
}
