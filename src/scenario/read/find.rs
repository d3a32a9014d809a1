//! `find`.

use super::super::find::{Find, Searched, WrittenFind, WrittenMax};
use super::super::phase::Slo;
use super::super::traffic::Load;
use super::server::{MOST_INSTANCES, Servers};
use super::traffic::{LEAST_PER_SECOND, MOST_CLIENTS, MOST_PER_SECOND, means_nothing, read_drawn};
use crate::format::{Code, Fields, Finding};

const BESIDE: &str = "`find`";
const BOUNDS: &str = "`find` tries loads between its `from` and its `to`";
const FINEST: f64 = 0.01;
const COARSEST: f64 = 0.5;

/// The search, if there is one; then nothing else says how much load there is.
pub(super) fn read_find(fields: &Fields<'_>) -> Option<Find> {
    fields.raw("find")?;
    means_nothing(fields, "rate", BESIDE, BOUNDS);
    means_nothing(fields, "fault", "`find`", "put the fault into a phase of its own");
    // Known here, whatever `find` raises.
    fields.raw("arrival");
    // Known here, whatever `find` raises.
    fields.raw("clients");
    let written: WrittenFind = fields.optional("find")?;
    let max = read_max(fields, written.max)?;
    let (least, most) = match max {
        Searched::Clients => (1.0, f64::from(MOST_CLIENTS)),
        Searched::Rate(_) => (LEAST_PER_SECOND, MOST_PER_SECOND),
        Searched::Servers { .. } => (1.0, f64::from(MOST_INSTANCES)),
    };
    let WrittenFind { from, to, resolution, attainment, .. } = written;
    let complain = |message: String| {
        let span = fields.raw("find").map_or_else(|| fields.span(), |node| node.span.clone());
        fields.scope.notes.push(Finding::new(Code::Bounds, span, message));
    };
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

fn read_max(fields: &Fields<'_>, written: WrittenMax) -> Option<Searched> {
    if !matches!(written, WrittenMax::Servers) {
        means_nothing(fields, "clients", BESIDE, BOUNDS);
    }
    let is_closed = |beside: &str| {
        means_nothing(fields, "arrival", beside, "clients send when their last reply has come");
        means_nothing(fields, "max_in_flight", beside, "that many are in flight anyway");
    };
    match written {
        WrittenMax::Rate => Some(Searched::Rate(read_drawn(fields).unwrap_or_default())),
        WrittenMax::Clients => {
            is_closed("`max = \"clients\"`");
            Some(Searched::Clients)
        }
        WrittenMax::Servers => {
            is_closed("`max = \"servers\"`");
            let clients = fields.optional("clients").unwrap_or(1);
            Some(Searched::Servers { clients: fields.within("clients", clients, 1, MOST_CLIENTS / MOST_INSTANCES)? })
        }
    }
}

/// There must be as many servers as are started.
pub(super) fn check_servers(fields: &Fields<'_>, find: Option<&Find>, servers: Option<&Servers>) {
    let most = find.and_then(|find| find.servers(find.to));
    let (Some(most), Some(servers), Some(node)) = (most, servers, fields.raw("find")) else { return };
    let declared: u32 = servers.declared.values().map(|declared| declared.count).sum();
    if most > declared {
        let message = format!("`find` goes up to {most} servers, and {declared} are declared");
        let finding = Finding::new(Code::Bounds, node.span.clone(), message);
        fields.scope.notes.push(finding.help("give the server a `count` as high as `to`"));
    }
}

/// The load that is tried first.
pub(super) fn lowest(find: &Find) -> Vec<Load> {
    vec![find.load(find.from)]
}

/// Without an objective every load would do; servers end at the memory.
pub(super) fn check_objectives(fields: &Fields<'_>, find: Option<&Find>, slo: &Slo) {
    let loads = find.filter(|find| !matches!(find.max, Searched::Servers { .. }));
    if let (Some(_), true, Some(entry)) = (loads, *slo == Slo::default(), fields.entry("find")) {
        let message = "`find` without `slo` has nothing to meet";
        let finding = Finding::new(Code::MissingKey, entry.key.clone(), message);
        fields.scope.notes.push(finding.help("give the phase a `slo`, { ttft = \"300ms\" } say"));
    }
}
