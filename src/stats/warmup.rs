use super::Sample;

/// Where a series settles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truncation {
    /// Values to leave out at the start.
    pub drop: usize,
    /// The statistic that is least there.
    pub statistic: f64,
    /// Mean of the values that stay.
    pub steady_mean: f64,
}

/// Marginal standard error rule (White 1997): leaves out the `d ≤ n / 2` first
/// values that make `Σ (y − mean of the rest)² / (n − d)²` least.
pub fn mser(series: &Sample) -> Truncation {
    let values = series.values();
    let candidates = (1..=values.len() / 2).map(|drop| truncate(values, drop));
    candidates.fold(truncate(values, 0), |best, next| if next.statistic < best.statistic { next } else { best })
}

#[expect(clippy::cast_precision_loss, reason = "no series has 2^52 values")]
fn truncate(values: &[f64], drop: usize) -> Truncation {
    let rest = &values[drop..];
    let count = rest.len() as f64;
    let steady_mean = rest.iter().sum::<f64>() / count;
    let squares: f64 = rest.iter().map(|value| (value - steady_mean).powi(2)).sum();
    Truncation { drop, statistic: squares / count.powi(2), steady_mean }
}
