//! The sending times of an open loop, drawn before the phase.

use std::f64::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{CellSpec, seed};
use crate::scenario::{Arrival, Length, Load};
use crate::units::Nanos;

/// Moments after the start of load at which the requests of an open loop are
/// sent, ascending: endless, or as long as `trace`, the recorded moments of a
/// load that follows one. None for a closed loop.
///
/// The arrivals of a process with one event a second on average are drawn
/// first; the moment of each is where the expected number of requests, the
/// integral of the rate, reaches it. So a ramp has the same gaps as a constant
/// rate, only stretched.
pub fn offsets(cell: &CellSpec, seed: u64, trace: &[Nanos]) -> Box<dyn Iterator<Item = Nanos> + Send> {
    match &cell.load {
        Load::Clients(_) => Box::new(std::iter::empty()),
        Load::Rate { per_second, arrival } => {
            let per_second = *per_second;
            Box::new(unit_arrivals(seed, *arrival).map(move |expected| Nanos::from_seconds(expected / per_second)))
        }
        Load::Ramp { from, to, arrival } => {
            let ramp = Ramp::new(cell, *from, *to);
            Box::new(unit_arrivals(seed, *arrival).map(move |expected| Nanos::from_seconds(ramp.reaches(expected))))
        }
        Load::Trace { scale, .. } => {
            let (scale, moments) = (*scale, trace.to_vec());
            Box::new(moments.into_iter().map(move |moment| Nanos::from_seconds(moment.seconds() / scale)))
        }
    }
}

/// Arrivals with a mean gap of 1.
fn unit_arrivals(seed: u64, arrival: Arrival) -> impl Iterator<Item = f64> + Send {
    let mut random = seed::generator(seed);
    let mut elapsed = 0.0;
    (0_u32..).map(move |position| {
        elapsed = match arrival {
            Arrival::Constant => f64::from(position),
            Arrival::Poisson => elapsed + exponential(&mut random),
            Arrival::Gamma { burstiness } => elapsed + gamma(&mut random, burstiness) / burstiness,
        };
        elapsed
    })
}

/// Inverse of the exponential distribution's cumulative function, mean 1.
fn exponential(random: &mut ChaCha8Rng) -> f64 {
    -(1.0 - random.random::<f64>()).ln()
}

/// Of a gamma distribution of this shape, scale 1: Marsaglia and Tsang, "A
/// simple method for generating gamma variables" (ACM TOMS 26, 2000), with
/// their boost for shapes below 1.
fn gamma(random: &mut ChaCha8Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        let boost = (1.0 - random.random::<f64>()).powf(1.0 / shape);
        return gamma(random, shape + 1.0) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(random);
        let v = (1.0 + c * x).powi(3);
        let uniform = 1.0 - random.random::<f64>();
        if v > 0.0 && uniform.ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
            return d * v;
        }
    }
}

/// Standard normal (Box and Muller).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    (2.0 * exponential(random)).sqrt() * (TAU * random.random::<f64>()).cos()
}

/// A rate that is `from` in the warm-up, changes evenly over the window and is
/// `to` afterwards.
#[derive(Clone, Copy)]
struct Ramp {
    warmup_s: f64,
    window_s: f64,
    from: f64,
    to: f64,
}

impl Ramp {
    fn new(cell: &CellSpec, from: f64, to: f64) -> Self {
        let window_s = match cell.length {
            Length::Duration(length) => length.duration().as_secs_f64(),
            Length::Requests(_) => f64::INFINITY,
        };
        Self { warmup_s: cell.warmup.duration().as_secs_f64(), window_s, from, to }
    }

    /// When so many requests are expected to have come: the rate's integral,
    /// inverted.
    fn reaches(self, expected: f64) -> f64 {
        let Self { warmup_s, window_s, from, to } = self;
        let inside = expected - from * warmup_s;
        let after = inside - 0.5 * (from + to) * window_s;
        if inside <= 0.0 {
            expected / from
        } else if after >= 0.0 {
            warmup_s + window_s + after / to
        } else {
            // from·t + (to − from)·t² ÷ (2·window) = inside, in the form that
            // loses no digits and holds for a constant rate too.
            let slope = (to - from) / window_s;
            warmup_s + 2.0 * inside / (from + (from * from + 2.0 * slope * inside).max(0.0).sqrt())
        }
    }
}

#[cfg(test)]
mod tests;
