//! How a phase starts its requests: `clients`, `rate`, `arrival` and
//! `max_in_flight`.

use std::path::Path;

use super::super::files::referenced_file::{FileRole, Folder, ReferencedFile};
use super::super::model::phase::Length;
use super::super::model::traffic::{Arrival, Load, NamedArrival, Ramp};
use super::super::tables::{ArrivalsKeys, DESCRIBED, PhaseKeys};
use crate::format::{Code, Fields, Finding, Key, Keys, Node, Notes, Value};

pub(super) const MOST_CLIENTS: u32 = 10_000;
pub(super) const LEAST_PER_SECOND: f64 = 0.001;
pub(super) const MOST_PER_SECOND: f64 = 100_000.0;
const MOST_IN_FLIGHT: u32 = 1_000_000;

/// What `arrival` says.
enum Moments {
    Drawn(Arrival),
    Recorded(Load),
}

/// Every load level of a phase, at least one.
pub(super) fn read_loads(fields: &Fields<'_>, keys: &PhaseKeys<'_>, dir: &Folder<'_>) -> Option<Vec<Load>> {
    let moments = read_moments(keys, dir);
    if let Some(Moments::Recorded(load)) = moments {
        let help = "a trace has its own times; `scale` makes it faster";
        keys.clients.means_nothing("a trace", help);
        keys.rate.means_nothing("a trace", help);
        return Some(vec![load]);
    }
    if fields.exactly_one(&["clients", "rate"])? == "clients" {
        keys.arrival.means_nothing("`clients`", WAITING);
        keys.max_in_flight.means_nothing("`clients`", "that many are in flight anyway");
        return checked(keys.clients, read_clients(keys.clients)?);
    }
    let Some(Moments::Drawn(arrival)) = moments else { return read_rates(keys.rate, Arrival::default()) };
    checked(keys.rate, read_rates(keys.rate, arrival)?)
}

const WAITING: &str = "clients send when their last reply has come; `rate` has arrivals";

fn read_clients<T>(key: Key<'_, T>) -> Option<Vec<Load>> {
    let node = key.node()?;
    let clients: Vec<u32> = each(&node).map(|one| key.decode(one)).collect::<Option<_>>()?;
    clients.into_iter().map(|clients| key.within(clients, 1, MOST_CLIENTS).map(Load::Clients)).collect()
}

fn read_rates<T>(key: Key<'_, T>, arrival: Arrival) -> Option<Vec<Load>> {
    let node = key.node()?;
    let bounded = |rate: f64| key.within(rate, LEAST_PER_SECOND, MOST_PER_SECOND);
    let load = |one: &Node| match &one.value {
        Value::Table(_) => {
            let Ramp { from, to } = key.decode(one)?;
            Some(Load::Ramp { from: bounded(from)?, to: bounded(to)?, arrival })
        }
        _ => Some(Load::Rate { per_second: bounded(key.decode(one)?)?, arrival }),
    };
    // All of them, so that every problem is found.
    each(&node).map(load).collect::<Vec<_>>().into_iter().collect()
}

/// The values of a list, or the only one.
fn each(node: &Node) -> impl Iterator<Item = &Node> {
    node.as_list().unwrap_or_else(|| std::slice::from_ref(node)).iter()
}

fn checked<T>(key: Key<'_, T>, loads: Vec<Load>) -> Option<Vec<Load>> {
    if loads.is_empty() {
        key.complain(Code::Bounds, format!("`{}` needs at least one load level", key.name()));
        return None;
    }
    let twice = loads.iter().enumerate().find(|(index, load)| loads.iter().take(*index).any(|other| other == *load));
    if let Some((_, load)) = twice {
        key.complain(Code::Duplicate, format!("`{load}` stands twice"));
    }
    Some(loads)
}

/// Arrivals of a rate that is searched for, which a trace has not.
pub(super) fn read_drawn(keys: &PhaseKeys<'_>) -> Option<Arrival> {
    match read_moments(keys, &Folder::new(Path::new("")))? {
        Moments::Drawn(arrival) => Some(arrival),
        Moments::Recorded(_) => {
            keys.arrival.means_nothing("`find`", "a trace has one rate; `find` needs drawn arrivals");
            None
        }
    }
}

fn read_moments(phase: &PhaseKeys<'_>, dir: &Folder<'_>) -> Option<Moments> {
    if phase.arrival.raw()?.as_table().is_none() {
        return Some(Moments::Drawn(match phase.arrival.read_as()? {
            NamedArrival::Poisson => Arrival::Poisson,
            NamedArrival::Constant => Arrival::Constant,
        }));
    }
    let fields = phase.arrival.table()?;
    let keys = ArrivalsKeys::of(&fields);
    let scale = keys.scale.optional();
    match fields.exactly_one(&DESCRIBED)? {
        "trace" => read_trace(&keys, dir, scale.unwrap_or(1.0)),
        _ => read_burstiness(&keys),
    }
}

fn read_burstiness(keys: &ArrivalsKeys<'_>) -> Option<Moments> {
    keys.scale.means_nothing("`burstiness`", "the rate says how fast");
    let burstiness = keys.burstiness.within(keys.burstiness.optional()?, 0.01, 1000.0)?;
    Some(Moments::Drawn(Arrival::Gamma { burstiness }))
}

fn read_trace(keys: &ArrivalsKeys<'_>, dir: &Folder<'_>, scale: f64) -> Option<Moments> {
    let scale = keys.scale.within(scale, 0.001, 1000.0);
    let file = dir.join(keys.trace.optional()?);
    dir.refer_to(ReferencedFile { path: file.clone(), span: keys.trace.span(), role: FileRole::Trace });
    Some(Moments::Recorded(Load::Trace { file, scale: scale.unwrap_or(1.0) }))
}

/// The trace that a phase follows, if it follows one.
pub(super) fn trace_of(loads: &[Load]) -> Option<&Path> {
    loads.iter().find_map(|load| if let Load::Trace { file, .. } = load { Some(file.as_path()) } else { None })
}

/// The most requests in flight, if there is a limit.
pub(super) fn read_max_in_flight(keys: &PhaseKeys<'_>) -> Option<u32> {
    keys.max_in_flight.within(keys.max_in_flight.optional()?, 1, MOST_IN_FLIGHT)
}

/// A ramp must know its end.
pub(super) fn check_ramps(keys: &PhaseKeys<'_>, loads: Option<&[Load]>, length: Option<Length>, notes: &Notes) {
    let has_ramp = loads.unwrap_or_default().iter().any(|load| matches!(load, Load::Ramp { .. }));
    if let (true, Some(Length::Requests(_)), Some(entry)) = (has_ramp, length, keys.requests.entry()) {
        let message = "`requests` cannot say how long a ramp takes";
        let finding = Finding::new(Code::Choice, entry.key.clone(), message);
        notes.push(finding.help("give the phase a `duration`"));
    }
}
