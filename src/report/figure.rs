use serde::Serialize;

use super::text::{self, NOT_MEASURED};
use crate::metric::{Estimator, MetricDefinition, Unit};
use crate::summary::{Estimate, Gap, Interval, Measured};

/// How a metric's numbers are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// Behind the number.
    pub(super) unit: &'static str,
    /// Shown number over stored number.
    scale: f64,
    /// A number with so many decimals.
    show: fn(f64, usize) -> String,
}

impl Shown {
    /// Shown as stored, without a unit: ratios.
    pub(super) const PLAIN: Self = Self::new("", 1.0);

    const fn new(unit: &'static str, scale: f64) -> Self {
        Self { unit, scale, show: text::fixed }
    }

    /// How a metric is shown; plainly if it is not known.
    pub(super) const fn of(metric: Option<&MetricDefinition>) -> Self {
        let Some(metric) = metric else { return Self::PLAIN };
        match metric.unit {
            Unit::Seconds => Self::new("ms", 1e3),
            Unit::TokensPerSecond => Self::new("tok/s", 1.0),
            Unit::RequestsPerSecond => Self::new("req/s", 1.0),
            Unit::Share => Self::new("%", 100.0),
            Unit::Excess => Self { show: text::signed, ..Self::new("%", 100.0) },
            Unit::Ratio | Unit::Count => Self::PLAIN,
            Unit::Tokens => Self::new("tokens", 1.0),
            Unit::Bytes => Self::new("GB", 1e-9),
            Unit::Watts => Self::new("W", 1.0),
            Unit::JoulesPerToken => Self::new("J/token", 1.0),
            Unit::Celsius => Self::new("°C", 1.0),
            Unit::Cores => Self::new("cores", 1.0),
        }
    }

    /// A published or derived number with its unit.
    pub(super) fn number(self, value: f64) -> String {
        self.attach(&self.lone(value))
    }

    /// `5 to 15 %`.
    pub(super) fn between(self, from: f64, to: f64) -> String {
        self.attach(&format!("{} to {}", self.lone(from), self.lone(to)))
    }

    fn lone(self, value: f64) -> String {
        text::three_digits_by(self.show, value * self.scale)
    }

    /// The end of an interval, to two digits.
    fn bound(self, value: f64) -> String {
        text::two_digits_by(self.show, value * self.scale)
    }

    /// An interval without width says nothing that the value does not.
    fn with_interval(self, value: f64, Interval { lower, upper }: Interval) -> String {
        if lower.total_cmp(&upper).is_eq() {
            return self.lone(value);
        }
        text::with_interval(self.show, value * self.scale, lower * self.scale, upper * self.scale)
    }

    fn attach(self, number: &str) -> String {
        if self.unit.is_empty() { number.to_owned() } else { format!("{number} {}", self.unit) }
    }
}

/// A reason that stands once under a table, and its mark inside the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// From 1; the same in every table of a run.
    pub number: usize,
    /// The same as it stands in the table: `¹`.
    pub mark: String,
    /// The reason.
    pub text: String,
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
    /// `33.1 [32.8, 33.4]`, `33.1 (single run)`, `≈ 33.1 [32.8, 33.4]` where the
    /// interval is an approximation, `0 % (0 of 30: at most 9.5 %)` or `not
    /// measured here: …`. What is the same in every repetition has no interval,
    /// and what rests on fewer repetitions than its row says so.
    pub text: String,
    /// The same with its unit.
    pub with_unit: String,
    /// For the cell of a table: `with_unit`, or for a gap a mark of few
    /// letters: `too few (3 of 11)`, `not run`, `invalid ¹`, `– ²`.
    pub short: String,
    /// What the mark of a gap refers to.
    pub note: Option<Note>,
}

impl Figure {
    /// From what the summary holds.
    pub(super) fn of(id: &str, metric: Option<&MetricDefinition>, measured: Option<&Measured>) -> Self {
        match measured {
            Some(Measured::Estimate(estimate)) => Self::estimate(id, metric, estimate),
            Some(Measured::Gap(gap)) => Self::of_gap(id, metric, gap),
            None => Self::gap(id, metric, NOT_MEASURED),
        }
    }

