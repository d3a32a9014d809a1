use serde::Serialize;

use super::row;
use crate::metric::MetricDefinition;
use crate::plan::Plan;
use crate::report::text::line;
use crate::summary::Summary;
use crate::verdict::{self, Noise};

/// How far two equals differed by one metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoiseRow {
    /// The cell, as the first label has it.
    pub cell: String,
    /// The metric, in words.
    pub metric: String,
    /// Coefficient of variation of a repetition.
    pub spread: String,
    /// Second label ÷ first, with its 95 % interval.
    pub ratio: String,
    /// Blocks it stands on.
    pub pairs: u32,
    /// The smallest difference that so many would show.
    pub smallest: String,
    /// How many would show 3 %.
    pub needed: String,
}

/// The noise of a calibration; none of any other run.
pub(super) fn rows(summary: &Summary, plan: &Plan, metrics: &[MetricDefinition]) -> Vec<NoiseRow> {
    let noise = plan.calibration.as_ref().map(|label| verdict::noise(summary, label.as_str()));
    let shown = |Noise { cell, metric, spread, ratio, interval, pairs, smallest, needed }: Noise| {
        let title = row(metrics, metric.as_str()).map_or_else(|| metric.to_string(), |row| row.title.to_owned());
        let interval = interval.map(|ends| format!(" [{:.3}, {:.3}]", ends.lower, ends.upper)).unwrap_or_default();
        NoiseRow {
            cell: line(cell.as_str()),
            metric: line(&title),
            spread: percent(spread),
            ratio: format!("{ratio:.3}{interval}"),
            pairs,
            smallest: percent(smallest),
            needed: needed.map_or_else(|| "over a million".to_owned(), |needed| needed.to_string()),
        }
    };
    noise.unwrap_or_default().into_iter().map(shown).collect()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
