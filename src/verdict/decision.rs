//! Ways to serve, ranked by what was measured.

use super::bound::Bar;
use super::interval::estimate;
use super::select::fits;
use super::serving::{Advice, Decision, ServingOption, Standing};
use super::way::{Cell, name, simplicity, unplanned};
use super::{Significance, cost, evidence};
use crate::metric::Better;
use crate::names::MetricId;
use crate::scenario::{Goal, Question, Requirement, Selector, Side, treatment_text};
use crate::summary::{CellSummary, Estimate, Summary};

/// What ways to serve are ranked by, unless the scenario says otherwise: the
/// first of these that the load has.
const GOALS: [(&str, Better); 5] = [
    ("max_clients", Better::Higher),
    ("max_rate", Better::Higher),
    ("instances_max_practical", Better::Higher),
    ("output_throughput", Better::Higher),
    ("request_throughput", Better::Higher),
];
/// The same in an open loop, whose throughput is what was sent.
const GOALS_OPEN: [(&str, Better); 3] =
    [("max_rate", Better::Higher), ("attainment", Better::Higher), ("ttft_scheduled_p50", Better::Lower)];

/// An option and the cell that it is measured in.
pub(super) type Candidate<'a> = (ServingOption, &'a CellSummary);

/// Ranks treatments by the goal of the question at its load: if it names none,
/// by output throughput in the first closed-loop phase, at the most clients that
/// all treatments were planned with. A treatment without a valid measurement
/// there is not ranked, and named.
pub(super) fn decide(summary: &Summary, question: &Question) -> Decision {
    let cells = at_load(summary, question.load.as_ref());
    let goal = goal(question, &cells);
    let better = goal.as_ref().map_or(Better::Higher, |(_, better)| *better);
    let metric = goal.map(|(metric, _)| metric);
    let (mut candidates, mut unmeasured) = (Vec::new(), Vec::new());
    for cell in &cells {
        match metric.as_ref().and_then(|metric| candidate(*cell, metric, &question.subject_to)) {
            Some(option) => candidates.push((option, cell.1)),
            None => unmeasured.push(treatment_text(&cell.1.treatment, ",")),
        }
    }
    let ranked = Ranking { better, margin: question.margin, significance: Significance::of(summary) };
    let advice = ranked.order(&mut candidates);
    let (costs, otherwise) = match advice {
        Advice::Use => (cost::costs(summary, &candidates, ranked), cost::otherwise(&candidates, ranked)),
        Advice::Open { .. } | Advice::Alone | Advice::Unmet | Advice::Nothing => (Vec::new(), Vec::new()),
    };
    Decision {
        metric,
        better,
        margin: question.margin,
        advice,
        costs,
        otherwise,
        options: candidates.into_iter().map(|(option, _)| option).collect(),
        unmeasured,
        unplanned: unplanned(&cells),
        evidence: evidence::all(summary),
    }
}

/// The metric of the question, or the first of the usual ones that a cell has,
/// and which way of it is good; none if no cell has any.
fn goal(question: &Question, cells: &[Cell<'_>]) -> Option<(MetricId, Better)> {
    match &question.goal {
        Some(Goal::Most(metric)) => return Some((metric.clone(), Better::Higher)),
        Some(Goal::Least(metric)) => return Some((metric.clone(), Better::Lower)),
        None => {}
    }
    let is_open = cells.iter().all(|(_, cell)| cell.rate.is_some());
    let goals = if is_open { &GOALS_OPEN[..] } else { &GOALS[..] };
    let (id, better) = goals.iter().find(|(id, _)| cells.iter().any(|(_, cell)| estimate(cell, id).is_ok()))?;
    Some((MetricId::new(*id).ok()?, *better))
}

/// Every treatment's cell at the load of the question.
pub(super) fn at_load<'a>(summary: &'a Summary, load: Option<&Selector>) -> Vec<Cell<'a>> {
    let fitting = |(_, cell): &Cell<'_>| load.is_none_or(|load| fits(cell, load));
    let has_clients = |(_, cell): &Cell<'_>| cell.clients.is_some();
    let candidates = || summary.cells.iter().filter(fitting);
    let first = candidates().find(has_clients).or_else(|| candidates().next());
    let Some(phase) = first.map(|(_, cell)| &cell.phase) else { return Vec::new() };
    let of_phase: Vec<Cell<'a>> = candidates().filter(|(_, cell)| cell.phase == *phase).collect();
    let highest = highest_common_load(&of_phase);
    of_phase.into_iter().filter(|(_, cell)| Some(load_of(cell)) == highest).collect()
}

/// Clients and rate, of which a cell has one or, in a search, none.
type LoadOf = (Option<u32>, Option<f64>);

const fn load_of(cell: &CellSummary) -> LoadOf {
    (cell.clients, cell.rate)
}

