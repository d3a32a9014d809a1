//! A frozen scenario part by part, so that a part that is changed later can be
//! named.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

/// Hexadecimal digits of a part's hash.
const DIGITS: usize = 16;
/// The folder that relative paths start from, which is another after a move.
const FOLDER: &str = "dir";
/// Of a claim.
const MARGIN: &str = "tolerance";

/// The start of the SHA-256 of each part: of each key of a table, each element of
/// a list by its `id` or `name`, or else by its position.
pub fn parts(frozen: &str) -> BTreeMap<String, String> {
    // A frozen scenario is TOML; one that is none any more has no part.
    let table = frozen.parse::<Table>().unwrap_or_default();
    let mut parts = BTreeMap::new();
    for (key, value) in table.iter().filter(|(key, _)| *key != FOLDER) {
        enter(&mut parts, key, value);
    }
    parts
}

/// `[decision]` and its like fall into their keys, for their rules and margins are
/// parts of their own.
fn enter(parts: &mut BTreeMap<String, String>, key: &str, value: &Value) {
    match value {
        Value::Array(elements) if elements.iter().all(Value::is_table) => {
            for (position, element) in elements.iter().enumerate() {
                let named = ["id", "name"].into_iter().find_map(|name| element.get(name)?.as_str());
                let named = named.map_or_else(|| position.to_string(), str::to_owned);
                let (margin, element) = without_margin(element);
                parts.extend(margin.map(|margin| (format!("{key}.{named}.{MARGIN}"), hash(&margin))));
                parts.insert(format!("{key}.{named}"), hash(&element));
            }
        }
        Value::Table(table) if !table.is_empty() && !key.contains('.') => {
            for (name, value) in table {
                enter(parts, &format!("{key}.{name}"), value);
            }
        }
        _ => {
            parts.insert(key.to_owned(), hash(value));
        }
    }
}

/// How far off a claim may be is a part of its own.
fn without_margin(element: &Value) -> (Option<Value>, Value) {
    let mut element = element.clone();
    let margin = element.as_table_mut().and_then(|table| table.remove(MARGIN));
    (margin, element)
}

fn hash(value: &Value) -> String {
    let mut digits = String::with_capacity(DIGITS);
    for byte in Sha256::digest(value.to_string()).iter().take(DIGITS / 2) {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// What of the parts is not as it was declared, in sentences; one of them may be.
pub fn changed_since(
    declared: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
    free: Option<&str>,
) -> Vec<String> {
    let gone = declared.iter().filter_map(|(part, then)| match now.get(part) {
        Some(now) if now == then || free == Some(part.as_str()) => None,
        Some(_) => Some(format!("`{part}` was changed")),
        None => Some(format!("`{part}` was taken out")),
    });
    let added = now.keys().filter(|part| !declared.contains_key(*part)).map(|part| format!("`{part}` was added"));
    gone.chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::{changed_since, parts};

    #[test]
    fn a_part_that_was_changed_added_or_taken_out_is_named() {
        let then = "dir = '/a'\nname = 'x'\n[decision]\nmargin = '3 %'\n[[decision.rule]]\nwhen = 'a'\n[[claim]]\nid = 'fast'\nvalue = 1\n[[claim]]\nid = 'small'\nvalue = 2\n";
        let now = "dir = '/b'\nname = 'x'\n[decision]\nmargin = '9 %'\n[[decision.rule]]\nwhen = 'a'\n[[decision.rule]]\nwhen = 'b'\n[[claim]]\nid = 'fast'\nvalue = 2\n";
        insta::assert_snapshot!(changed_since(&parts(then), &parts(now), None).join("\n"), @r"
        `claim.fast` was changed
        `claim.small` was taken out
        `decision.margin` was changed
        `decision.rule.1` was added
        ");
        assert_eq!(changed_since(&parts(then), &parts(then), None), [""; 0]);
    }
}
