//! What differs between two labels of one treatment: noise.

use super::family::CONFIDENCE;
use super::interval::{interval, pairs, sample};
use crate::metric::{self, Unit};
use crate::names::{CellId, MetricId};
use crate::scenario::Question;
use crate::stats::{Sample, paired_ratio, required_n, t_quantile};
use crate::summary::{CellSummary, Estimate, Interval, Summary};

/// The noise of one metric in one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// The cell as the first label has it.
    pub cell: CellId,
    /// Which metric.
    pub metric: MetricId,
    /// The coefficient of variation of a repetition, from the standard
    /// deviations of the logarithms under both labels.
    pub spread: f64,
    /// Second label ÷ first, which is one but for noise.
    pub ratio: f64,
    /// 95 % of it.
    pub interval: Option<Interval>,
    /// Blocks that have both.
    pub pairs: u32,
    /// The smallest difference, as a share, whose 95 % interval with so many
    /// pairs leaves out no difference at all.
    pub smallest: f64,
    /// Pairs for which that is 3 %; `None` beyond a million.
    pub needed: Option<u32>,
}

/// The noise of every metric that has positive values in two blocks or more
/// under both labels of `factor`, cell by cell.
pub fn noise(summary: &Summary, factor: &str) -> Vec<Noise> {
    let labelled = || summary.cells.iter().filter(|(_, cell)| cell.treatment.contains_key(factor));
    let Some(first) = labelled().next().and_then(|(_, cell)| cell.treatment.get(factor)) else { return Vec::new() };
    let mut found = Vec::new();
    for (id, cell) in labelled().filter(|(_, cell)| cell.treatment.get(factor) == Some(first)) {
        let is_twin = |other: &&CellSummary| is_twin(cell, other, factor);
        let Some(twin) = labelled().map(|(_, other)| other).find(is_twin) else { continue };
        for metric in metric::all().iter().filter(|metric| metric.unit != Unit::Excess) {
            let estimates = |cell: &'_ CellSummary| {
                cell.estimates
                    .iter()
                    .find(|(own, _)| own.as_str() == metric.id)
                    .and_then(|(_, one)| one.estimate().cloned())
            };
            let (Some(of_first), Some(of_second)) = (estimates(cell), estimates(twin)) else { continue };
            let named = MetricId::new(metric.id).ok().map(|metric| (id.clone(), metric));
            found.extend(named.and_then(|named| between(named, &of_first, &of_second)));
        }
    }
    found
}

/// The same cell under the other label.
fn is_twin(cell: &CellSummary, other: &CellSummary, factor: &str) -> bool {
    let is_same = |(name, level): (&String, &String)| (name == factor) != (other.treatment.get(name) == Some(level));
    (&cell.phase, &cell.load) == (&other.phase, &other.load) && cell.treatment.iter().all(is_same)
}

fn between((cell, metric): (CellId, MetricId), first: &Estimate, second: &Estimate) -> Option<Noise> {
    let logarithms = |estimate: &Estimate| sample(estimate)?.logarithms()?.standard_deviation();
    let spread = (f64::midpoint(logarithms(first)?.powi(2), logarithms(second)?.powi(2))).sqrt();
    let pairs = pairs(second, first);
    let center = paired_ratio(&pairs, CONFIDENCE)?;
    let differences = Sample::new(pairs.iter().map(|(above, below)| (above / below).ln()).collect()).ok()?;
    let deviation = differences.standard_deviation()?;
    if deviation <= 0.0 {
        // Nothing about it is random: a number of requests, say.
        return None;
    }
    let t = t_quantile(f64::midpoint(1.0, CONFIDENCE), differences.count() - 1.0)?;
    Some(Noise {
        cell,
        metric,
        spread: (spread.powi(2).exp() - 1.0).sqrt(),
        ratio: center.value,
        interval: center.bounds.map(interval),
        pairs: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
        smallest: (t * deviation / differences.count().sqrt()).exp() - 1.0,
        needed: required_n(deviation, Question::default().margin.ln_1p(), CONFIDENCE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(values: [f64; 3]) -> Estimate {
        Estimate { value: 1.0, interval: None, n: 3, units: (0..).zip(values).collect(), ..Estimate::default() }
    }

    fn of(first: [f64; 3], second: [f64; 3]) -> Option<Noise> {
        let named = (CellId::new("label=A/load/clients=1").unwrap(), MetricId::new("output_throughput").unwrap());
        between(named, &estimate(first), &estimate(second))
    }

    /// By hand, with t = 4.3027 for two degrees of freedom.
    #[test]
    fn noise_is_that_of_the_logarithms_and_their_paired_differences() {
        let noise = of([100.0, 102.0, 98.0], [101.0, 101.0, 100.0]).unwrap();
        let Interval { lower, upper } = noise.interval.unwrap();
        let found = [noise.spread, noise.ratio, lower, upper, noise.smallest];
        let expected = [0.014_716_827, 1.006_789_861, 0.969_294_797, 1.045_735_340, 0.038_682_828];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        assert_eq!((noise.pairs, noise.needed), (3, Some(4)));
    }

    #[test]
    fn what_never_differs_has_no_noise() {
        assert_eq!(of([5.0; 3], [5.0; 3]), None);
    }
}
