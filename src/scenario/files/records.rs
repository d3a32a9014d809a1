//! What a file of prompts or arrivals holds, told by its content.

use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::model::prompt_format::PromptFormat;
use super::csv::{self, BadLine};
use super::strict_json;

/// How a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Layout {
    /// A text a line.
    Text,
    /// A JSON value a line.
    JsonLines,
    /// One JSON list.
    JsonArray,
    /// JSON values, each over as many lines as it likes.
    JsonValues,
    /// Rows under a heading.
    Csv,
}

/// One thing that a file holds.
#[derive(Debug)]
pub(in crate::scenario) struct Record {
    /// Where it begins, from 1.
    pub(in crate::scenario) line: usize,
    pub(in crate::scenario) value: Value,
}

/// All that a file holds, and what could not be read of it.
#[derive(Debug)]
pub(in crate::scenario) struct Records {
    pub(in crate::scenario) layout: Layout,
    pub(in crate::scenario) found: Vec<Record>,
    pub(in crate::scenario) bad: Vec<BadLine>,
}

/// What a file is, if that can be told.
///
/// JSON tells of itself, whatever the file is called. Only what does not is
/// anything else: rows if the name or the heading says so, texts if the name
/// ends in `.txt`, and either if that is declared.
pub(in crate::scenario) fn layout(text: &str, path: &Path, declared: Option<PromptFormat>) -> Result<Layout, BadLine> {
    let extension = extension(path);
    let is_json = is_json(text, path);
    if let (Some(page), None) = (html_page(text), declared) {
        return Err(page);
    }
    match declared {
        Some(declared) if is_json => Err(BadLine::new(first_line(text).0, format!("this is JSON, not {declared}"))),
        Some(PromptFormat::Text) => lone_json(text).map_or(Ok(Layout::Text), Err),
        Some(PromptFormat::Csv) => Ok(Layout::Csv),
        None if is_json => Ok(json_layout(text)),
        None if matches!(extension.as_str(), "csv" | "tsv") || has_known_heading(text) => Ok(Layout::Csv),
        None if extension == "txt" => lone_json(text).map_or(Ok(Layout::Text), Err),
        None => {
            let reason = "nothing says what this is: it is not JSON, and its first line is no heading with a `prompt`";
            Err(BadLine::new(first_line(text).0, reason))
        }
    }
}

/// What a browser shows of a file, or what stands where there is none.
fn html_page(text: &str) -> Option<BadLine> {
    let (number, line) = first_line(text);
    let start = line.trim().to_ascii_lowercase();
    let is_page = ["<!doctype html", "<html", "<head", "<?xml"].iter().any(|tag| start.starts_with(tag));
    is_page.then(|| BadLine::new(number, "this is an HTML page, not the file: download it by its \"raw\" address"))
}

fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Whether a file is JSON, by its content or its name.
pub(in crate::scenario) fn is_json(text: &str, path: &Path) -> bool {
    matches!(extension(path).as_str(), "json" | "jsonl" | "ndjson" | "jsonlines") || says_json(text)
}

/// The first line that is not blank, and its number.
fn first_line(text: &str) -> (usize, &str) {
    let mut lines = (1..).zip(text.lines());
    lines.find(|(_, line)| !line.trim().is_empty()).unwrap_or((1, ""))
}

/// Whether a text begins as JSON does, and not only with a bracket.
fn says_json(text: &str) -> bool {
    let line = first_line(text).1.trim();
    let second = line.chars().skip(1).find(|c| !c.is_whitespace());
    match line.chars().next() {
        Some('{') => matches!(second, None | Some('"' | '}')),
        // A list of numbers is no prompts, so that it may be one.
        Some('[') => matches!(second, None | Some('"' | '{' | '[' | ']')),
        // A text may begin with a sentence in quotes.
        Some('"') => lines(text).all(|(_, line)| is_value(line)) && !has_known_heading(text),
        _ => false,
    }
}

