//! The decision in sentences.

use super::row;
use crate::metric::MetricDefinition;
use crate::names::CellId;
use crate::report::figure::{self, Shown};
use crate::report::text::{line, sentence, three_digits};
use crate::summary::{Estimate, Summary};
use crate::verdict::{Advice, AgainstFirst, Constraint, Cost, Decision, Otherwise, ServingOption, Standing};

/// So many options are named in one sentence.
const NAMED: usize = 4;

/// What to do, and all that belongs to it, in sentences without a full stop.
pub(super) struct Answer {
    pub(super) advice: String,
    pub(super) because: String,
    pub(super) points: Vec<String>,
    pub(super) changes: Vec<String>,
}

pub(super) fn answer(decision: &Decision, summary: &Summary, metrics: &[MetricDefinition]) -> Answer {
    let words = Words { decision, summary, metrics };
    Answer {
        advice: sentence(&words.advice()),
        because: sentence(&words.because()),
        points: decision
            .costs
            .iter()
            .map(|cost| format!("Cost: {}", words.cost(cost)))
            .chain(decision.otherwise.iter().map(|one| words.otherwise(one)))
            .collect(),
        changes: words.changes(),
    }
}

/// An option's name; with its treatment where another option has the same name.
pub(super) fn name(decision: &Decision, option: &ServingOption) -> String {
    let is_alone = decision.options.iter().filter(|other| other.name == option.name).count() < 2;
    line(&if is_alone { option.name.clone() } else { format!("{} ({})", option.name, option.treatment) })
}

/// `"concurrent" at clients=3`.
pub(super) fn place(summary: &Summary, cell: &CellId) -> String {
    summary.cells.get(cell).map_or_else(String::new, |cell| line(&format!("\"{}\" at {}", cell.phase, cell.load)))
}

/// `0.7 %`, for 0.007.
pub(super) fn percent(fraction: f64) -> String {
    format!("{} %", three_digits((1e3 * fraction).round() / 10.0))
}

struct Words<'a> {
    decision: &'a Decision,
    summary: &'a Summary,
    metrics: &'a [MetricDefinition],
}

