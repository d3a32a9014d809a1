//! Where in the rhythm of its replies a window begins.

use rand::RngExt;

use super::seed::generator;
use super::{CellSpec, derive};
use crate::scenario::{Length, Load};
use crate::units::Nanos;

/// Of the window.
const MOST_OF_WINDOW: u64 = 10;

impl CellSpec {
    /// How much longer than its `warmup` a repetition of this seed warms up: a
    /// moment drawn evenly from none to [`longest_window_offset`](Self::longest_window_offset).
    ///
    /// Clients that wait for replies of one length come back to the same place
    /// again and again. A window that always began as long after the first
    /// request would cut those replies at the same place in every repetition: an
    /// error of up to a token of each client, and of the pause between two
    /// replies, that repetitions repeat and no interval shows. Begun at random it
    /// is part of what they differ by (systematic sampling with a random start,
    /// Cochran, *Sampling Techniques*, 3rd ed., 8.1).
    pub fn window_offset(&self, seed: u64) -> Nanos {
        Nanos(generator(derive(seed, "lead")).random_range(0..=self.longest_window_offset().0))
    }

    /// A tenth of the window, or the warm-up where that is shorter. Nothing where
    /// requests are counted, where an open loop's own moments are drawn, and
    /// where there is no warm-up: that window is to hold the first request.
    pub fn longest_window_offset(&self) -> Nanos {
        match (&self.load, self.length) {
            (Load::Clients(_), Length::Duration(window)) => {
                let share = Nanos(Nanos::from(window.duration()).0 / MOST_OF_WINDOW);
                share.min(self.warmup.duration().into())
            }
            _ => Nanos::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::cell;
    use crate::units::Period;

    /// Three clients, a second of warm-up and a window of this many seconds.
    fn closed(window: u64) -> CellSpec {
        let length = Length::Duration(Period::from_secs(window));
        CellSpec { load: Load::Clients(3), warmup: Period::from_secs(1), length, ..cell() }
    }

    #[test]
    fn windows_begin_evenly_over_a_tenth_of_their_length() {
        let spec = closed(5);
        assert_eq!(spec.longest_window_offset(), Nanos::from_seconds(0.5));
        let mut leads: Vec<f64> = (0..10_000).map(|seed| spec.window_offset(seed).seconds()).collect();
        leads.sort_by(f64::total_cmp);
        let quartiles = [2_500, 5_000, 7_500].map(|rank| leads[rank]);
        for (found, expected) in quartiles.into_iter().zip([0.125, 0.25, 0.375]) {
            assert!((found - expected).abs() < 0.01, "{quartiles:?}");
        }
        assert!(leads[0] < 0.001 && leads[9_999] < 0.5 && leads[9_999] > 0.499);
        assert_eq!(spec.window_offset(7), spec.window_offset(7));
    }

    #[test]
    fn a_lead_is_never_longer_than_the_warmup_and_only_a_closed_loop_over_time_has_one() {
        assert_eq!(closed(60).longest_window_offset(), Nanos::from_seconds(1.0));
        let cold = CellSpec { warmup: Period::from_secs(0), ..closed(60) };
        let counted = CellSpec { length: Length::Requests(9), ..closed(60) };
        let open = CellSpec { load: Load::Trace { file: "t".into(), scale: 1.0 }, ..closed(60) };
        assert_eq!([cold, counted, open].map(|spec| spec.window_offset(7)), [Nanos::ZERO; 3]);
    }
}
