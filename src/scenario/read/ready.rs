//! When a server counts as ready, and what it is asked for before the clock
//! starts.

use super::super::server::{Preload, Ready};
use super::check_regex;
use crate::format::{Fields, Value, decode};
use crate::units::Period;

/// `ready = { … }`.
pub(super) fn read_ready(outer: &Fields<'_>) -> Option<Ready> {
    let default = Ready::default();
    let Some(node) = outer.raw("ready") else { return Some(default) };
    let fields = Fields::of(node, &outer.scope)?;
    let log: Option<String> = fields.optional("log");
    if let (Some(pattern), Some(node)) = (&log, fields.raw("log")) {
        check_regex(pattern, &node.span, outer.scope.notes);
    }
    let ready =
        Ready { http: fields.optional("http"), log, within: fields.optional("within").unwrap_or(default.within) };
    fields.finish();
    Some(ready)
}

/// `preload = { … }`, or `true` for the defaults.
pub(super) fn read_preload(fields: &Fields<'_>) -> Option<Preload> {
    let node = fields.node("preload")?;
    match node.value {
        Value::Bool(true) => Some(Preload { model: None, within: Period::from_secs(300) }),
        Value::Bool(false) => None,
        _ => decode(&node, fields.scope.notes),
    }
}
