//! What is wrong with a scenario as a whole.

use std::path::PathBuf;

use super::files::referenced_file::{Folder, ReferencedFile};
use super::load::DECLARED;
use super::read::factor::{RESERVED, combine};
use super::resolve::{Bindings, Scenario};
use super::warnings::Cell;
use crate::format::{Code, Finding, Key, Node, Notes, Scope, Table, override_with, unknown_key};

/// The format this program reads.
const SCHEMA: i64 = 1;
/// Enough for any treatment: 64 instances of 64 servers.
const SAMPLE_PORTS: std::ops::Range<u16> = 20_000..24_096;

pub(super) fn check_schema(key: Key<'_, Option<i64>>) {
    let Some(version) = key.required_as::<i64>() else { return };
    if version != SCHEMA {
        let help = if version > SCHEMA {
            format!("this program reads format {SCHEMA}; a newer one is needed")
        } else {
            format!("write schema = {SCHEMA}")
        };
        key.advise(Code::Schema, format!("scenario format {version} is not known"), help);
    }
}

pub(super) fn check_vars<T>(vars: Key<'_, T>, notes: &Notes) {
    let vars = vars.raw().and_then(Node::as_table).into_iter().flatten();
    for (name, entry) in vars.filter(|(name, _)| RESERVED.contains(&name.as_str())) {
        let message = format!("`{name}` has a meaning of its own and cannot be a variable");
        notes.push(Finding::new(Code::Duplicate, entry.key.clone(), message));
    }
}

/// Every profile, chosen or not, must change something, and something there
/// is. One that sets a variable which decides what is included, one of
/// `deciding`, may speak of what is not there without it.
pub(super) fn check_profiles(root: &Table, deciding: &[String], notes: &Notes) {
    let Some(profiles) = root.get("profile").map(|entry| &entry.node) else { return };
    let tables = profiles.as_table().into_iter().flatten().map(|(_, entry)| &entry.node);
    for node in tables.clone().chain([profiles]).filter(|node| node.as_table().is_none()) {
        let message = format!("expected a table, found {}", node.describe());
        notes.push(Finding::new(Code::Value, node.span.clone(), message).help("write it like [profile.quick.vars]"));
    }
    for (node, profile) in tables.filter_map(|node| Some((node, node.as_table()?))) {
        let vars = profile.get("vars").and_then(|vars| vars.node.as_table());
        if profile.is_empty() {
            let finding = Finding::new(Code::Override, node.span.clone(), "this profile changes nothing");
            notes.push(finding.help("write what it changes, or leave it out"));
        }
        if !vars.is_some_and(|vars| deciding.iter().any(|name| vars.contains_key(name))) {
            override_with(&mut root.clone(), profile, &DECLARED, notes);
        }
    }
}

/// The sections of every profile must be among those of a scenario.
pub(super) fn check_profile_sections<T>(profile: Key<'_, T>, known: &[&str], notes: &Notes) {
    let profiles = profile.raw().and_then(Node::as_table).into_iter().flatten();
    for (section, entry) in profiles.filter_map(|(_, profile)| profile.node.as_table()).flatten() {
        if !known.contains(&section.as_str()) {
            notes.push(unknown_key(section, entry, known.iter().copied()));
        }
    }
}

/// A factor that no template and no `when` uses would give treatments that
/// differ in name only.
pub(super) fn check_factors_used(scenario: &Scenario, scope: &Scope<'_>) {
    let sections = &scenario.sections;
    let mut used = Vec::new();
    let lists = [&sections.epoch_setup, &sections.servers, &sections.phases].into_iter().flatten();
    for node in lists.chain(&sections.telemetry) {
        node.visit_texts(&mut |text, _| used.extend_from_slice(&scope.names_in(text)));
        let when = node.as_table().and_then(|table| table.get("when")).and_then(|entry| entry.node.as_text());
        used.extend_from_slice(&when.map(|when| scope.names_in_expression(when)).unwrap_or_default());
    }
    for entry in scenario.vars.values() {
        entry.node.visit_texts(&mut |text, _| used.extend_from_slice(&scope.names_in(text)));
    }
    let declared = scenario.tree.get("factors").and_then(|entry| entry.node.as_table());
    for (name, entry) in declared.into_iter().flatten().filter(|(name, _)| !used.contains(name)) {
        let finding = Finding::new(Code::UnusedFactor, entry.key.clone(), format!("factor `{name}` changes nothing"));
        let help = format!("use it in a server, a phase or an `[[epoch.setup]]`: \"{{{{ {name} }}}}\", or in a `when`");
        scope.notes.push(finding.help(help));
    }
}

/// What the treatments of a scenario have, all together.
pub(super) struct Checked {
    pub(super) cells: Vec<Cell>,
    /// Every file that one of them names.
    pub(super) files: Vec<ReferencedFile>,
    /// The most ports that the servers of one of them need.
    pub(super) ports_needed: usize,
}

/// Resolves every treatment once, so that nothing is found wrong when an
/// experiment has already begun.
pub(super) fn check_treatments(scenario: &Scenario, notes: &Notes) -> Checked {
    let sample =
        Bindings { run_id: "sample".to_owned(), run_dir: PathBuf::from("/sample"), ports: SAMPLE_PORTS.collect() };
    let scope = scenario.scope(&sample, notes);
    let folder = Folder::new(&scenario.dir);
    scenario.check_outer_steps(&scope, &folder);
    let mut treatments = scenario.treatments();
    if treatments.is_empty() {
        // The rest of the file is checked all the same.
        treatments = combine(&scenario.factors, &scenario.design.zip, &[]);
        let span = scenario.tree.get("exclude").map_or(0..0, |entry| entry.node.span.clone());
        notes.push(Finding::new(Code::Bounds, span, "every treatment is excluded"));
    }
    let (mut cells, mut ports_needed) = (Vec::new(), 0);
    for treatment in treatments {
        let (resolved, ports) = scenario.resolve_in(&scope, &treatment, &sample.ports, &folder);
        ports_needed = ports_needed.max(ports);
        for phase in resolved.phases {
            let given = |load| phase.find.is_none().then_some(load);
            let cell = |load| Cell { treatment: treatment.clone(), phase: phase.name.clone(), load: given(load) };
            cells.extend(phase.loads.into_iter().map(cell));
        }
    }
    Checked { cells, files: folder.into_referenced(), ports_needed }
}
