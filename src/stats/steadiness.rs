use super::{Sample, mser};

/// Less of a change than this makes no difference in practice.
const NEGLIGIBLE: f64 = 0.02;
/// A change within so many standard errors may be chance.
const STANDARD_ERRORS: f64 = 3.0;
/// A series of which more than this must go never settles.
const MOST_DROPPED: f64 = 0.45;

/// Windows that follow each other more closely than this are on a course, and
/// their course is no noise.
const MOST_CORRELATED: f64 = 0.5;
/// A line through two windows leaves nothing to measure its noise by.
const FEWEST: usize = 3;

/// How a series of windows runs.
///
/// The classes of Barrett et al. 2017, "Virtual Machine Warmup Blows Hot and
/// Cold", found by [`mser`] and two tests on what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steadiness {
    /// Steady from its first window.
    Flat,
    /// It settles higher than it began, after so many windows.
    WarmUp {
        /// Windows before it settles.
        drop: usize,
    },
    /// It settles lower than it began, after so many windows: heat, or a limit
    /// on power.
    Slowdown {
        /// Windows before it settles.
        drop: usize,
    },
    /// It does not settle.
    NoSteadyState,
}

/// Classifies a rate over windows of equal length; 60 of them are usual.
///
/// MSER says what to leave out. The rest is steady if its halves agree and its
/// least-squares line is level from end to end, each within 2 % of its mean or
/// within 3 standard errors, whichever is more: a line through noise is never
/// quite level. What is left out counts only if its mean differs by as much.
/// Standard errors allow for correlation `r` with the window before: there are
/// `n (1 − r) ÷ (1 + r)` windows instead of `n`.
pub fn steadiness(series: &Sample) -> Steadiness {
    let drop = mser(series).drop;
    let (before, rest) = series.values().split_at(drop);
    if length(before) > MOST_DROPPED * series.count() || !is_steady(rest) {
        return Steadiness::NoSteadyState;
    }
    let change = mean(before) / mean(rest) - 1.0;
    if drop == 0 || change.abs() <= allowance(rest, 1.0 / length(before) + 1.0 / length(rest)) {
        Steadiness::Flat
    } else if change < 0.0 {
        Steadiness::WarmUp { drop }
    } else {
        Steadiness::Slowdown { drop }
    }
}

fn is_steady(rest: &[f64]) -> bool {
    let (early, late) = rest.split_at(rest.len() / 2);
    if rest.len() < FEWEST {
        return false;
    }
    let halves = mean(late) / mean(early) - 1.0;
    // The variance of a fitted line's rise over n points is 12 / n of theirs.
    let is_level = rise(rest).abs() <= allowance(rest, 12.0 / length(rest));
    is_level && halves.abs() <= allowance(rest, 1.0 / length(early) + 1.0 / length(late))
}

/// How much of a relative change is none, where its variance is `share` of that
/// of the windows around their line.
fn allowance(rest: &[f64], share: f64) -> f64 {
    let slope = rise(rest) * mean(rest) / length(rest);
    let residuals: Vec<f64> = places(rest).zip(rest).map(|(place, value)| value - mean(rest) - slope * place).collect();
    let squares: f64 = residuals.iter().map(|residual| residual * residual).sum();
    let products: f64 = residuals.iter().zip(&residuals[1..]).map(|(one, next)| one * next).sum();
    let correlation = if squares > 0.0 { (products / squares).clamp(0.0, MOST_CORRELATED) } else { 0.0 };
    let variance = squares / (length(rest) - 2.0) * (1.0 + correlation) / (1.0 - correlation);
    NEGLIGIBLE.max(STANDARD_ERRORS * (variance * share).sqrt() / mean(rest).abs())
}

/// From end to end of the least-squares line, over the mean.
fn rise(values: &[f64]) -> f64 {
    let covariance: f64 = places(values).zip(values).map(|(place, value)| place * (value - mean(values))).sum();
    let squares: f64 = places(values).map(|place| place * place).sum();
    covariance / squares * length(values) / mean(values)
}

/// Where each value stands, from the middle.
fn places(values: &[f64]) -> impl Iterator<Item = f64> {
    let middle = (length(values) - 1.0) / 2.0;
    (0..values.len()).map(move |place| place_of(place) - middle)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / length(values)
}

fn length(values: &[f64]) -> f64 {
    place_of(values.len())
}

#[expect(clippy::cast_precision_loss, reason = "no series has 2^52 values")]
const fn place_of(place: usize) -> f64 {
    place as f64
}

#[cfg(test)]
mod tests {
    use super::Steadiness::{Flat, NoSteadyState, Slowdown, WarmUp};
    use super::{Steadiness, steadiness};
    use crate::stats::Sample;

    /// 60 windows that alternate by 0.5 % around a course.
    fn windows(course: impl Fn(f64) -> f64) -> Steadiness {
        let value = |place: u32| course(f64::from(place)) * if place.is_multiple_of(2) { 1.005 } else { 0.995 };
        steadiness(&Sample::new((0..60).map(value).collect()).unwrap())
    }

    #[test]
    fn a_series_is_flat_warms_up_slows_down_or_never_settles() {
        assert_eq!(windows(|_| 1_000.0), Flat);
        assert_eq!(windows(|place| if place < 10.0 { 700.0 } else { 1_000.0 }), WarmUp { drop: 10 });
        assert_eq!(windows(|place| if place < 12.0 { 1_100.0 } else { 1_000.0 }), Slowdown { drop: 12 });
        assert_eq!(windows(|place| 1_000.0 - 5.0 * place), NoSteadyState);
        assert_eq!(windows(|place| if place < 40.0 { 1_000.0 } else { 800.0 }), NoSteadyState);
    }

    #[test]
    fn a_change_of_less_than_two_per_cent_is_none() {
        assert_eq!(windows(|place| if place < 10.0 { 985.0 } else { 1_000.0 }), Flat);
        assert_eq!(windows(|place| 1_000.0 + 0.3 * place), Flat);
    }

    #[test]
    fn a_series_too_short_to_halve_never_settles_and_one_of_nothing_neither() {
        let of = |values: &[f64]| steadiness(&Sample::new(values.to_vec()).unwrap());
        assert_eq!([of(&[1.0]), of(&[0.0; 60])], [NoSteadyState, NoSteadyState]);
    }
}
