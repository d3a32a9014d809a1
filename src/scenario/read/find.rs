//! `find`.

use super::super::model::find::{Find, Searched, WrittenFind, WrittenMax};
use super::super::model::phase::Slo;
use super::super::model::traffic::Load;
use super::super::tables::PhaseKeys;
use super::server::{MOST_INSTANCES, Servers};
use super::traffic::{LEAST_PER_SECOND, MOST_CLIENTS, MOST_PER_SECOND, read_drawn};
use crate::format::{Code, Finding, Notes};

const BESIDE: &str = "`find`";
const BOUNDS: &str = "`find` tries loads between its `from` and its `to`";
const FINEST: f64 = 0.01;
const COARSEST: f64 = 0.5;

/// The search, if there is one; then nothing else says how much load there is.
pub(super) fn read_find(keys: &PhaseKeys<'_>) -> Option<Find> {
    keys.find.raw()?;
    keys.rate.means_nothing(BESIDE, BOUNDS);
    keys.fault.means_nothing(BESIDE, "put the fault into a phase of its own");
    let written = keys.find.optional()?;
    let max = read_max(keys, written.max)?;
    let (least, most) = match max {
        Searched::Clients => (1.0, f64::from(MOST_CLIENTS)),
        Searched::Rate(_) => (LEAST_PER_SECOND, MOST_PER_SECOND),
        Searched::Servers { .. } => (1.0, f64::from(MOST_INSTANCES)),
    };
    let WrittenFind { from, to, resolution, attainment, .. } = written;
    let complain = |message: String| keys.find.complain(Code::Bounds, message);
    if !(least <= from && from < to && to <= most) {
        complain(format!("`find` goes from {from} to {to} but must rise, between {least} and {most}"));
        return None;
    }
    if !matches!(max, Searched::Rate(_)) && (from.fract() > 0.0 || to.fract() > 0.0) {
        complain(format!("`find` raises `{max}`, and there are only whole ones"));
        return None;
    }
    for (key, share, least, most) in
        [("resolution", resolution, FINEST, COARSEST), ("attainment", attainment, COARSEST, 1.0)]
    {
        if !(least..=most).contains(&share.fraction()) {
            complain(format!("`{key}` is {} but must be from {least} to {most}", share.fraction()));
        }
    }
    Some(Find { max, from, to, resolution, attainment })
}

fn read_max(keys: &PhaseKeys<'_>, written: WrittenMax) -> Option<Searched> {
    if !matches!(written, WrittenMax::Servers) {
        keys.clients.means_nothing(BESIDE, BOUNDS);
    }
    let is_closed = |beside: &str| {
        keys.arrival.means_nothing(beside, "clients send when their last reply has come");
        keys.max_in_flight.means_nothing(beside, "that many are in flight anyway");
    };
    match written {
        WrittenMax::Rate => Some(Searched::Rate(read_drawn(keys).unwrap_or_default())),
        WrittenMax::Clients => {
            is_closed("`max = \"clients\"`");
            Some(Searched::Clients)
        }
        WrittenMax::Servers => {
            is_closed("`max = \"servers\"`");
            let clients = keys.clients.read_as().unwrap_or(1);
            Some(Searched::Servers { clients: keys.clients.within(clients, 1, MOST_CLIENTS / MOST_INSTANCES)? })
        }
    }
}

/// There must be as many servers as are started.
pub(super) fn check_servers(keys: &PhaseKeys<'_>, find: Option<&Find>, servers: Option<&Servers>) {
    let most = find.and_then(|find| find.servers(find.to));
    let (Some(most), Some(servers)) = (most, servers) else { return };
    let declared: u32 = servers.declared.values().map(|declared| declared.count).sum();
    if most > declared {
        let message = format!("`find` goes up to {most} servers, and {declared} are declared");
        keys.find.advise(Code::Bounds, message, "give the server a `count` as high as `to`");
    }
}

/// The load that is tried first.
pub(super) fn lowest(find: &Find) -> Vec<Load> {
    vec![find.load(find.from)]
}

/// Without an objective every load would do; servers end at the memory.
pub(super) fn check_objectives(keys: &PhaseKeys<'_>, find: Option<&Find>, slo: &Slo, notes: &Notes) {
    let loads = find.filter(|find| !matches!(find.max, Searched::Servers { .. }));
    if let (Some(_), true, Some(entry)) = (loads, *slo == Slo::default(), keys.find.entry()) {
        let message = "`find` without `slo` has nothing to meet";
        let finding = Finding::new(Code::MissingKey, entry.key.clone(), message);
        notes.push(finding.help("give the phase a `slo`, { ttft = \"300ms\" } say"));
    }
}
