//! When a server counts as ready, and what it is asked for before the clock
//! starts.

use super::super::model::server::{Preload, Ready, ReadyKeys};
use super::check_regex;
use crate::format::{Key, Keys, Notes, Value};
use crate::units::Period;

/// `ready = { … }`.
pub(super) fn read_ready(written: Key<'_, Option<Ready>>, notes: &Notes) -> Option<Ready> {
    let default = Ready::default();
    if written.raw().is_none() {
        return Some(default);
    }
    let fields = written.table()?;
    let keys = ReadyKeys::of(&fields);
    let log = keys.log.optional();
    if let Some(pattern) = &log {
        check_regex(pattern, &keys.log.span(), notes);
    }
    Some(Ready { http: keys.http.optional(), log, within: keys.within.or(default.within) })
}

/// `preload = { … }`, or `true` for the defaults.
pub(super) fn read_preload<T>(written: Key<'_, T>) -> Option<Preload> {
    let node = written.node()?;
    match node.value {
        Value::Bool(true) => Some(Preload { model: None, within: Period::from_secs(300) }),
        Value::Bool(false) => None,
        _ => written.decode(&node),
    }
}
