use serde::Serialize;

use super::text::{self, NOT_MEASURED};
use crate::summary::{Estimate, Gap, Interval, Measured};

/// What a report must know of a metric; the registry hands these over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MetricRow {
    /// `output_throughput`.
    pub id: &'static str,
    /// In words.
    pub title: &'static str,
    /// The unit of the values: `s`, `bytes` and `fraction` are shown as
    /// milliseconds, GB and per cent, `ratio` and `count` without a unit, any
    /// other as it is.
    pub unit: &'static str,
    /// Which way is better, in words: `higher`, `lower`.
    pub better: &'static str,
}

/// The unit that a metric is shown in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    /// Behind the number.
    pub(super) unit: &'static str,
    /// Shown number over stored number.
    pub(super) scale: f64,
}

impl Shown {
    /// Shown as stored, without a unit: ratios.
    pub(super) const PLAIN: Self = Self { unit: "", scale: 1.0 };

    /// The shown unit for a stored one.
    pub(super) fn of(unit: &'static str) -> Self {
        match unit {
            "s" | "seconds" => Self { unit: "ms", scale: 1e3 },
            "B" | "bytes" => Self { unit: "GB", scale: 1e-9 },
            "fraction" | "share" => Self { unit: "%", scale: 100.0 },
            "ratio" | "count" => Self::PLAIN,
            unit => Self { unit, scale: 1.0 },
        }
    }

    /// A published or derived number with its unit.
    pub(super) fn number(self, value: f64) -> String {
        self.attach(&text::three_digits(value * self.scale))
    }

    fn attach(self, number: &str) -> String {
        if self.unit.is_empty() { number.to_owned() } else { format!("{number} {}", self.unit) }
    }
}

/// One number of a report, raw and as text; or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The metric.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The unit of `text`.
    pub unit: String,
    /// In the metric's own unit; none is a gap.
    pub value: Option<f64>,
    /// Lower end of the 95 % interval, in the metric's own unit.
    pub lower: Option<f64>,
    /// Upper end of the 95 % interval, in the metric's own unit.
    pub upper: Option<f64>,
    /// Repetitions it stands on.
    pub n: u32,
    /// `33.1 [32.8, 33.4]`, `33.1 (single run)` or `not measured here: …`.
    pub text: String,
    /// The same with its unit.
    pub with_unit: String,
}

impl Figure {
    /// From what the summary holds.
    pub(super) fn of(id: &str, row: Option<&MetricRow>, measured: Option<&Measured>) -> Self {
        match measured {
            Some(Measured::Estimate(estimate)) => {
                Self::estimate(id, row, row.map_or(Shown::PLAIN, |row| Shown::of(row.unit)), estimate)
            }
            Some(Measured::Gap(gap)) => Self::gap(id, row, &gap_words(gap)),
            None => Self::gap(id, row, NOT_MEASURED),
        }
    }

    /// From an estimate, in a given unit.
    pub(super) fn estimate(id: &str, row: Option<&MetricRow>, shown: Shown, estimate: &Estimate) -> Self {
        if !estimate.value.is_finite() {
            return Self::gap(id, row, &format!("{NOT_MEASURED}: the value is not a finite number"));
        }
        let interval = estimate.interval.filter(|interval| interval.lower.is_finite() && interval.upper.is_finite());
        let (number, remark) = number_and_remark(estimate.value, interval, estimate.n, shown);
        Self {
            unit: shown.unit.to_owned(),
            value: Some(estimate.value),
            lower: interval.map(|interval| interval.lower),
            upper: interval.map(|interval| interval.upper),
            n: estimate.n,
            text: format!("{number}{remark}"),
            with_unit: format!("{}{remark}", shown.attach(&number)),
            ..Self::gap(id, row, "")
        }
    }

    /// No number, and why.
    pub(super) fn gap(id: &str, row: Option<&MetricRow>, why: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: row.map_or_else(|| id.to_owned(), |row| row.title.to_owned()),
            unit: row.map_or("", |row| Shown::of(row.unit).unit).to_owned(),
            value: None,
            lower: None,
            upper: None,
            n: 0,
            text: why.to_owned(),
            with_unit: why.to_owned(),
        }
    }
}

fn number_and_remark(value: f64, interval: Option<Interval>, n: u32, shown: Shown) -> (String, &'static str) {
    let scaled = value * shown.scale;
    match interval {
        Some(interval) => (text::with_interval(scaled, interval.lower * shown.scale, interval.upper * shown.scale), ""),
        None if n == 1 => (text::three_digits(scaled), " (single run)"),
        None => (text::three_digits(scaled), " (no interval)"),
    }
}

/// A ratio and its interval, without a unit.
pub(super) fn ratio(value: f64, interval: Option<Interval>) -> String {
    if !value.is_finite() {
        return NOT_MEASURED.to_owned();
    }
    interval.map_or_else(
        || format!("{} (no interval)", text::three_digits(value)),
        |interval| text::with_interval(value, interval.lower, interval.upper),
    )
}

fn gap_words(gap: &Gap) -> String {
    let why = text::line(&gap.to_string());
    match gap {
        Gap::Invalid { .. } => why,
        Gap::TooFew { .. } => format!("{NOT_MEASURED}: only {why}"),
        Gap::NotRun | Gap::NotMeasured { .. } if why.starts_with(NOT_MEASURED) => why,
        Gap::NotRun | Gap::NotMeasured { .. } => format!("{NOT_MEASURED}: {why}"),
    }
}
