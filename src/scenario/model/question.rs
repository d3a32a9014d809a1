//! What a run is to decide.

use std::fmt;
use std::str::FromStr;

use super::factor::Selector;
use crate::names::MetricId;
use crate::units::{Period, Share};

/// A difference of less makes none, unless the scenario says otherwise.
const MARGIN: f64 = 0.03;

/// `[decision]` without its rules: by which metric the ways to serve are
/// ranked, under which load, and what they must keep to.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What is to be as high, or as low, as it can be; if left out, output
    /// throughput, or what the phases search for.
    pub goal: Option<Goal>,
    /// What every option must keep to, at the same load.
    pub subject_to: Vec<Requirement>,
    /// Phase, clients and rate; if left out, the first phase with clients, at
    /// the most clients that every treatment has.
    pub load: Option<Selector>,
    /// The practical margin δ, 0.03 for 3 %: a smaller advantage is none.
    pub margin: f64,
}

impl Default for Question {
    fn default() -> Self {
        Self { goal: None, subject_to: Vec::new(), load: None, margin: MARGIN }
    }
}

/// A metric, and which way is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// `maximise`.
    Most(MetricId),
    /// `minimise`.
    Least(MetricId),
}

/// `"ttft_p50 < 300ms"`: a limit to a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// Which metric.
    pub metric: MetricId,
    /// On which side of the limit it must lie.
    pub side: Side,
    /// In the metric's own unit.
    pub limit: f64,
    /// As written.
    pub written: String,
}

/// On which side of a limit a value must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `<`: at most.
    Below,
    /// `>`: at least.
    Above,
}

/// A [`Requirement`] as text, before anybody knows whether its metric exists.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) struct WrittenRequirement {
    pub(in crate::scenario) metric: String,
    pub(in crate::scenario) side: Side,
    pub(in crate::scenario) limit: Limit,
}

/// A number with the unit that it is written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::scenario) enum Limit {
    /// `300ms`, in seconds.
    Time(f64),
    /// `95%`, or a plain number.
    Number(f64),
}

impl Limit {
    pub(in crate::scenario) const fn value(self) -> f64 {
        match self {
            Self::Time(value) | Self::Number(value) => value,
        }
    }
}

/// The text is no requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) struct NoRequirement;

impl fmt::Display for NoRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a metric, `<` or `>`, and a limit")
    }
}

impl FromStr for WrittenRequirement {
    type Err = NoRequirement;

    fn from_str(text: &str) -> Result<Self, NoRequirement> {
        let place = text.find(['<', '>']).ok_or(NoRequirement)?;
        let (metric, rest) = text.split_at(place);
        let side = if rest.starts_with('<') { Side::Below } else { Side::Above };
        let limit = rest.trim_start_matches(['<', '>']).trim_start_matches('=').trim();
        let metric = metric.trim().to_owned();
        Ok(Self { metric, side, limit: limit.parse()? })
    }
}

impl FromStr for Limit {
    type Err = NoRequirement;

    fn from_str(text: &str) -> Result<Self, NoRequirement> {
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Self::Number);
        let share = || text.parse::<Share>().ok().map(|share| Self::Number(share.fraction()));
        let time = || text.parse::<Period>().ok().map(|period| Self::Time(period.duration().as_secs_f64()));
        number().or_else(share).or_else(time).ok_or(NoRequirement)
    }
}