impl Words<'_> {
    fn name(&self, place: usize) -> String {
        self.decision.options.get(place).map_or_else(String::new, |option| name(self.decision, option))
    }

    fn number(&self, metric: &str, estimate: &Estimate) -> String {
        Shown::of(row(self.metrics, metric)).number(estimate.value)
    }

    /// The first option's figure with its unit.
    fn first(&self) -> String {
        let figure = self.decision.metric.as_ref().zip(self.decision.options.first());
        figure.map_or_else(String::new, |(metric, option)| self.number(metric.as_str(), &option.figure))
    }

    fn place(&self) -> String {
        self.decision.options.first().map_or_else(String::new, |first| place(self.summary, &first.cell))
    }

    fn advice(&self) -> String {
        match &self.decision.advice {
            Advice::Use => format!("run {}", self.name(0)),
            Advice::Open { rivals, .. } => format!(
                "insufficient evidence: {} comes first, and the data do not rule out that {} by more than {}",
                self.name(0),
                match rivals.as_slice() {
                    [one] => format!("{} is better", self.name(*one)),
                    several => format!("{} are better", self.names(several)),
                },
                percent(self.decision.margin)
            ),
            Advice::Alone => format!("{} was measured alone: there is nothing to choose from", self.name(0)),
            Advice::Unmet => "no option is sure to keep to what is asked".to_owned(),
            Advice::Nothing => "nothing was measured that could be ranked".to_owned(),
        }
    }

    fn names(&self, places: &[usize]) -> String {
        let mut names: Vec<String> = places.iter().take(NAMED).map(|place| self.name(*place)).collect();
        let more = places.len().saturating_sub(NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => names.concat(),
        }
    }

    fn because(&self) -> String {
        match &self.decision.advice {
            Advice::Use => {
                let rest = [self.ahead_of(), self.no_better(), self.ruled_out()].concat();
                format!("{} in {}{rest}", self.first(), self.place())
            }
            Advice::Open { rivals, blocks } => {
                let gaps: Vec<String> = rivals.iter().take(NAMED).map(|place| self.gap(*place)).collect();
                let (first, place, ahead) = (self.first(), self.place(), self.ahead_of());
                format!("{first} in {place}{ahead}; {}{}", gaps.join("; "), needed(*blocks))
            }
            Advice::Alone => format!("{} in {}", self.first(), self.place()),
            Advice::Unmet => {
                let fails = self
                    .decision
                    .options
                    .iter()
                    .take(NAMED)
                    .map(|option| format!("{}: {}", name(self.decision, option), line(&option.fails.join(", "))));
                fails.collect::<Vec<_>>().join("; ")
            }
            Advice::Nothing => "no treatment has a valid measurement at equal load".to_owned(),
        }
    }

    /// The options that stand like this to the first, with their places.
    fn standing(&self, standing: Standing) -> impl Iterator<Item = (usize, AgainstFirst)> {
        self.decision.options.iter().enumerate().filter_map(move |(place, option)| {
            let against = option.against_first.filter(|against| against.standing == standing)?;
            option.fails.is_empty().then_some((place, against))
        })
    }

    /// `: ×1.57 of 3 servers under MPS, ×2.17 of one server without batching`.
    fn ahead_of(&self) -> String {
        let ahead = self.standing(Standing::Behind).take(NAMED);
        let ahead: Vec<String> = ahead
            .map(|(place, against)| format!("×{} of {}", three_digits(1.0 / against.ratio), self.name(place)))
            .collect();
        if ahead.is_empty() { String::new() } else { format!(": {}", ahead.join(", ")) }
    }

    /// `; one server with batching under MPS adds at most 0.7 %`.
    fn no_better(&self) -> String {
        let no_better = self.standing(Standing::NoBetter).take(NAMED);
        let told = no_better.map(|(place, against)| {
            let at_most = against.at_most.map_or_else(String::new, |at_most| percent(at_most.max(0.0)));
            format!("; {} is at most {at_most} better", self.name(place))
        });
        told.collect::<Vec<String>>().concat()
    }

    /// `; ruled out: one server with batching (ttft_p50 < 80ms: does not)`.
    fn ruled_out(&self) -> String {
        let out = self.decision.options.iter().filter(|option| !option.fails.is_empty()).take(NAMED);
        let out: Vec<String> =
            out.map(|option| format!("{} ({})", name(self.decision, option), line(&option.fails.join(", ")))).collect();
        if out.is_empty() { String::new() } else { format!("; ruled out: {}", out.join(", ")) }
    }

    /// `3 servers under MPS: ×0.97 [0.90, 1.05] of it, at most 8 % better`.
    fn gap(&self, place: usize) -> String {
        let Some(against) = self.decision.options.get(place).and_then(|option| option.against_first) else {
            return String::new();
        };
        let bound = match against.at_most {
            Some(at_most) => format!("at most {} better", percent(at_most)),
            None if against.blocks < 2 => "they share fewer than two blocks, so there is no interval".to_owned(),
            None => "of these figures there is no ratio".to_owned(),
        };
        format!("{}: ×{} of it, {bound}", self.name(place), figure::ratio(against.ratio, against.interval))
    }

    /// `time to first token, median: 95 ms, and 52 ms for 3 servers under MPS (×1.83 [1.72, 1.96])`.
    fn cost(&self, cost: &Cost) -> String {
        let Cost { metric, cell, here, option, there, over } = cost;
        let title = row(self.metrics, metric.as_str()).map_or(metric.as_str(), |metric| metric.title);
        let deciding = self.decision.options.first().is_some_and(|first| first.cell == *cell);
        let place = if deciding { String::new() } else { format!(" in {}", place(self.summary, cell)) };
        let (here, there) = (self.number(metric.as_str(), here), self.number(metric.as_str(), there));
        let ratio = figure::ratio(over.ratio, Some(over.interval));
        format!("{title}{place}: {here}, and {there} for {} (×{ratio})", self.name(*option))
    }

    /// `if you must run several processes: 3 servers under MPS, ×1.64 of 3 servers time-sliced`.
    fn otherwise(&self, otherwise: &Otherwise) -> String {
        let constraint = match otherwise.constraint {
            Constraint::SeveralProcesses => "If you must run several processes",
            Constraint::OneProcess => "If you can run only one process",
            Constraint::WithoutMps => "If you cannot have MPS",
            Constraint::WithoutBatching => "If your server does not batch",
        };
        let over = otherwise.over.map_or_else(String::new, |(next, over)| {
            format!(", ×{} of {}", figure::ratio(over.ratio, Some(over.interval)), self.name(next))
        });
        format!("{constraint}: {}{over}", self.name(otherwise.option))
    }

    /// How far each option is from being recommended, the nearest first.
    fn changes(&self) -> Vec<String> {
        if self.decision.advice != Advice::Use {
            return Vec::new();
        }
        let behind = self.decision.options.iter().enumerate().filter_map(|(place, option)| {
            let against = option.against_first?;
            let gap = (1.0 + self.decision.margin) / against.ratio - 1.0;
            (gap.is_finite() && gap > 0.0).then(|| {
                format!(
                    "{} would have to gain {} to be better by the margin",
                    sentence(&self.name(place)),
                    percent(gap)
                )
            })
        });
        behind.take(NAMED).collect()
    }
}

fn needed(blocks: Option<u32>) -> String {
    match blocks {
        Some(blocks) => {
            format!("; about {blocks} blocks would tell with a chance of 90 %, if the figures stay as they are")
        }
        None => String::new(),
    }
}
