/// At least one value, all of them finite, in the order they were given.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample(Vec<f64>);

/// The values are no sample.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SampleError {
    /// There are none.
    #[error("a sample needs at least one value")]
    Empty,
    /// One of them is infinite or not a number.
    #[error("value {position} of the sample is {value}, which is not finite")]
    NotFinite {
        /// Where, from 0.
        position: usize,
        /// What it is.
        value: f64,
    },
}

impl Sample {
    /// Checks and wraps values.
    ///
    /// # Errors
    /// When there is no value, or one is infinite or not a number.
    pub fn new(values: Vec<f64>) -> Result<Self, SampleError> {
        if values.is_empty() {
            return Err(SampleError::Empty);
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(position) => Err(SampleError::NotFinite { position, value: values[position] }),
            None => Ok(Self(values)),
        }
    }

    /// The values.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// How many there are, as a number to divide by.
    #[expect(clippy::cast_precision_loss, reason = "no sample has 2^52 values")]
    pub fn count(&self) -> f64 {
        self.0.len() as f64
    }

    /// Arithmetic mean.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.count()
    }

    /// Standard deviation with divisor n − 1; `None` for a single value.
    pub fn standard_deviation(&self) -> Option<f64> {
        let mean = self.mean();
        let squares: f64 = self.0.iter().map(|value| (value - mean).powi(2)).sum();
        (self.0.len() > 1).then(|| (squares / (self.count() - 1.0)).sqrt())
    }

    /// Natural logarithms; `None` unless every value is positive.
    pub fn logarithms(&self) -> Option<Self> {
        let all_positive = self.0.iter().all(|value| *value > 0.0);
        all_positive.then(|| Self(self.0.iter().map(|value| value.ln()).collect()))
    }

    /// The quantile at `share`, linear between order statistics: type 7 of
    /// Hyndman and Fan (1996). `share` is clamped to 0 … 1.
    pub fn quantile(&self, share: f64) -> f64 {
        self.clone().into_quantile(share)
    }

    /// The same, where the values are needed no more and may be many: without
    /// a copy of them.
    pub fn into_quantile(mut self, share: f64) -> f64 {
        quantile(&mut self.0, share)
    }
}

/// Type 7 over non-empty values, whose order is lost.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a position inside a slice, clamped first"
)]
fn quantile(values: &mut [f64], share: f64) -> f64 {
    let last = values.len() - 1;
    let rank = share.clamp(0.0, 1.0) * last as f64;
    let position = (rank.floor() as usize).min(last);
    let (_, below, greater) = values.select_nth_unstable_by(position, f64::total_cmp);
    let above = greater.iter().copied().min_by(f64::total_cmp).unwrap_or(*below);
    *below + (rank - position as f64) * (above - *below)
}

#[cfg(test)]
mod tests {
    use super::{Sample, SampleError};

    #[test]
    fn an_empty_or_infinite_sample_is_refused() {
        assert_eq!(Sample::new(Vec::new()), Err(SampleError::Empty));
        let error = Sample::new(vec![1.0, f64::INFINITY]);
        assert_eq!(error, Err(SampleError::NotFinite { position: 1, value: f64::INFINITY }));
    }

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        let sample = Sample::new(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        let quantiles = [0.0, 0.25, 0.5, 0.9, 1.0].map(|share| sample.quantile(share));
        // R: quantile(c(4, 1, 3, 2), c(0, .25, .5, .9, 1)), whose default is type 7.
        for (found, expected) in quantiles.iter().zip([1.0, 1.75, 2.5, 3.7, 4.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_single_value_has_no_standard_deviation() {
        assert_eq!(Sample::new(vec![7.0]).unwrap().standard_deviation(), None);
        assert_eq!(Sample::new(vec![1.0, 3.0]).unwrap().standard_deviation(), Some(2f64.sqrt()));
    }
}
