use std::time::Duration;

use serde::Serialize;

use super::{DoctorError, Finding, Topic};
use crate::clock::Clock;
use crate::loopback::{Pace, Traffic, Trial, attempt};
use crate::scenario::Length;
use crate::stats::{Center, Sample, paired_ratio};
use crate::units::Period;

const PAIRS: u32 = 6;
const CLIENTS: u32 = 32;
const TOKENS: u32 = 128;
const WARMUP: Duration = Duration::from_millis(200);
const WINDOW: Duration = Duration::from_secs(1);
const CONFIDENCE: f64 = 0.95;
/// Half the width of an interval in which effects of a few percent drown.
const LOUD: f64 = 0.03;

/// How far two equals differ on this machine: the same trial of the load driver
/// on loopback under two labels, in pairs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Noise {
    /// In the order they were tried.
    pub pairs: Vec<Pair>,
    /// Geometric mean of A ÷ B inside pairs; 1 but for noise.
    pub ratio: f64,
    /// The lower end of its 95 % interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// Half the width of the interval.
    pub half_width: f64,
    /// Standard deviation of one trial ÷ the mean of all.
    pub spread: f64,
}

/// Requests per second of one pair; every other pair begins with B.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Under one label.
    pub a: f64,
    /// Under the other.
    pub b: f64,
}

/// Listens for about a quarter of a minute. Not to be called where futures run:
/// each trial has a runtime of its own.
///
/// # Errors
/// When server or driver cannot be started, or a request fails.
pub fn noise(clock: Clock) -> Result<Noise, DoctorError> {
    // The first is of a process that has not been driving yet, and counts not.
    requests_per_s(clock)?;
    let pairs = (0..PAIRS).map(|number| pair(number, clock)).collect::<Result<_, _>>()?;
    Noise::of(pairs).ok_or(DoctorError::NoAnswer)
}

/// A drift of the machine would else favour one label.
fn pair(number: u32, clock: Clock) -> Result<Pair, DoctorError> {
    let (first, second) = (requests_per_s(clock)?, requests_per_s(clock)?);
    Ok(if number.is_multiple_of(2) { Pair { a: first, b: second } } else { Pair { a: second, b: first } })
}

fn requests_per_s(clock: Clock) -> Result<f64, DoctorError> {
    let trial = Trial {
        pace: Pace::AtOnce,
        tokens: TOKENS,
        load: Traffic::Clients(CLIENTS),
        warmup: Period::from(WARMUP),
        length: Length::Duration(Period::from(WINDOW)),
    };
    let tried = attempt(&trial, clock, None)?;
    Ok(tried.per_second(tried.requests))
}

impl Noise {
    /// `None` unless there are two pairs and every value is positive.
    fn of(pairs: Vec<Pair>) -> Option<Self> {
        let values: Vec<(f64, f64)> = pairs.iter().map(|pair| (pair.a, pair.b)).collect();
        let Center { value: ratio, bounds } = paired_ratio(&values, CONFIDENCE)?;
        let bounds = bounds?;
        let all = Sample::new(pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect()).ok()?;
        let spread = all.standard_deviation()? / all.mean();
        let half_width = (bounds.upper - bounds.lower) / 2.0;
        Some(Self { pairs, ratio, lower: bounds.lower, upper: bounds.upper, half_width, spread })
    }

    /// In words.
    pub fn finding(&self) -> Finding {
        let Self { pairs, ratio, lower, upper, half_width, spread } = self;
        let found = format!(
            "A ÷ B of two equals is {ratio:.3} ({lower:.3} … {upper:.3}) over {} pairs, ±{:.1} %; one trial varies by {:.1} %",
            pairs.len(),
            half_width * 100.0,
            spread * 100.0
        );
        if *half_width <= LOUD {
            return Finding::good(Topic::Noise, found);
        }
        let advice = "stop what else is running, hold the CPU's frequency, give servers CPUs of their own (`cpus`), \
                      or take more repetitions: `runexp calibrate FILE` says how many";
        Finding::attention(Topic::Noise, found, advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    fn noise(values: [(f64, f64); 6]) -> Noise {
        Noise::of(values.map(|(a, b)| Pair { a, b }).to_vec()).unwrap()
    }

    #[test]
    fn two_equals_that_differ_by_more_than_3_percent_ask_for_attention() {
        let quiet = [(100., 101.), (101., 100.), (100., 100.), (99., 100.), (100., 99.), (100., 100.)];
        let loud = [(100., 110.), (95., 100.), (100., 90.), (99., 120.), (80., 99.), (100., 100.)];
        insta::assert_snapshot!(table(&[noise(quiet).finding(), noise(loud).finding()]), @r"
        noise         good       A ÷ B of two equals is 1.000 (0.991 … 1.009) over 6 pairs, ±0.9 %; one trial varies by 0.6 %
        noise         attention  A ÷ B of two equals is 0.928 (0.818 … 1.053) over 6 pairs, ±11.7 %; one trial varies by 9.7 %
                                 help: stop what else is running, hold the CPU's frequency, give servers CPUs of their own (`cpus`), or take more repetitions: `runexp calibrate FILE` says how many
        ");
    }

    #[test]
    fn a_machine_that_answers_nothing_has_no_noise() {
        assert_eq!(Noise::of(vec![Pair { a: 0.0, b: 1.0 }, Pair { a: 1.0, b: 1.0 }]), None);
        assert_eq!(Noise::of(vec![Pair { a: 1.0, b: 1.0 }]), None);
    }
}
