//! How the cells and systems of two claims relate.

use crate::scenario::{Claim, Level, Selector, SystemMatch};

/// Keys of a cell that say how much load there is.
pub(super) const LOAD: [&str; 2] = ["clients", "rate"];
/// Keys that tell how many requests are served at once, and by how many.
pub(super) const SCALE: [&str; 3] = ["clients", "servers", "slots"];

/// A whole number above zero that a cell has.
pub(super) fn whole(cell: &Selector, key: &str) -> Option<u32> {
    match cell.0.get(key) {
        Some(Level::Integer(number)) => u32::try_from(*number).ok().filter(|number| *number > 0),
        _ => None,
    }
}

/// Any number above zero that a cell has.
pub(super) fn number(cell: &Selector, key: &str) -> Option<f64> {
    match cell.0.get(key) {
        Some(Level::Float(number)) => Some(*number).filter(|number| *number > 0.0),
        _ => whole(cell, key).map(f64::from),
    }
}

/// Whether two cells may be one: no key has different levels.
pub(super) fn may_be_one(one: &Selector, other: &Selector) -> bool {
    one.0.iter().all(|(key, level)| other.0.get(key).is_none_or(|its| same(level, its)))
}

/// Whether two cells have the same levels, but for these keys.
pub(super) fn same_but_for(one: &Selector, other: &Selector, keys: &[&str]) -> bool {
    without(one, keys) == without(other, keys)
}

/// A cell without some keys, in an order of its own.
pub(super) fn without(cell: &Selector, keys: &[&str]) -> Vec<(String, String)> {
    let kept = cell.0.iter().filter(|(key, _)| !keys.contains(&key.as_str()));
    let mut kept: Vec<_> = kept.map(|(key, level)| (key.clone(), level.to_string())).collect();
    kept.sort();
    kept
}

/// The keys that both cells have, with different levels.
pub(super) fn differing<'a>(one: &'a Selector, other: &Selector) -> Vec<&'a str> {
    let differs = |(key, level): &(&String, &Level)| other.0.get(*key).is_some_and(|its| !same(level, its));
    one.0.iter().filter(differs).map(|(key, _)| key.as_str()).collect()
}

/// A cell with the level of another under a key.
pub(super) fn with_level_of(cell: &Selector, other: &Selector, key: &str) -> Selector {
    let mut changed = cell.clone();
    if let Some(level) = other.0.get(key) {
        changed.0.insert(key.to_owned(), level.clone());
    }
    changed
}

/// `mps=on`.
pub(super) fn level_of(cell: &Selector, key: &str) -> String {
    cell.0.get(key).map_or_else(|| key.to_owned(), |level| format!("{key}={level}"))
}

/// `clients=3, servers=3`.
pub(super) fn levels_of(cell: &Selector, keys: &[&str]) -> String {
    keys.iter().map(|key| level_of(cell, key)).collect::<Vec<_>>().join(", ")
}

fn same(one: &Level, other: &Level) -> bool {
    one.is(&other.to_string())
}

/// Whether a claim speaks of no system in particular.
pub(super) fn is_any(system: Option<&SystemMatch>) -> bool {
    system.is_none_or(|system| *system == SystemMatch::default())
}

/// Whether what is said of one system may be held against what is said of the
/// other: it is the same, or one of them is any.
pub(super) fn may_be_one_system(one: Option<&SystemMatch>, other: Option<&SystemMatch>) -> bool {
    is_any(one) || is_any(other) || one == other
}

/// Whether two claims name one machine, whatever else they say of it.
pub(super) fn same_machine(one: &Claim, other: &Claim) -> bool {
    let gpu = |claim: &Claim| Some(claim.system.as_ref()?.gpu.as_ref()?.to_lowercase());
    gpu(one).is_some() && gpu(one) == gpu(other)
}
