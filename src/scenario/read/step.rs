//! `[[setup]]`, `[[epoch.setup]]` and `[[teardown]]`.

use super::super::files::referenced_file::Folder;
use super::super::step::{Reading, StepKind, StepSpec};
use super::super::tables::{CommonKeys, StepKeys};
use crate::format::{Fields, Keys, Node, Scope};
use crate::units::Period;

/// The most retries of a step.
const MOST_RETRIES: u32 = 100;

/// Reads the steps whose `when` holds. The others are read too, for their
/// problems.
pub(in super::super) fn read_steps(nodes: &[Node], scope: &Scope<'_>, dir: &Folder<'_>) -> Vec<StepSpec> {
    nodes.iter().filter_map(|node| read_step(node, scope, dir)).collect()
}

fn read_step(node: &Node, scope: &Scope<'_>, dir: &Folder<'_>) -> Option<StepSpec> {
    let fields = Fields::of(node, scope)?;
    let kinds: Vec<&'static str> = StepKind::entries().map(|entry| entry.key).collect();
    fields.only(&[&kinds, CommonKeys::NAMES].concat());
    let keys = StepKeys::among(&fields);
    let when = keys.when.holds();
    let kind = read_kind(&fields, &kinds, dir);
    let name = keys.name.optional();
    let timeout = keys.timeout.optional().unwrap_or(Period::from_secs(60));
    let retries = keys.retries.optional().unwrap_or_default();
    keys.retries.within(retries, 0, MOST_RETRIES);
    let on_error = keys.on_error.optional().unwrap_or_default();
    let privileged = keys.privileged.optional().unwrap_or_default();
    let kind = kind?;
    let name = name.unwrap_or_else(|| kind.key().to_owned());
    when?.then_some(StepSpec { name, kind, timeout, retries, on_error, privileged })
}

/// Each step has exactly one kind's key.
fn read_kind(fields: &Fields<'_>, kinds: &[&'static str], dir: &Folder<'_>) -> Option<StepKind> {
    let key = fields.exactly_one(kinds)?;
    let node = fields.node(key)?;
    StepKind::entries().find(|entry| entry.key == key)?.read(&Reading { node: &node, scope: &fields.scope, dir })
}
