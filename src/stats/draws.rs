//! Random draws for trials of the statistics.

use rand::RngExt;
use rand_chacha::ChaCha12Rng;

/// Of the standard normal distribution: Box and Muller's transform of two
/// uniform values.
pub(crate) fn normal(random: &mut ChaCha12Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}
