//! How a request differs from what its servers would be sent: `omit`, `rename`
//! and `extra`.

use super::super::model::phase::RequestSpec;
use crate::dialect::{BodyField, Dialect};
use crate::format::{Code, Fields, Finding, Node, Value};

/// Fields of the body that records and reports take from the request itself.
const RELIED_ON: [&str; 2] = ["max_tokens", "stream"];

/// Notes what would make a body that says two things, or none.
pub(super) fn check_changes(request: &RequestSpec, dialects: &[Dialect], fields: &Fields<'_>) {
    check_omitted(request, dialects, fields);
    check_renamed(request, dialects, fields);
    check_extra(request, fields);
}

fn note(fields: &Fields<'_>, key: &'static str, code: Code, message: String, help: &str) {
    let span = fields.raw(key).map_or_else(|| fields.span(), |node| node.span.clone());
    fields.scope.notes.push(Finding::new(code, span, message).help(help));
}

fn check_omitted(request: &RequestSpec, dialects: &[Dialect], fields: &Fields<'_>) {
    for (index, field) in request.omit.iter().enumerate() {
        if request.omit[..index].contains(field) {
            note(fields, "omit", Code::Duplicate, format!("`{field}` stands twice"), "leave one of them out");
        }
    }
    let unlike = dialects.iter().find(|dialect| dialect.streams_by_itself() != request.stream);
    if let (true, Some(dialect)) = (request.omits(BodyField::Stream), unlike) {
        let (path, does) = (dialect.path(), if request.stream { "does not stream" } else { "streams" });
        let message = format!("`stream` cannot be left out: `{path}` {does} unless it is told to");
        let help = if request.stream { "ask for whole replies: stream = false" } else { "leave `stream` in" };
        let message = if request.stream { message } else { message.replace("told to", "told not to") };
        note(fields, "omit", Code::Choice, message, help);
    }
}

fn check_renamed(request: &RequestSpec, dialects: &[Dialect], fields: &Fields<'_>) {
    for (field, name) in &request.rename {
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            let message = format!("`{field}` cannot be called {name:?}");
            note(fields, "rename", Code::Value, message, "write the name that the server knows it by");
        }
        if request.omits(*field) {
            let message = format!("`{field}` is left out and renamed");
            note(fields, "rename", Code::Choice, message, "take it out of `omit`, or out of `rename`");
        }
        if request.extra.contains_key(name) {
            let message = format!("`{field}` is renamed to `{name}`, which stands in `extra` too");
            note(fields, "rename", Code::Choice, message, "leave one of them out");
        }
        if dialects.iter().any(|dialect| is_taken(request, *dialect, *field, name)) {
            let message = format!("`{field}` is renamed to `{name}`, which is another field of the body");
            note(fields, "rename", Code::Choice, message, "give it a name of its own");
        }
    }
}

/// Whether a body has another field of this name at the same place.
fn is_taken(request: &RequestSpec, dialect: Dialect, field: BodyField, name: &str) -> bool {
    let table = dialect.place(field).0;
    let others = BodyField::ALL.into_iter().filter(|other| *other != field && !request.omits(*other));
    let mut others = others.map(|other| (dialect.place(other), request.rename.get(&other)));
    let is_content = table.is_none() && dialect.content_fields().contains(&name);
    is_content || others.any(|((place, own), new)| place == table && new.map_or(own, String::as_str) == name)
}

fn check_extra(request: &RequestSpec, fields: &Fields<'_>) {
    let Some(extra) = fields.raw("extra") else { return };
    note_no_json(extra, fields);
    for name in RELIED_ON.into_iter().filter(|name| request.extra.contains_key(*name)) {
        let entry = extra.as_table().and_then(|table| table.get(name));
        let span = entry.map_or_else(|| extra.span.clone(), |entry| entry.key.clone());
        let message = format!("`{name}` cannot stand in `extra`: records would tell of another request");
        let finding = Finding::new(Code::Choice, span, message);
        fields.scope.notes.push(finding.help(format!("write it beside `extra`, or `omit = [\"{name}\"]`")));
    }
}

/// TOML has numbers that JSON has not.
fn note_no_json(node: &Node, fields: &Fields<'_>) {
    match &node.value {
        Value::Float(number) if !number.is_finite() => {
            let message = format!("JSON has no number `{}`", number.to_string().to_lowercase());
            let finding = Finding::new(Code::Value, node.span.clone(), message);
            fields.scope.notes.push(finding.help("a request's body is JSON: write a finite number, or a text"));
        }
        Value::List(list) => list.iter().for_each(|item| note_no_json(item, fields)),
        Value::Table(table) => table.values().for_each(|entry| note_no_json(&entry.node, fields)),
        Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {}
    }
}
