//! Energy, by the driver's counter, held against the power that it reports.

use super::gpu::{Series, gpu, series, value, values};
use super::reply::{count, share};
use super::throughput::tokens_within;
use super::{Better, Gap, MetricDefinition, Unit, UnitValue, Window};
use crate::record::TelemetryRecord;
use crate::units::Nanos;

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    gpu("energy_per_token", "energy per token, gross", Unit::JoulesPerToken, Better::Lower, gross),
    gpu("energy_per_token_net", "energy per token, less that at rest", Unit::JoulesPerToken, Better::Lower, net),
    gpu("power_at_rest", "power of the servers at rest", Unit::Watts, Better::Neither, at_rest),
    gpu("energy_check", "energy counter against power over time", Unit::Excess, Better::Neither, check),
];

/// Sensors sample a quarter of the time (arXiv 2312.02741): where counter and
/// power are further apart than this over all repetitions of a cell, neither is
/// to be believed. In a short window the two differ by chance, for power is
/// sampled and the counter moves in steps: leaving out the repetitions in which
/// they do would leave out energies by their size.
const MOST_APART: f64 = 0.05;
/// In seconds. The counter moves every 100 ms or so; over less than this, that
/// alone is 10 %.
const SHORTEST: f64 = 1.0;
const TOO_SHORT: &str = "the energy counter was not read at two moments at least 1 s apart";

/// Why a metric made of the energy counter has no value in a cell whose
/// `energy_check` is this on average.
pub fn gainsaid(metric: &str, energy_check: f64) -> Option<Gap> {
    let is_made_of_it = matches!(metric, "energy_per_token" | "energy_per_token_net");
    (is_made_of_it && energy_check.abs() > MOST_APART).then(|| {
        let apart = energy_check * 100.0;
        Gap::not_measured(format!("the energy counter and power over time differ by {apart:+.1} %, more than 5 %"))
    })
}

/// What a window's counters say.
struct Spent {
    joules: f64,
    start: Nanos,
    end: Nanos,
}

impl Spent {
    /// From the first to the last reading of the counters, over all GPUs.
    fn of(telemetry: &[&TelemetryRecord]) -> Result<Self, Gap> {
        let all = series(telemetry, |gpu| value(&gpu.energy_j, f64::from))?;
        let ends = || all.iter().filter_map(|series| series.first().zip(series.last()));
        let joules = ends().map(|(first, last)| last.1 - first.1).sum();
        let start = ends().map(|(first, _)| first.0).min();
        let end = ends().map(|(_, last)| last.0).max();
        match (start, end) {
            (Some(start), Some(end)) if end.since(start).seconds() >= SHORTEST => Ok(Self { joules, start, end }),
            _ => Err(Gap::not_measured(TOO_SHORT)),
        }
    }

    fn seconds(&self) -> f64 {
        self.end.since(self.start).seconds()
    }

    /// Counter ÷ power over time − 1.
    fn excess(&self, telemetry: &[&TelemetryRecord]) -> Result<f64, Gap> {
        let all = series(telemetry, |gpu| value(&gpu.power_w, f64::from))?;
        let joules: f64 = all.iter().map(|series| integral(series, self.start, self.end)).sum();
        share(self.joules, joules, "the GPU drew no power by its sensor").map(|ratio| ratio - 1.0)
    }

    fn per_token(&self, window: &Window<'_>, joules: f64) -> UnitValue {
        let tokens = tokens_within(window, &[(self.start, self.end)]);
        share(joules, tokens, "no token arrived between two energy readings")
    }
}

/// Linear between samples; before the first and after the last as they are.
fn integral(series: &Series, start: Nanos, end: Nanos) -> f64 {
    let at = |moment: Nanos| {
        let after = series.iter().position(|(at, _)| *at >= moment);
        let (Some(first), Some(last)) = (series.first(), series.last()) else { return 0.0 };
        match after {
            None => last.1,
            Some(0) => first.1,
            Some(after) => {
                let ((from, low), (to, high)) = (series[after - 1], series[after]);
                low + (high - low) * moment.since(from).seconds() / to.since(from).seconds()
            }
        }
    };
    let inside = series.iter().copied().filter(|(moment, _)| start < *moment && *moment < end);
    let points: Vec<(Nanos, f64)> = std::iter::once((start, at(start))).chain(inside).chain([(end, at(end))]).collect();
    points.windows(2).map(|pair| pair[1].0.since(pair[0].0).seconds() * (pair[0].1 + pair[1].1) / 2.0).sum()
}

/// Difference of the energy counters between the first and the last sample
/// inside the window, over all GPUs ÷ tokens that arrived between the two.
fn gross(window: &Window<'_>) -> UnitValue {
    let spent = Spent::of(&window.telemetry)?;
    spent.per_token(window, spent.joules)
}

/// The same less what the servers of this epoch drew at rest in as long.
fn net(window: &Window<'_>) -> UnitValue {
    let spent = Spent::of(&window.telemetry)?;
    let rest = at_rest(window)? * spent.seconds();
    spent.per_token(window, spent.joules - rest)
}

/// While the servers of this epoch were ready and nobody asked them anything:
/// by the energy counter, or where there is none the mean of power readings;
/// summed over GPUs.
fn at_rest(window: &Window<'_>) -> UnitValue {
    if window.rest.is_empty() {
        return Err(Gap::not_measured("power at rest was not measured in this epoch"));
    }
    if let Ok(spent) = Spent::of(&window.rest) {
        return Ok(spent.joules / spent.seconds());
    }
    let all = series(&window.rest, |gpu| value(&gpu.power_w, f64::from))?;
    Ok(all.iter().map(|series| values(series).sum::<f64>() / count(series.len() as u64)).sum())
}

/// Energy by the counter ÷ power integrated over the same time − 1.
fn check(window: &Window<'_>) -> UnitValue {
    Spent::of(&window.telemetry)?.excess(&window.telemetry)
}
