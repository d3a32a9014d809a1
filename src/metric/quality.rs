use std::collections::BTreeMap;

use super::reply::{arrivals, count, share, tpot};
use super::window::is_good;
use super::{Better, Counted, Family, Gap, Measure, MetricDefinition, Objectives, Unit, UnitValue, Window};
use crate::record::{Request, RequestOutcome};
use crate::stats::{Sample, clopper_pearson_lower, jain_index};
use crate::units::Nanos;

const NO_REQUEST: &str = "no request ended by itself";

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    MetricDefinition {
        id: "goodput",
        title: "requests that meet every objective",
        unit: Unit::RequestsPerSecond,
        better: Better::Higher,
        family: Family::Quality,
        measure: Measure::Window(goodput),
    },
    requests("attainment", "share that meets every objective", Better::Higher, attainment),
    share_of("attainment_lower", "the same, 95 % lower bound", Better::Higher, attainment_lower),
    requests("error_rate", "failed requests", Better::Lower, error_rate),
    requests("valid_rate", "replies as expected", Better::Higher, valid_rate),
    share_of("fairness_clients", "fairness over clients (Jain)", Better::Higher, fairness_clients),
    share_of("fairness_servers", "fairness over servers (Jain)", Better::Higher, fairness_servers),
];

const fn share_of(
    id: &'static str,
    title: &'static str,
    better: Better,
    formula: fn(&Window<'_>) -> UnitValue,
) -> MetricDefinition {
    let measure = Measure::Window(formula);
    MetricDefinition { id, title, unit: Unit::Share, better, family: Family::Quality, measure }
}

const fn requests(
    id: &'static str,
    title: &'static str,
    better: Better,
    formula: fn(&Window<'_>) -> Result<Counted, Gap>,
) -> MetricDefinition {
    let measure = Measure::Requests(formula);
    MetricDefinition { id, title, unit: Unit::Share, better, family: Family::Quality, measure }
}

/// Good requests sent inside the window that meet every objective ÷ window.
fn goodput(window: &Window<'_>) -> UnitValue {
    let (met, _) = met_of_all(window)?;
    share(count(met), window.seconds(), "the measured window has no length")
}

/// Requests that meet every objective and `expect` ÷ all of which that is
/// known. One that was cut off counts as a miss if it had already taken longer
/// than an objective, and else not at all.
fn attainment(window: &Window<'_>) -> Result<Counted, Gap> {
    let (met, all) = met_of_all(window)?;
    Counted::new(met, all, NO_REQUEST)
}

/// One-sided 95 % Clopper-Pearson lower bound of [`attainment`].
fn attainment_lower(window: &Window<'_>) -> UnitValue {
    let (met, all) = met_of_all(window)?;
    clopper_pearson_lower(met, all, 0.95).ok_or_else(|| Gap::not_measured(NO_REQUEST))
}

/// Failed ÷ all requests that ended by themselves.
fn error_rate(window: &Window<'_>) -> Result<Counted, Gap> {
    of_ended(window, |request| request.outcome.is_failure())
}

/// 1 − replies that came whole but failed `expect` ÷ all requests that ended
/// by themselves.
fn valid_rate(window: &Window<'_>) -> Result<Counted, Gap> {
    of_ended(window, |request| !(request.outcome.is_success() && request.unexpected))
}

fn of_ended(window: &Window<'_>, is_it: fn(&Request<'_>) -> bool) -> Result<Counted, Gap> {
    let (hits, all) = window.ended().fold((0, 0), |(hits, all), request| (hits + u64::from(is_it(&request)), all + 1));
    Counted::new(hits, all, NO_REQUEST)
}

/// Jain's index over the tokens that each client received inside the window.
/// Closed loops only.
fn fairness_clients(window: &Window<'_>) -> UnitValue {
    let clients = window.clients.ok_or_else(|| Gap::not_measured("an open loop has no lasting clients"))?;
    fairness(window, clients, |request| request.client)
}

/// Jain's index over the tokens that each server sent inside the window.
fn fairness_servers(window: &Window<'_>) -> UnitValue {
    fairness(window, window.servers, |request| request.server)
}

fn fairness<'w, Key: Ord>(window: &'w Window<'_>, members: u32, key: fn(&Request<'w>) -> Key) -> UnitValue {
    let mut received: BTreeMap<Key, f64> = BTreeMap::new();
    for request in window.requests.iter() {
        let inside = arrivals(&request).filter(|(at, _)| window.start < *at && *at <= window.end);
        *received.entry(key(&request)).or_default() += inside.map(|(_, tokens)| tokens).sum::<f64>();
    }
    let silent = (members as usize).saturating_sub(received.len());
    let shares = received.into_values().chain(std::iter::repeat_n(0.0, silent)).collect();
    let index = Sample::new(shares).ok().and_then(|shares| jain_index(&shares));
    index.ok_or_else(|| Gap::not_measured("no token arrived inside the window"))
}

/// How many requests met the objectives, and of how many that is known.
fn met_of_all(window: &Window<'_>) -> Result<(u64, u64), Gap> {
    if window.objectives == Objectives::default() {
        return Err(Gap::not_measured("the phase declares neither `slo` nor `expect`"));
    }
    let asks_for_tokens = window.objectives.ttft.is_some() || window.objectives.tpot.is_some();
    if asks_for_tokens && window.good().any(|request| request.not_streamed) {
        return Err(Gap::NotStreamed);
    }
    let known = window.sent().filter_map(|request| meets(&request, window.objectives));
    Ok(known.fold((0, 0), |(met, all), this| (met + u64::from(this), all + 1)))
}

/// Whether a request met the objectives, counted from its scheduled moment;
/// `None` if it was cut off before that was known.
fn meets(request: &Request<'_>, objectives: Objectives) -> Option<bool> {
    let since_scheduled = |at: Nanos| at.since(request.scheduled_ns);
    let keeps = |taken: Nanos, objective: Option<Nanos>| objective.is_none_or(|objective| taken <= objective);
    let first_token = since_scheduled(request.first_token_ns.unwrap_or(request.finished_ns));
    let last_token = match request.outcome {
        RequestOutcome::Success { .. } => request.last_token_ns.unwrap_or(request.finished_ns),
        _ => request.finished_ns,
    };
    let in_time = keeps(first_token, objectives.ttft) && keeps(since_scheduled(last_token), objectives.e2e);
    match request.outcome {
        RequestOutcome::Interrupted => None,
        RequestOutcome::Cut => (!in_time).then_some(false),
        _ => Some(is_good(request) && in_time && keeps_pace(request, objectives.tpot)),
    }
}

/// A reply of a single chunk has no pace to keep.
fn keeps_pace(request: &Request<'_>, objective: Option<Nanos>) -> bool {
    objective.is_none_or(|objective| tpot(request).is_none_or(|pace| pace <= objective.seconds()))
}
