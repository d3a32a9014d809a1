use serde::Serialize;

use super::row;
use crate::metric::{Better, MetricDefinition};
use crate::report::figure;
use crate::report::text::line;
use crate::summary::Interval;
use crate::verdict::{Comparison, Verdicts};

/// One cell against the baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparisonRow {
    /// The metric's title.
    pub metric: String,
    /// Above the line.
    pub cell: String,
    /// Below the line.
    pub baseline: String,
    /// Ratio of means.
    pub ratio: Option<f64>,
    /// Lower end of its 95 % interval.
    pub lower: Option<f64>,
    /// Upper end of its 95 % interval.
    pub upper: Option<f64>,
    /// Ratio and interval.
    pub text: String,
    /// Pairs it stands on.
    pub pairs: u32,
    /// What the interval says, in words.
    pub reading: &'static str,
    /// Which way is better: `higher`, `lower`, or nothing.
    pub better: &'static str,
}

/// Every comparison, in order.
pub(super) fn comparisons(verdicts: &Verdicts, metrics: &[MetricDefinition]) -> Vec<ComparisonRow> {
    verdicts.comparisons.iter().map(|comparison| comparison_row(comparison, metrics)).collect()
}

fn comparison_row(comparison: &Comparison, metrics: &[MetricDefinition]) -> ComparisonRow {
    let metric = row(metrics, comparison.metric.as_str());
    ComparisonRow {
        metric: metric.map_or_else(|| comparison.metric.to_string(), |metric| metric.title.to_owned()),
        cell: line(comparison.cell.as_str()),
        baseline: line(comparison.baseline.as_str()),
        ratio: Some(comparison.ratio).filter(|ratio| ratio.is_finite()),
        lower: comparison.interval.map(|interval| interval.lower),
        upper: comparison.interval.map(|interval| interval.upper),
        text: figure::ratio(comparison.ratio, comparison.interval),
        pairs: comparison.pairs,
        reading: reading(comparison.interval),
        better: metric.map_or("", |metric| better(metric.better)),
    }
}

const fn better(better: Better) -> &'static str {
    match better {
        Better::Higher => "higher",
        Better::Lower => "lower",
        Better::Neither => "",
    }
}

fn reading(interval: Option<Interval>) -> &'static str {
    match interval {
        Some(interval) if interval.lower > 1.0 => "higher than the baseline",
        Some(interval) if interval.upper < 1.0 => "lower than the baseline",
        Some(_) => "not told apart from the baseline",
        None => "too few pairs to say",
    }
}