/// The most clients, or the highest rate, at which every treatment of the phase
/// has a cell.
fn highest_common_load(cells: &[Cell<'_>]) -> Option<LoadOf> {
    let everywhere = |load: &LoadOf| {
        cells.iter().all(|(_, here)| {
            cells.iter().any(|(_, there)| load_of(there) == *load && there.treatment == here.treatment)
        })
    };
    let loads = cells.iter().map(|(_, cell)| load_of(cell)).filter(everywhere);
    loads.reduce(|highest, load| if load > highest { load } else { highest })
}

fn candidate((id, cell): Cell<'_>, metric: &MetricId, subject_to: &[Requirement]) -> Option<ServingOption> {
    Some(ServingOption {
        name: name(cell),
        treatment: treatment_text(&cell.treatment, ","),
        cell: id.clone(),
        servers: cell.servers,
        figure: estimate(cell, metric.as_str()).ok()?.clone(),
        against_first: None,
        fails: subject_to.iter().filter_map(|requirement| fails(requirement, cell)).collect(),
    })
}

/// What is asked and the cell is not sure to keep to: its whole 95 % interval
/// must lie on the right side.
fn fails(requirement: &Requirement, cell: &CellSummary) -> Option<String> {
    let Requirement { metric, side, limit, written } = requirement;
    let measured = match estimate(cell, metric.as_str()) {
        Ok(measured) => measured,
        Err(gap) => return Some(format!("{written}: {gap}")),
    };
    let Some(interval) = measured.interval else { return Some(format!("{written}: single run, no interval")) };
    let (surely, surely_not) = match side {
        Side::Below => (interval.upper < *limit, interval.lower >= *limit),
        Side::Above => (interval.lower > *limit, interval.upper <= *limit),
    };
    let verdict = if surely_not { "does not" } else { "not sure to" };
    (!surely).then(|| format!("{written}: {verdict}"))
}

/// How options are put in order.
#[derive(Clone, Copy)]
pub(super) struct Ranking {
    pub(super) better: Better,
    pub(super) margin: f64,
    pub(super) significance: Significance,
}

impl Ranking {
    /// The bar for the rivals of one option.
    pub(super) fn bar(self, rivals: usize) -> Bar {
        Bar { better: self.better, margin: self.margin, chance: self.significance.among(rivals) }
    }

    /// Puts the recommended option first, then the better ones; each is held
    /// against the first.
    fn order(self, candidates: &mut Vec<Candidate<'_>>) -> Advice {
        candidates.sort_by_key(|(_, cell)| simplicity(cell));
        let may: Vec<usize> = (0..candidates.len()).filter(|place| keeps(candidates, *place)).collect();
        let recommended = self.recommended(candidates, &may);
        let best = || {
            may.iter().copied().reduce(|best, next| if self.is_better(candidates, next, best) { next } else { best })
        };
        let first = recommended.or_else(best).unwrap_or_default();
        let advice = match (candidates.len(), may.len()) {
            (0, _) => Advice::Nothing,
            (_, 0) => Advice::Unmet,
            (1, _) => Advice::Alone,
            _ if recommended.is_some() => Advice::Use,
            _ => Advice::Open { rivals: Vec::new(), blocks: None },
        };
        if first < candidates.len() {
            let first = candidates.remove(first);
            candidates.sort_by(|(one, _), (other, _)| self.compare(&one.figure, &other.figure));
            candidates.sort_by_key(|(option, _)| !option.fails.is_empty());
            candidates.insert(0, first);
        }
        self.hold_against_first(candidates, may.len());
        match advice {
            Advice::Open { .. } => self.open(candidates, may.len()),
            other => other,
        }
    }

    /// The simplest option over which no other has an advantage of the margin.
    fn recommended(self, candidates: &[Candidate<'_>], may: &[usize]) -> Option<usize> {
        let bar = self.bar(may.len().saturating_sub(1));
        let figure = |place: usize| candidates.get(place).map(|(option, _)| &option.figure);
        let passes = |one: &usize| {
            let rivals = may.iter().filter(|other| *other != one);
            rivals.into_iter().all(|other| {
                let bound = figure(*one).zip(figure(*other)).and_then(|(one, other)| bar.at_most(one, other));
                bound.is_some_and(|advantage| advantage < self.margin)
            })
        };
        may.iter().copied().find(passes)
    }

    fn hold_against_first(self, candidates: &mut [Candidate<'_>], rivals: usize) {
        let bar = self.bar(rivals.saturating_sub(1));
        let Some(((first, _), others)) = candidates.split_first_mut() else { return };
        for (option, _) in others {
            option.against_first = Some(bar.against(&first.figure, &option.figure));
        }
    }

    fn open(self, candidates: &[Candidate<'_>], rivals: usize) -> Advice {
        let bar = self.bar(rivals.saturating_sub(1));
        let is_open = |option: &ServingOption| {
            option.fails.is_empty() && option.against_first.is_some_and(|against| against.standing == Standing::Open)
        };
        let open: Vec<usize> = (0..candidates.len())
            .filter(|place| candidates.get(*place).is_some_and(|(option, _)| is_open(option)))
            .collect();
        let first = candidates.first().map(|(option, _)| &option.figure);
        let blocks = open.iter().map(|place| bar.blocks(first?, &candidates.get(*place)?.0.figure));
        let blocks: Option<Vec<u32>> = blocks.collect();
        Advice::Open { rivals: open, blocks: blocks.and_then(|blocks| blocks.into_iter().max()) }
    }

    fn is_better(self, candidates: &[Candidate<'_>], one: usize, other: usize) -> bool {
        let figure = |place: usize| candidates.get(place).map(|(option, _)| &option.figure);
        figure(one).zip(figure(other)).is_some_and(|(one, other)| self.compare(one, other).is_lt())
    }

    /// The better one is the lesser.
    pub(super) fn compare(self, one: &Estimate, other: &Estimate) -> std::cmp::Ordering {
        match self.better {
            Better::Lower => one.value.total_cmp(&other.value),
            Better::Higher | Better::Neither => other.value.total_cmp(&one.value),
        }
    }
}

/// Whether an option keeps to all that is asked.
fn keeps(candidates: &[Candidate<'_>], place: usize) -> bool {
    candidates.get(place).is_some_and(|(option, _)| option.fails.is_empty())
}