    /// From an estimate.
    pub(super) fn estimate(id: &str, metric: Option<&MetricDefinition>, estimate: &Estimate) -> Self {
        if !estimate.value.is_finite() {
            return Self::of_gap(id, metric, &Gap::not_measured("the value is not a finite number"));
        }
        let shown = Shown::of(metric);
        let interval = estimate.interval.filter(|interval| interval.lower.is_finite() && interval.upper.is_finite());
        let number = match interval {
            Some(interval) if whole(estimate).is_none() => shown.with_interval(estimate.value, interval),
            Some(_) | None => shown.lone(estimate.value),
        };
        let number = if estimate.by.is_approximate() { format!("≈ {number}") } else { number };
        let remarks = remarks(estimate, interval, shown);
        let remark = if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join(", ")) };
        let with_unit = format!("{}{remark}", shown.attach(&number));
        Self {
            value: Some(estimate.value),
            lower: interval.map(|interval| interval.lower),
            upper: interval.map(|interval| interval.upper),
            n: estimate.n,
            text: format!("{number}{remark}"),
            short: with_unit.clone(),
            with_unit,
            ..Self::gap(id, metric, "")
        }
    }

    /// No number, and why.
    pub(super) fn gap(id: &str, metric: Option<&MetricDefinition>, why: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: metric.map_or(id, |metric| metric.title).to_owned(),
            unit: Shown::of(metric).unit.to_owned(),
            value: None,
            lower: None,
            upper: None,
            n: 0,
            text: why.to_owned(),
            with_unit: why.to_owned(),
            short: why.to_owned(),
            note: None,
        }
    }

    fn of_gap(id: &str, metric: Option<&MetricDefinition>, gap: &Gap) -> Self {
        let why = text::line(&gap.to_string());
        let full = match gap {
            Gap::Invalid { .. } => why.clone(),
            Gap::TooFew { .. } => format!("{NOT_MEASURED}: only {why}"),
            Gap::NotRun | Gap::Unanswered | Gap::NotStreamed | Gap::NotMeasured { .. } | Gap::Censored { .. } => {
                if why.starts_with(NOT_MEASURED) { why.clone() } else { format!("{NOT_MEASURED}: {why}") }
            }
        };
        let (short, note) = match gap {
            Gap::NotRun => ("not run".to_owned(), None),
            Gap::NotStreamed => ("not streamed".to_owned(), None),
            Gap::TooFew { n, floor } => (format!("too few ({n} of {floor})"), None),
            Gap::Invalid { reason } => ("invalid".to_owned(), Some(reason)),
            Gap::Unanswered => ("–".to_owned(), Some(&why)),
            Gap::Censored { reason } | Gap::NotMeasured { reason } => ("–".to_owned(), Some(reason)),
        };
        let note = note.map(|reason| Note { number: 0, mark: String::new(), text: text::line(reason) });
        Self { short, note, ..Self::gap(id, metric, &full) }
    }

    /// Gives the note, if there is one, its number.
    pub(super) fn number_note(&mut self, number: impl FnOnce(&str) -> usize) {
        if let Some(note) = &mut self.note {
            note.number = number(&note.text);
            note.mark = text::superscript(note.number);
            self.short = format!("{} {}", self.short, note.mark);
        }
    }
}

/// Whether nothing was hit of all that was counted, or everything: the end of
/// the interval that is not there already, in words.
fn whole(estimate: &Estimate) -> Option<&'static str> {
    match estimate.by {
        Estimator::Requests | Estimator::Kills if estimate.value <= 0.0 => Some("at most"),
        Estimator::Requests | Estimator::Kills if estimate.value >= 1.0 => Some("at least"),
        _ => None,
    }
}

/// What stands in parentheses behind a number: what it was counted of, that it
/// rests on fewer repetitions than its row, and what it lacks.
fn remarks(estimate: &Estimate, interval: Option<Interval>, shown: Shown) -> Vec<String> {
    let bound = whole(estimate).zip(interval).map(|(words, Interval { lower, upper })| {
        let end = if estimate.value <= 0.0 { upper } else { lower };
        format!("{words} {}", shown.attach(&shown.bound(end)))
    });
    let is_told = bound.is_some() || estimate.by == Estimator::Kills;
    let tally = estimate.tally().filter(|_| is_told);
    let counted = [tally, bound].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let lack = match interval {
        Some(_) => None,
        None if estimate.n == 1 => Some("single run".to_owned()),
        None => Some("no interval".to_owned()),
    };
    let fewer = (estimate.n < estimate.valid).then(|| format!("{} of {} blocks", estimate.n, estimate.valid));
    let basis = estimate.basis.map(|basis| basis.words().to_owned());
    [Some(counted).filter(|words| !words.is_empty()), lack, fewer, basis].into_iter().flatten().collect()
}

/// A ratio and its interval, without a unit.
pub(super) fn ratio(value: f64, interval: Option<Interval>) -> String {
    if !value.is_finite() {
        return NOT_MEASURED.to_owned();
    }
    interval.map_or_else(
        || format!("{} (no interval)", text::three_digits(value)),
        |interval| Shown::PLAIN.with_interval(value, interval),
    )
}
