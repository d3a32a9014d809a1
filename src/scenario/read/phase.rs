//! `[[phase]]`.

use super::super::files::referenced_file::Folder;
use super::super::model::phase::{Expect, Length, PhaseSpec};
use super::super::tables::{LENGTHS, PhaseKeys};
use super::check_regex;
use super::fault::{check_fault_in_time, read_fault};
use super::find::{check_objectives, check_servers, lowest, read_find};
use super::request::read_request;
use super::server::Servers;
use super::traffic::{check_ramps, read_loads, read_max_in_flight, trace_of};
use crate::format::{Code, Fields, Finding, Keys, Node, Notes, Scope, Table};
use crate::units::Period;

const MOST_REQUESTS: u64 = 10_000_000;
const DEFAULT_DRAIN: Period = Period::from_secs(30);

/// Reads the phases whose `when` holds. The others are read too, for their
/// problems, as far as these do not depend on the servers.
pub(in super::super) fn read_phases(
    nodes: &[Node],
    servers: &Servers,
    scope: &Scope<'_>,
    dir: &Folder<'_>,
) -> Vec<PhaseSpec> {
    let mut phases: Vec<PhaseSpec> = Vec::new();
    for node in nodes {
        let Some(phase) = read_phase(node, servers, scope, dir) else { continue };
        if phases.iter().any(|earlier| earlier.name == phase.name) {
            let span = node.as_table().and_then(|table| table.get("name")).map_or(&node.span, |entry| &entry.node.span);
            let message = format!("a second phase `{}`", phase.name);
            scope.notes.push(Finding::new(Code::Duplicate, span.clone(), message));
        }
        phases.push(phase);
    }
    check_alone(nodes, &phases, scope);
    phases
}

/// Servers that come and go are no place for another phase.
fn check_alone(nodes: &[Node], phases: &[PhaseSpec], scope: &Scope<'_>) {
    let counting = phases.iter().find_map(|phase| {
        let find = phase.find.as_ref()?;
        find.servers(find.from).map(|_| &phase.name)
    });
    let Some(name) = counting.filter(|_| phases.len() > 1) else { return };
    let named = |table: &&Table| table.get("name").and_then(|entry| entry.node.as_text()) == Some(name.as_str());
    let table = nodes.iter().filter_map(Node::as_table).find(named);
    let Some(entry) = table.and_then(|table| table.get("find")) else { return };
    let message = format!("`{name}` starts its servers one by one, so no other phase can share its treatments");
    let finding = Finding::new(Code::Choice, entry.key.clone(), message);
    scope.notes.push(finding.help("move the other phases to a scenario of their own, or keep them apart by `when`"));
}

fn read_phase(node: &Node, servers: &Servers, scope: &Scope<'_>, dir: &Folder<'_>) -> Option<PhaseSpec> {
    let fields = Fields::of(node, scope)?;
    let keys = PhaseKeys::of(&fields);
    let active = keys.when.holds();
    let servers = (active == Some(true)).then_some(servers);
    let name = keys.name.required();
    let find = read_find(&keys);
    let is_searched = keys.find.raw().is_some();
    let loads = if is_searched { find.as_ref().map(lowest) } else { read_loads(&fields, &keys, dir) };
    let max_in_flight = read_max_in_flight(&keys);
    let length = read_length(&fields, &keys);
    check_ramps(&keys, loads.as_deref(), length, scope.notes);
    let warmup = keys.warmup.optional().unwrap_or_default();
    let drain = keys.drain.optional().unwrap_or(DEFAULT_DRAIN);
    let trace = loads.as_deref().and_then(trace_of);
    let request = keys.request.must_have().and_then(|node| read_request(node, scope, servers, dir, trace));
    let expect = read_expect(&keys, scope.notes);
    let slo = keys.slo.optional().unwrap_or_default();
    check_objectives(&keys, find.as_ref(), &slo, scope.notes);
    check_servers(&keys, find.as_ref(), servers);
    let fault = read_fault(&keys, servers, scope);
    check_fault_in_time(&keys, fault.as_ref(), length);
    let (name, loads, length, request) = (name?, loads?, length?, request?);
    active?.then_some(PhaseSpec {
        name,
        loads,
        find,
        max_in_flight,
        length,
        warmup,
        drain,
        request,
        expect,
        slo,
        fault,
    })
}

fn read_length(fields: &Fields<'_>, keys: &PhaseKeys<'_>) -> Option<Length> {
    if fields.exactly_one(&LENGTHS)? == "requests" {
        return keys.requests.within(keys.requests.optional()?, 1, MOST_REQUESTS).map(Length::Requests);
    }
    let duration = keys.duration.optional()?;
    if duration.is_zero() {
        keys.duration.complain(Code::Bounds, "`duration` is no time at all");
    }
    Some(Length::Duration(duration))
}

fn read_expect(keys: &PhaseKeys<'_>, notes: &Notes) -> Expect {
    let Some(node) = keys.expect.node() else { return Expect::default() };
    if let Some(entry) = node.as_table().and_then(|table| table.get("matches")) {
        check_regex(entry.node.as_text().unwrap_or_default(), &entry.node.span, notes);
    }
    keys.expect.decode(&node).unwrap_or_default()
}
