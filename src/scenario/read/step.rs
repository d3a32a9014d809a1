//! `[[setup]]`, `[[epoch.setup]]` and `[[teardown]]`.

use super::super::referenced_file::Folder;
use super::super::step::{Reading, StepKind, StepSpec};
use crate::format::{Fields, Node, Scope};
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
    let when = fields.when();
    let kind = read_kind(&fields, dir);
    let name: Option<String> = fields.optional("name");
    let timeout = fields.optional("timeout").unwrap_or(Period::from_secs(60));
    let retries = fields.or_default("retries");
    fields.within("retries", retries, 0, MOST_RETRIES);
    let on_error = fields.or_default("on_error");
    let privileged = fields.or_default("privileged");
    fields.finish();
    let kind = kind?;
    let name = name.unwrap_or_else(|| kind.key().to_owned());
    when?.then_some(StepSpec { name, kind, timeout, retries, on_error, privileged })
}

/// Each step has exactly one kind's key.
fn read_kind(fields: &Fields<'_>, dir: &Folder<'_>) -> Option<StepKind> {
    let keys: Vec<&'static str> = StepKind::entries().map(|entry| entry.key).collect();
    let key = fields.exactly_one(&keys)?;
    let node = fields.node(key)?;
    StepKind::entries().find(|entry| entry.key == key)?.read(&Reading { node: &node, scope: &fields.scope, dir })
}
