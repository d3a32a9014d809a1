use super::interval::{t_bounds, t_tail};
use super::{Center, Sample, geometric_center, mean_center};

/// Geometric mean of the ratios inside pairs `(above, below)` with its log-t
/// interval; `None` unless there are pairs and every value is positive.
pub fn paired_ratio(pairs: &[(f64, f64)], confidence: f64) -> Option<Center> {
    geometric_center(&ratios(pairs)?, confidence)
}

/// Student's two-sided p-value of the ratio inside pairs `(above, below)` being
/// 1, over its logarithms; `None` unless there are two pairs and every value is
/// positive. Pairs that all say the same leave no doubt: it is 1 or 0.
pub fn paired_ratio_p(pairs: &[(f64, f64)]) -> Option<f64> {
    let ratios = ratios(pairs)?.logarithms()?;
    let error = squared_error(&ratios)?.sqrt();
    if ratios.mean() == 0.0 {
        return Some(1.0);
    }
    Some(2.0 * t_tail(ratios.mean().abs() / error, ratios.count() - 1.0)?)
}

/// `None` where one side is not positive: two negative values have a positive
/// ratio, and no meaning.
fn ratios(pairs: &[(f64, f64)]) -> Option<Sample> {
    let are_positive = pairs.iter().all(|(above, below)| *above > 0.0 && *below > 0.0);
    let ratios = are_positive.then(|| pairs.iter().map(|(above, below)| above / below).collect())?;
    Sample::new(ratios).ok()
}

/// Mean of the differences inside pairs with its t interval; `None` unless
/// there are finite pairs.
pub fn paired_difference(pairs: &[(f64, f64)], confidence: f64) -> Option<Center> {
    let differences = pairs.iter().map(|(left, right)| left - right).collect();
    Some(mean_center(&Sample::new(differences).ok()?, confidence))
}

/// Ratio of the geometric means of unpaired samples, with Welch's interval on
/// the log scale; `None` unless every value is positive.
pub fn log_welch_ratio(above: &Sample, below: &Sample, confidence: f64) -> Option<Center> {
    let (above, below) = (above.logarithms()?, below.logarithms()?);
    let value = above.mean() - below.mean();
    let bounds = squared_error(&above).zip(squared_error(&below)).and_then(|(left, right)| {
        let variance = left + right;
        t_bounds(value, variance.sqrt(), welch_freedom(left, right, &above, &below), confidence)
    });
    Some(Center { value, bounds }.map(f64::exp))
}

pub(super) fn squared_error(sample: &Sample) -> Option<f64> {
    Some(sample.standard_deviation()?.powi(2) / sample.count())
}

/// Welch and Satterthwaite's degrees of freedom; those of the pooled test when
/// neither sample varies.
pub(super) fn welch_freedom(left: f64, right: f64, above: &Sample, below: &Sample) -> f64 {
    let divisor = left.powi(2) / (above.count() - 1.0) + right.powi(2) / (below.count() - 1.0);
    if divisor > 0.0 { (left + right).powi(2) / divisor } else { above.count() + below.count() - 2.0 }
}
