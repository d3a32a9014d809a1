use serde::{Deserialize, Serialize};

use super::latency::Latency;
use super::{Counted, Estimator, Gap, Reference, Side, UnitValue, Window};
use crate::stats::{Percentile, Pool};

/// What a metric is.
#[derive(Clone, Copy, Debug)]
pub struct MetricDefinition {
    /// As scenarios and records name it.
    pub id: &'static str,
    /// In words, for the head of a table.
    pub title: &'static str,
    /// Of its value.
    pub unit: Unit,
    /// Which way is good.
    pub better: Better,
    /// The group it is shown in.
    pub family: Family,
    /// How it is computed.
    pub measure: Measure,
}

/// How a metric is computed.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// From a latency of each request.
    Latency(Latency),
    /// From one repetition of one cell.
    Window(fn(&Window<'_>) -> UnitValue),
    /// As a share of the requests of one repetition, counted.
    Requests(fn(&Window<'_>) -> Result<Counted, Gap>),
    /// As a share of the requests that a server's kill could have hit, counted.
    Kills(fn(&Window<'_>) -> Result<Counted, Gap>),
    /// From a cell and another one of the same block.
    Against(Reference, fn(Side, Side) -> f64),
    /// Not at all yet; why, in a sentence.
    Nothing(&'static str),
}

/// The unit of a metric's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Tokens per second.
    TokensPerSecond,
    /// Requests per second.
    RequestsPerSecond,
    /// A part of a whole, 0.7 for 70 %; differences may be negative.
    Share,
    /// How much more, `sum ÷ true − 1` say: 0.5 for 50 % more, −0.5 for 50 %
    /// less.
    Excess,
    /// A plain ratio.
    Ratio,
    /// Tokens.
    Tokens,
    /// Bytes.
    Bytes,
    /// Watts.
    Watts,
    /// Joules per token.
    JoulesPerToken,
    /// Degrees Celsius.
    Celsius,
    /// Busy CPU cores.
    Cores,
    /// A number of things.
    Count,
}

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
    /// Neither: it describes.
    Neither,
}

/// The group a metric is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Tokens and requests per second.
    Throughput,
    /// One cell against another.
    Sharing,
    /// What servers say about themselves.
    Reported,
    /// Time that a user waits.
    Latency,
    /// Whether replies are good, and fairly spread.
    Quality,
    /// What a dying server takes along.
    Fault,
    /// Power, memory, use.
    Gpu,
    /// The driver's honesty about itself.
    Client,
    /// What it costs to run.
    Operation,
}

impl MetricDefinition {
    /// The value in one repetition of one cell.
    ///
    /// # Errors
    /// The gap when the records do not hold it; always for a metric that needs
    /// a second cell.
    pub fn in_window(&self, window: &Window<'_>) -> UnitValue {
        match self.measure {
            Measure::Latency(latency) => latency.in_window(window),
            Measure::Window(formula) => formula(window),
            Measure::Requests(count) | Measure::Kills(count) => Ok(count(window)?.share()),
            Measure::Against(..) => Err(Gap::not_measured("it takes a second cell")),
            Measure::Nothing(reason) => Err(Gap::not_measured(reason)),
        }
    }

    /// What a share is of, in one repetition; none of any other metric.
    pub fn counted(&self, window: &Window<'_>) -> Option<Counted> {
        match self.measure {
            Measure::Requests(count) | Measure::Kills(count) => count(window).ok(),
            Measure::Latency(_) | Measure::Window(_) | Measure::Against(..) | Measure::Nothing(_) => None,
        }
    }

    /// The percentile that is taken over the requests of all repetitions
    /// together, and those of this one; none of any other metric.
    pub fn pooled(&self, window: &Window<'_>) -> Option<Result<(Percentile, Pool), Gap>> {
        match self.measure {
            Measure::Latency(latency) => {
                let percentile = latency.pooled()?;
                Some(latency.pool(window).map(|pool| (percentile, pool)))
            }
            Measure::Window(_)
            | Measure::Requests(_)
            | Measure::Kills(_)
            | Measure::Against(..)
            | Measure::Nothing(_) => None,
        }
    }

    /// How its repetitions become a value with an interval.
    pub fn estimator(&self) -> Estimator {
        Estimator::of(self)
    }
}
