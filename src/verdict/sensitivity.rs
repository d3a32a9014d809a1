//! What would have to be measured for a rule to rule otherwise.

use super::Turning;
use super::rule::{Figures, holds};
use crate::scenario::Rule;
use crate::summary::{Estimate, Interval, Measured};

/// Tried up to so many times as much, and as little.
const FARTHEST: f64 = 16.0;
/// The way there, in equal ratios.
const STEPS: u32 = 128;
/// Each makes the place of the turn twice as exact.
const HALVINGS: u32 = 30;

/// For every figure that can turn the rule alone, the nearest value at which it
/// does; the nearest of them, as ratios, first.
pub(super) fn turnings(rule: &Rule, figures: &Figures) -> Vec<Turning> {
    let Ok(now) = holds(rule, figures) else { return Vec::new() };
    let turning = |place: usize| {
        let (quantity, measured) = figures.get(place)?;
        let estimate = measured.estimate().filter(|estimate| estimate.value > 0.0)?;
        let turns = |factor: f64| holds(rule, &scaled(figures, place, factor)).is_ok_and(|then| then != now);
        let factor = nearest(&turns)?;
        let (measured, turns_at) = (estimate.value, estimate.value * factor);
        Some(Turning { quantity: quantity.clone(), measured, turns_at, holds_beyond: !now })
    };
    let mut found: Vec<Turning> = (0..figures.len()).filter_map(turning).collect();
    let distance = |turning: &Turning| (turning.turns_at / turning.measured).ln().abs();
    found.sort_by(|one, other| distance(one).total_cmp(&distance(other)));
    found
}

/// The factor next to 1 from which on it turns; none up to the farthest.
fn nearest(turns: &impl Fn(f64) -> bool) -> Option<f64> {
    let step = FARTHEST.ln() / f64::from(STEPS);
    let first = (1..=STEPS).flat_map(|count| [f64::from(count) * step, -f64::from(count) * step]);
    let found = first.into_iter().find(|logarithm| turns(logarithm.exp()))?;
    let (mut near, mut far) = (found - step * found.signum(), found);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(near, far);
        if turns(middle.exp()) { far = middle } else { near = middle }
    }
    Some(far.exp())
}

/// The figures with one of them so many times as large, and its interval as
/// wide as before on the scale of ratios.
fn scaled(figures: &Figures, place: usize, factor: f64) -> Figures {
    let mut figures = figures.clone();
    if let Some((_, Measured::Estimate(estimate))) = figures.get_mut(place) {
        let Estimate { value, interval, .. } = estimate;
        *value *= factor;
        *interval = interval.map(|Interval { lower, upper }| Interval { lower: lower * factor, upper: upper * factor });
    }
    figures
}
