//! `[[setup]]`, `[[epoch.setup]]` and `[[teardown]]`.

use std::path::Path;

use indexmap::IndexMap;

use super::super::decode::decode;
use super::super::diagnostic::Code;
use super::super::fields::Fields;
use super::super::source::{FileRole, Finding, Notes, WantedFile};
use super::super::step::{
    ComposeStep, MemoryAvailableStep, MemoryFloor, RunStep, ShellStep, StepKind, StepSpec, WaitStep,
};
use super::super::template::Scope;
use super::super::tree::{Node, Value};
use super::absolute;
use crate::units::{Bytes, Period, Share};

/// The keys of the kinds; each step has exactly one.
const KINDS: [&str; 9] = ["run", "shell", "wait", "http", "sleep", "drop_caches", "memory_available", "mps", "compose"];

/// The most retries of a step.
const MOST_RETRIES: u32 = 100;

/// Reads the steps whose `when` holds. The others are read too, for their
/// problems.
pub(in super::super) fn read_steps(nodes: &[Node], scope: &Scope<'_>, dir: &Path) -> Vec<StepSpec> {
    nodes.iter().filter_map(|node| read_step(node, scope, dir)).collect()
}

fn read_step(node: &Node, scope: &Scope<'_>, dir: &Path) -> Option<StepSpec> {
    let fields = Fields::of(node, scope)?;
    let when = fields.when();
    let kind = fields.exactly_one(&KINDS).and_then(|key| read_kind(key, &fields.node(key)?, scope, dir));
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

fn read_kind(key: &str, node: &Node, scope: &Scope<'_>, dir: &Path) -> Option<StepKind> {
    let notes = scope.notes;
    Some(match key {
        "run" => StepKind::Run(read_run(node, dir, notes)?),
        "shell" => StepKind::Shell(read_shell(node, notes)?),
        "wait" => StepKind::Wait(read_wait(node, scope, dir)?),
        "http" => StepKind::Http(decode(node, notes)?),
        "drop_caches" => StepKind::DropCaches(decode(node, notes)?),
        "memory_available" => StepKind::MemoryAvailable(read_memory(node, scope)?),
        "mps" => StepKind::Mps(decode(node, notes)?),
        "compose" => StepKind::Compose(read_compose(node, dir, notes)?),
        _ => StepKind::Sleep(decode(node, notes)?),
    })
}

fn read_run(node: &Node, dir: &Path, notes: &Notes) -> Option<RunStep> {
    let mut step = match &node.value {
        Value::List(_) => {
            RunStep { argv: decode(node, notes)?, env: IndexMap::new(), dir: None, check: None, undo: None }
        }
        _ => decode::<RunStep>(node, notes)?,
    };
    for argv in [Some(&step.argv), step.check.as_ref(), step.undo.as_ref()].into_iter().flatten() {
        check_argv(argv, node, notes);
    }
    step.dir = Some(absolute(dir, step.dir));
    Some(step)
}

/// Notes a command without a program.
pub(super) fn check_argv(argv: &[String], node: &Node, notes: &Notes) {
    if argv.first().is_none_or(String::is_empty) {
        let finding = Finding::new(Code::Bounds, node.span.clone(), "a command without a program");
        notes.push(finding.help("write it like [\"program\", \"argument\"]"));
    }
}

fn read_shell(node: &Node, notes: &Notes) -> Option<ShellStep> {
    match &node.value {
        Value::Text(_) => Some(ShellStep { script: decode(node, notes)?, env: IndexMap::new(), undo: None }),
        _ => decode(node, notes),
    }
}

fn read_wait(node: &Node, scope: &Scope<'_>, dir: &Path) -> Option<WaitStep> {
    let mut step: WaitStep = decode(node, scope.notes)?;
    Fields::of(node, scope)?.exactly_one(&["http", "tcp", "file"]);
    step.file = step.file.map(|file| dir.join(file));
    Some(step)
}

fn read_memory(node: &Node, scope: &Scope<'_>) -> Option<MemoryAvailableStep> {
    let fields = Fields::of(node, scope)?;
    let floor = fields.must_have("at_least").and_then(|node| read_floor(node, scope.notes));
    fields.finish();
    Some(MemoryAvailableStep { at_least: floor? })
}

/// Text with a `%` is a share of all memory, anything else an amount.
fn read_floor(node: &Node, notes: &Notes) -> Option<MemoryFloor> {
    if node.as_text().is_some_and(|text| text.contains('%')) {
        decode::<Share>(node, notes).map(MemoryFloor::Share)
    } else {
        decode::<Bytes>(node, notes).map(MemoryFloor::Bytes)
    }
}

fn read_compose(node: &Node, dir: &Path, notes: &Notes) -> Option<ComposeStep> {
    let mut step: ComposeStep = decode(node, notes)?;
    step.file = dir.join(step.file);
    notes.want(WantedFile { path: step.file.clone(), span: node.span.clone(), role: FileRole::Compose });
    Some(step)
}
