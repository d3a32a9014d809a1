use serde::{Deserialize, Serialize};

use super::{Family, Measure, MetricDefinition, Unit};

/// How the repetitions of a cell become one value with an interval. How often
/// a nominal 95 % covers the truth was counted in simulations, which run with
/// the tests (`stats::tests::coverage`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// Geometric mean with its log-t interval over the repetitions; where a
    /// value is not positive, arithmetic mean with its t interval.
    #[default]
    Mean,
    /// Arithmetic mean with its t interval: of differences, whose sign is an
    /// accident.
    Difference,
    /// Mean of shares with its logit-t interval: what has no trials to count.
    Share,
    /// Share of all requests, with the interval of Korn and Graubard 1998 over
    /// repetitions; exact (Clopper and Pearson 1934) where they do not differ.
    Requests,
    /// Mean over servers that were killed, with exact bounds (Clopper and
    /// Pearson 1934): a kill is what was drawn, and a request of a bystander is
    /// not.
    Kills,
    /// 1 − the geometric mean of the ratios, with their log-t interval.
    Loss,
    /// Percentile of the requests of all repetitions, with a jackknife over
    /// repetitions.
    Pooled,
}

impl Estimator {
    /// Whether its interval is an approximation, with its coverage on its page.
    pub const fn is_approximate(self) -> bool {
        match self {
            Self::Pooled => true,
            Self::Mean | Self::Difference | Self::Share | Self::Requests | Self::Kills | Self::Loss => false,
        }
    }

    pub(super) fn of(metric: &MetricDefinition) -> Self {
        match (metric.measure, metric.unit, metric.family) {
            (Measure::Latency(latency), _, _) if latency.pooled().is_some() => Self::Pooled,
            (Measure::Requests(_), _, _) => Self::Requests,
            (Measure::Kills(_), _, _) => Self::Kills,
            (Measure::Against(super::Reference::OneServer, _), _, _) => Self::Loss,
            (_, Unit::Excess, _) => Self::Difference,
            // Shares of something that is whole at 1; an efficiency may be more.
            (_, Unit::Share, Family::Quality | Family::Gpu) => Self::Share,
            _ => Self::Mean,
        }
    }
}
