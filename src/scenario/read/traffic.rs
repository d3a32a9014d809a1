//! How a phase starts its requests: `clients`, `rate`, `arrival` and
//! `max_in_flight`.

use std::path::{Path, PathBuf};

use super::super::phase::Length;
use super::super::referenced_file::{FileRole, Folder, ReferencedFile};
use super::super::traffic::{Arrival, Load, NamedArrival, Ramp};
use crate::format::{Code, Fields, Finding, Node, Value, decode};

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
pub(super) fn read_loads(fields: &Fields<'_>, dir: &Folder<'_>) -> Option<Vec<Load>> {
    let moments = read_moments(fields, dir);
    if let Some(Moments::Recorded(load)) = moments {
        for key in ["clients", "rate"] {
            means_nothing(fields, key, "a trace", "a trace has its own times; `scale` makes it faster");
        }
        return Some(vec![load]);
    }
    let key = fields.exactly_one(&["clients", "rate"])?;
    let loads = if key == "clients" {
        means_nothing(fields, "arrival", "`clients`", WAITING);
        means_nothing(fields, "max_in_flight", "`clients`", "that many are in flight anyway");
        read_clients(fields, key)?
    } else {
        let Some(Moments::Drawn(arrival)) = moments else { return read_rates(fields, key, Arrival::default()) };
        read_rates(fields, key, arrival)?
    };
    check_loads(fields, key, &loads)?;
    Some(loads)
}

const WAITING: &str = "clients send when their last reply has come; `rate` has arrivals";

/// Notes a key that another makes meaningless.
pub(super) fn means_nothing(fields: &Fields<'_>, key: &'static str, beside: &str, help: &str) {
    if let Some(entry) = fields.entry(key) {
        let finding = Finding::new(Code::Choice, entry.key.clone(), format!("`{key}` means nothing beside {beside}"));
        fields.scope.notes.push(finding.help(help));
    }
}

fn read_clients(fields: &Fields<'_>, key: &'static str) -> Option<Vec<Load>> {
    let node = fields.node(key)?;
    let clients: Vec<u32> = each(&node).map(|one| decode(one, fields.scope.notes)).collect::<Option<_>>()?;
    clients.into_iter().map(|clients| fields.within(key, clients, 1, MOST_CLIENTS).map(Load::Clients)).collect()
}

fn read_rates(fields: &Fields<'_>, key: &'static str, arrival: Arrival) -> Option<Vec<Load>> {
    let node = fields.node(key)?;
    let bounded = |rate: f64| fields.within(key, rate, LEAST_PER_SECOND, MOST_PER_SECOND);
    let load = |one: &Node| match &one.value {
        Value::Table(_) => {
            let Ramp { from, to } = decode(one, fields.scope.notes)?;
            Some(Load::Ramp { from: bounded(from)?, to: bounded(to)?, arrival })
        }
        _ => Some(Load::Rate { per_second: bounded(decode(one, fields.scope.notes)?)?, arrival }),
    };
    // All of them, so that every problem is found.
    each(&node).map(load).collect::<Vec<_>>().into_iter().collect()
}

/// The values of a list, or the only one.
fn each(node: &Node) -> impl Iterator<Item = &Node> {
    node.as_list().unwrap_or_else(|| std::slice::from_ref(node)).iter()
}

fn check_loads(fields: &Fields<'_>, key: &'static str, loads: &[Load]) -> Option<()> {
    let span = fields.raw(key)?.span.clone();
    if loads.is_empty() {
        fields.scope.notes.push(Finding::new(Code::Bounds, span, format!("`{key}` needs at least one load level")));
        return None;
    }
    let twice = loads.iter().enumerate().find(|(index, load)| loads.iter().take(*index).any(|other| other == *load));
    if let Some((_, load)) = twice {
        fields.scope.notes.push(Finding::new(Code::Duplicate, span, format!("`{load}` stands twice")));
    }
    Some(())
}

/// Arrivals of a rate that is searched for, which a trace has not.
pub(super) fn read_drawn(fields: &Fields<'_>) -> Option<Arrival> {
    match read_moments(fields, &Folder::new(Path::new("")))? {
        Moments::Drawn(arrival) => Some(arrival),
        Moments::Recorded(_) => {
            means_nothing(fields, "arrival", "`find`", "a trace has one rate; `find` needs drawn arrivals");
            None
        }
    }
}

fn read_moments(outer: &Fields<'_>, dir: &Folder<'_>) -> Option<Moments> {
    let node = outer.raw("arrival")?;
    if node.as_table().is_none() {
        return Some(Moments::Drawn(match outer.optional("arrival")? {
            NamedArrival::Poisson => Arrival::Poisson,
            NamedArrival::Constant => Arrival::Constant,
        }));
    }
    let fields = Fields::of(node, &outer.scope)?;
    let key = fields.exactly_one(&["burstiness", "trace"]);
    let scale = fields.optional("scale");
    let moments = match key {
        Some("trace") => read_trace(&fields, dir, scale.unwrap_or(1.0)),
        Some(key) => read_burstiness(&fields, key),
        None => None,
    };
    fields.finish();
    moments
}

fn read_burstiness(fields: &Fields<'_>, key: &'static str) -> Option<Moments> {
    means_nothing(fields, "scale", "`burstiness`", "the rate says how fast");
    let burstiness = fields.within(key, fields.optional(key)?, 0.01, 1000.0)?;
    Some(Moments::Drawn(Arrival::Gamma { burstiness }))
}

fn read_trace(fields: &Fields<'_>, dir: &Folder<'_>, scale: f64) -> Option<Moments> {
    let scale = fields.within("scale", scale, 0.001, 1000.0);
    let file: PathBuf = fields.optional("trace")?;
    let file = dir.join(file);
    let span = fields.raw("trace")?.span.clone();
    dir.refer_to(ReferencedFile { path: file.clone(), span, role: FileRole::Trace });
    Some(Moments::Recorded(Load::Trace { file, scale: scale.unwrap_or(1.0) }))
}

/// The trace that a phase follows, if it follows one.
pub(super) fn trace_of(loads: &[Load]) -> Option<&Path> {
    loads.iter().find_map(|load| if let Load::Trace { file, .. } = load { Some(file.as_path()) } else { None })
}

/// The most requests in flight, if there is a limit.
pub(super) fn read_max_in_flight(fields: &Fields<'_>) -> Option<u32> {
    fields.within("max_in_flight", fields.optional("max_in_flight")?, 1, MOST_IN_FLIGHT)
}

/// A ramp must know its end.
pub(super) fn check_ramps(fields: &Fields<'_>, loads: Option<&[Load]>, length: Option<Length>) {
    let has_ramp = loads.unwrap_or_default().iter().any(|load| matches!(load, Load::Ramp { .. }));
    if let (true, Some(Length::Requests(_)), Some(entry)) = (has_ramp, length, fields.entry("requests")) {
        let message = "`requests` cannot say how long a ramp takes";
        let finding = Finding::new(Code::Choice, entry.key.clone(), message);
        fields.scope.notes.push(finding.help("give the phase a `duration`"));
    }
}
