//! The sending times of an open loop, drawn before the phase.

use rand::RngExt;

use super::seed;
use crate::scenario::Arrival;
use crate::units::Nanos;

/// Moments after the start of load at which requests are sent, ascending, as
/// an endless stream: gaps of 1 ÷ rate (constant), or exponential with that
/// mean (Poisson process).
pub fn offsets(seed: u64, per_second: f64, arrival: Arrival) -> impl Iterator<Item = Nanos> + Send {
    let mut random = seed::generator(seed);
    let mut elapsed = 0.0;
    (0_u32..).map(move |position| {
        elapsed = match arrival {
            Arrival::Constant => f64::from(position) / per_second,
            Arrival::Poisson => elapsed + exponential(random.random::<f64>(), per_second),
        };
        Nanos::from_seconds(elapsed)
    })
}

/// Inverse of the exponential distribution's cumulative function.
fn exponential(uniform: f64, rate: f64) -> f64 {
    -(1.0 - uniform).ln() / rate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_arrivals_never_drift() {
        let late = offsets(1, 3.0, Arrival::Constant).nth(3_000_000);
        assert_eq!(late, Some(Nanos::from_seconds(1_000_000.0)));
    }

    #[test]
    fn poisson_gaps_have_the_asked_mean_and_an_equal_deviation() {
        let times: Vec<f64> = offsets(7, 50.0, Arrival::Poisson).take(20_000).map(Nanos::seconds).collect();
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let count = f64::from(u32::try_from(gaps.len()).unwrap());
        let mean = gaps.iter().sum::<f64>() / count;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count).sqrt();
        assert!((mean * 50.0 - 1.0).abs() < 0.03, "mean {mean}");
        assert!((deviation / mean - 1.0).abs() < 0.05, "deviation {deviation}");
    }

    #[test]
    fn the_same_seed_gives_the_same_times() {
        let draw = |seed| offsets(seed, 2.0, Arrival::Poisson).take(5).collect::<Vec<_>>();
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}