fn is_value(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A line of what should be text that is JSON, or a piece of it: an object, or a
/// list of more than numbers. A number or a word in quotes is a text.
fn lone_json(text: &str) -> Option<BadLine> {
    let is_piece = |line: &str| {
        let only_marks = line.chars().all(|c| "{}[],:".contains(c));
        only_marks || (line.starts_with(['{', '[']) && line.contains('"') && is_value(line.trim_end_matches(',')))
    };
    let mut lines = (1..).zip(text.lines()).map(|(number, line)| (number, line.trim()));
    let (number, _) = lines.find(|(_, line)| !line.is_empty() && is_piece(line))?;
    Some(BadLine::new(number, "this line is JSON, and others are text: a file is one or the other"))
}

pub(in crate::scenario) fn json_layout(text: &str) -> Layout {
    if text.trim_start().starts_with('[') && serde_json::from_str::<Vec<&RawValue>>(text).is_ok() {
        return Layout::JsonArray;
    }
    match first_line(text).1.trim() {
        line if is_value(line) => Layout::JsonLines,
        line if line.starts_with('[') => Layout::JsonArray,
        line if line.starts_with('{') && text.lines().filter(|line| !line.trim().is_empty()).count() > 1 => {
            Layout::JsonValues
        }
        _ => Layout::JsonLines,
    }
}

/// Whether the first line is a heading of columns, one of which is known.
fn has_known_heading(text: &str) -> bool {
    let heading = first_line(text).1;
    let names = csv::rows(heading, csv::separator(heading)).unwrap_or_default().into_iter().next();
    let names = names.map(|row| row.fields).unwrap_or_default();
    names.len() > 1 && names.iter().any(|name| super::trace_lengths::is_known_column(name))
}

/// Reads a file that is laid out so.
pub(in crate::scenario) fn read(text: &str, layout: Layout) -> Records {
    let (found, bad) = match layout {
        Layout::Text => (texts(text), Vec::new()),
        Layout::JsonLines => json_lines(text),
        Layout::JsonArray => json_array(text),
        Layout::JsonValues => json_values(text),
        Layout::Csv => csv_records(text),
    };
    Records { layout, found, bad }
}

/// The lines that are not blank, and the number of each.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}

fn texts(text: &str) -> Vec<Record> {
    lines(text).map(|(line, text)| Record { line, value: text.into() }).collect()
}

fn json_lines(text: &str) -> (Vec<Record>, Vec<BadLine>) {
    let (mut records, mut bad) = (Vec::new(), Vec::new());
    for (line, text) in lines(text) {
        match strict_json::from_str(text) {
            Ok(value) => records.push(Record { line, value }),
            Err(error) => bad.push(misread(&error, line, 1)),
        }
    }
    (records, bad)
}

fn json_array(text: &str) -> (Vec<Record>, Vec<BadLine>) {
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(items) => raw_records(text, items),
        Err(error) => (Vec::new(), vec![misread(&error, 1, 1)]),
    }
}

fn json_values(text: &str) -> (Vec<Record>, Vec<BadLine>) {
    let mut items = Vec::new();
    let mut last = None;
    for item in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        match item {
            Ok(item) => items.push(item),
            Err(error) => last = Some(misread(&error, 1, 1)),
        }
    }
    let (records, mut bad) = raw_records(text, items);
    bad.extend(last);
    (records, bad)
}

/// Values that stand in `text`, each with its line.
fn raw_records(text: &str, items: Vec<&RawValue>) -> (Vec<Record>, Vec<BadLine>) {
    let (mut records, mut bad) = (Vec::new(), Vec::new());
    let (mut line, mut counted) = (1, 0);
    for item in items {
        let offset = item.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        line += text.get(counted..offset).unwrap_or_default().matches('\n').count();
        counted = offset;
        match strict_json::from_str(item.get()) {
            Ok(value) => records.push(Record { line, value }),
            Err(error) => {
                let before = text.get(..offset).unwrap_or_default();
                bad.push(misread(&error, line, offset - before.rfind('\n').map_or(0, |end| end + 1) + 1));
            }
        }
    }
    (records, bad)
}

/// An error in a value that begins at this place.
fn misread(error: &serde_json::Error, line: usize, column: usize) -> BadLine {
    let column = if error.line() <= 1 { column + error.column().saturating_sub(1) } else { error.column() };
    BadLine { line: line + error.line().max(1) - 1, column: Some(column), reason: strict_json::reason(error) }
}

/// Rows as objects, by the names in the heading.
fn csv_records(text: &str) -> (Vec<Record>, Vec<BadLine>) {
    let rows = match csv::rows(text, csv::separator(first_line(text).1)) {
        Ok(rows) => rows,
        Err(bad) => return (Vec::new(), vec![bad]),
    };
    let mut rows = rows.into_iter();
    let Some(heading) = rows.next() else { return (Vec::new(), Vec::new()) };
    let names: Vec<&str> = heading.fields.iter().map(|name| name.trim()).collect();
    let twice = names.iter().enumerate().find(|(index, name)| !name.is_empty() && names[..*index].contains(name));
    if let Some((_, name)) = twice {
        return (Vec::new(), vec![BadLine::new(heading.line, format!("the column `{name}` stands twice"))]);
    }
    let (mut records, mut bad) = (Vec::new(), Vec::new());
    for row in rows {
        let (found, wanted) = (row.fields.len(), names.len());
        if found == wanted {
            let fields = names.iter().zip(row.fields).filter(|(name, _)| !name.is_empty());
            let fields: Map<String, Value> = fields.map(|(name, text)| ((*name).to_owned(), text.into())).collect();
            records.push(Record { line: row.line, value: Value::Object(fields) });
        } else {
            bad.push(BadLine::new(row.line, format!("{found} fields, where the heading has {wanted}")));
        }
    }
    (records, bad)
}

#[cfg(test)]
mod tests;
