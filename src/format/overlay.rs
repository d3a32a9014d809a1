//! Tables laid over tables: includes, profiles and `--set`.

use super::code::Code;
use super::source::{Finding, Notes, SourceMap};
use super::spelling;
use super::tree::{self, Entry, Node, Table, Value};

/// Lays a file over what it includes: tables go together key by key, lists of
/// tables (`[[server]]`) append, anything else is replaced.
pub(crate) fn merge(base: &mut Table, over: Table) {
    for (key, entry) in over {
        match (base.get_mut(&key).map(|old| &mut old.node.value), entry) {
            (Some(Value::Table(old)), Entry { node: Node { value: Value::Table(new), .. }, .. }) => merge(old, new),
            (Some(Value::List(old)), Entry { node: Node { value: Value::List(new), .. }, .. })
                if is_tables(old) && is_tables(&new) =>
            {
                old.extend(new);
            }
            (_, entry) => {
                base.insert(key, entry);
            }
        }
    }
}

fn is_tables(list: &[Node]) -> bool {
    list.iter().all(|node| node.as_table().is_some())
}

/// Lays a profile or a `--set` over a scenario: tables go together key by key,
/// anything else is replaced. A table laid over a list addresses its elements
/// by position from 0. What the `declared` sections name must be there already.
pub(crate) fn override_with(base: &mut Table, over: &Table, declared: &[&str], notes: &Notes) {
    for (section, entry) in over {
        let known = match base.get(section) {
            Some(old) if declared.contains(&section.as_str()) => old.node.as_table(),
            _ => None,
        };
        if let (Some(known), Some(names)) = (known, entry.node.as_table()) {
            for (name, new) in names.iter().filter(|(name, _)| !known.contains_key(*name)) {
                let message = format!("there is no `{name}` in `{section}` to override");
                let finding = Finding::new(Code::Override, new.key.clone(), message);
                notes.push(finding.maybe_help(spelling::advice(name, known.keys().map(String::as_str))));
            }
        }
        lay(base, section, entry, notes);
    }
}

fn lay(base: &mut Table, key: &str, entry: &Entry, notes: &Notes) {
    match base.get_mut(key) {
        Some(old) => lay_node(&mut old.node, key, &entry.node, notes),
        None => {
            base.insert(key.to_owned(), entry.clone());
        }
    }
}

fn lay_node(node: &mut Node, name: &str, over: &Node, notes: &Notes) {
    match (&mut node.value, &over.value) {
        (Value::Table(old), Value::Table(new)) => new.iter().for_each(|(key, entry)| lay(old, key, entry, notes)),
        (Value::List(old), Value::Table(new)) => {
            new.iter().for_each(|(position, entry)| lay_element(old, name, position, entry, notes));
        }
        _ => node.clone_from(over),
    }
}

fn lay_element(list: &mut [Node], section: &str, position: &str, entry: &Entry, notes: &Notes) {
    if let Some(node) = position.parse::<usize>().ok().and_then(|index| list.get_mut(index)) {
        return lay_node(node, position, &entry.node, notes);
    }
    let message = format!("`{section}` has no element `{position}`");
    notes.push(Finding::new(Code::Override, entry.key.clone(), message).help(positions(section, position, list)));
}

/// Advice for an element that was addressed in vain.
fn positions(section: &str, written: &str, list: &[Node]) -> String {
    let name = |node: &Node| node.as_table()?.get("name")?.node.as_text().map(str::to_owned);
    match list.iter().position(|node| name(node).as_deref() == Some(written)) {
        Some(index) => format!("elements are addressed by position: `{section}.{index}`"),
        None => format!("elements are addressed by position, from 0; there are {}", list.len()),
    }
}

/// Parses `key.path=value` as the line of TOML it is. A value that is not TOML
/// but one bare word, like `llama3.1:8b` or `30s`, is text.
pub(crate) fn parse_set(number: usize, text: &str, sources: &mut SourceMap, notes: &Notes) -> Table {
    let base = sources.add(format!("--set #{number}"), text);
    let attempt = Notes::default();
    let table = tree::parse_at(text, base, &attempt);
    if attempt.is_clean() {
        return table;
    }
    let Some((path, word)) = text.split_once('=') else {
        let finding = Finding::new(Code::Override, base..base + text.len(), "this sets nothing");
        notes.push(finding.help("write it like --set design.repetitions=3"));
        return Table::new();
    };
    let start = base + path.len() + 1;
    if !is_bare_word(word) {
        let finding = Finding::new(Code::Override, start..start + word.len(), format!("`{word}` is not a TOML value"));
        notes.push(finding.help("put text in quotes: --set 'vars.greeting=\"hello world\"'"));
        return Table::new();
    }
    let mut table = tree::parse_at(&format!("{path}=0"), base, notes);
    let word = Node::new(Value::Text(word.to_owned()), start..start + word.len());
    if let Some(leaf) = last_leaf(&mut table) {
        *leaf = word;
    }
    table
}

fn is_bare_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "_-.:/%+@~".contains(c))
}

fn last_leaf(table: &mut Table) -> Option<&mut Node> {
    let (_, entry) = table.last_mut()?;
    match &mut entry.node {
        Node { value: Value::Table(inner), .. } => last_leaf(inner),
        leaf => Some(leaf),
    }
}
