use super::Bounds;

/// How far from 1 a ratio may lie: `1 − below … 1 + above`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// 0.1 allows 0.9.
    pub below: f64,
    /// 0.1 allows 1.1.
    pub above: f64,
}

impl Tolerance {
    /// The same on both sides.
    pub const fn symmetric(share: f64) -> Self {
        Self { below: share, above: share }
    }

    /// As limits of the ratio itself.
    pub fn limits(self) -> Bounds {
        Bounds { lower: 1.0 - self.below, upper: 1.0 + self.above }
    }
}

/// Where an interval lies, seen from limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Wholly inside.
    Inside,
    /// Wholly outside.
    Outside,
    /// Across a limit.
    Across,
}

/// Two one-sided tests (Schuirmann 1987): with a 90 % interval, `Inside` and
/// `Outside` each err at most 5 % of the time. Ends count as inside.
pub fn position(interval: Bounds, limits: Bounds) -> Position {
    if limits.lower <= interval.lower && interval.upper <= limits.upper {
        Position::Inside
    } else if interval.upper < limits.lower || interval.lower > limits.upper {
        Position::Outside
    } else {
        Position::Across
    }
}

#[cfg(test)]
mod tests {
    use super::Position::{Across, Inside, Outside};
    use super::{Tolerance, position};
    use crate::stats::Bounds;

    #[test]
    fn an_interval_is_inside_outside_or_across() {
        let limits = Tolerance::symmetric(0.1).limits();
        let positions = [(0.9, 1.1), (0.89, 1.0), (1.0, 1.2), (0.5, 1.5), (0.5, 0.89), (1.11, 2.0)]
            .map(|(lower, upper)| position(Bounds { lower, upper }, limits));
        assert_eq!(positions, [Inside, Across, Across, Across, Outside, Outside]);
    }
}
