use serde::Serialize;

use super::row;
use crate::metric::{Better, MetricDefinition};
use crate::report::figure;
use crate::report::text::line;
use crate::verdict::{Comparison, Pace, Verdicts};

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
    /// Its p-value among all comparisons, `0.0123` or `< 0.0001`.
    pub p: String,
    /// `faster`, `slower`, `equivalent` or `inconclusive`.
    pub reading: String,
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
        p: comparison.p.map_or_else(|| "–".to_owned(), p_value),
        reading: reading(comparison),
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

fn p_value(p: f64) -> String {
    if p < 0.0001 { "< 0.0001".to_owned() } else { format!("{p:.4}") }
}

fn reading(comparison: &Comparison) -> String {
    match comparison.pace {
        Pace::Faster => "faster".to_owned(),
        Pace::Slower => "slower".to_owned(),
        Pace::Equivalent => "equivalent".to_owned(),
        Pace::Inconclusive { .. } if comparison.interval.is_none() => "too few pairs to say".to_owned(),
        Pace::Inconclusive { more_blocks: None } => "inconclusive".to_owned(),
        Pace::Inconclusive { more_blocks: Some(1) } => "inconclusive, about 1 more block".to_owned(),
        Pace::Inconclusive { more_blocks: Some(more) } => format!("inconclusive, about {more} more blocks"),
    }
}
