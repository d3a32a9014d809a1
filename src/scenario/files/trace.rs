//! Traces: files of recorded arrivals.
//!
//! JSON has one object for each, whose `timestamp` is in milliseconds, as the
//! traces of Mooncake (FAST '25) have it. In any other file each line is a row
//! whose time is in seconds, as `BurstGPT` has it, or a date, as Azure's traces
//! do; it stands under a heading like `Timestamp`, else in the first column. How
//! long prompts and replies were is read with them.

use std::path::Path;

use chrono::{DateTime, NaiveDateTime};
use serde_json::{Map, Value};

use super::csv::{self, BadLine, Row};
use super::file_facts::{FileFacts, FileFormat, Skip};
use super::records::{self, Layout, Record, Records, is_json};
use super::trace_lengths::{lengths, plain, shown};
use crate::units::Nanos;

/// Headings of times.
const TIMES: [&str; 5] = ["timestamp", "time", "arrivedat", "arrivaltime", "arrival"];

/// Keys under which a record says what to ask.
const WAYS: [&str; 5] = ["prompt", "messages", "turns", "conversations", "prompt_tokens"];

/// The time of a record, in seconds; or what is wrong with it.
type TimeOf<'a> = &'a dyn Fn(&Map<String, Value>) -> Result<f64, String>;

/// What a trace holds.
#[derive(Debug)]
pub(in crate::scenario) struct Trace {
    /// Counted from the first.
    pub(in crate::scenario) moments: Vec<Nanos>,
    pub(in crate::scenario) facts: FileFacts,
    /// Whether its records say what to ask, or how much.
    pub(in crate::scenario) asks: bool,
}

/// The moments of a trace; or every line that is wrong.
pub(in crate::scenario) fn parse(text: &str, path: &Path) -> Result<Trace, Vec<BadLine>> {
    if is_json(text, path) {
        let layout = records::json_layout(text);
        return read(records::read(text, layout), &|fields| from_json(fields.get("timestamp")));
    }
    let heading = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let rows = csv::rows(text, csv::separator(heading)).map_err(|bad| vec![bad])?;
    match rows.first().filter(|row| is_heading(row)) {
        Some(heading) => {
            let names: Vec<String> = heading.fields.iter().map(|name| name.trim().to_owned()).collect();
            let column = names.iter().find(|name| TIMES.contains(&plain(name).as_str())).or(names.first());
            let column = column.cloned().unwrap_or_default();
            read(records::read(text, Layout::Csv), &|fields| from_field(fields.get(&column)))
        }
        None => read(times_alone(rows), &|fields| from_field(fields.get(""))),
    }
}

/// Rows without a heading say when, and no more that could be named.
fn times_alone(rows: Vec<Row>) -> Records {
    let record = |row: Row| {
        let time = row.fields.into_iter().next().unwrap_or_default();
        Record { line: row.line, value: Value::Object(Map::from_iter([(String::new(), time.into())])) }
    };
    Records { layout: Layout::Csv, found: rows.into_iter().map(record).collect(), bad: Vec::new() }
}

fn read(Records { layout, found, mut bad }: Records, time: TimeOf<'_>) -> Result<Trace, Vec<BadLine>> {
    let mut facts = FileFacts::new(FileFormat::of(layout, found.first()));
    let first = found.first().and_then(|record| record.value.as_object());
    let asks =
        first.is_some_and(|fields| lengths(fields).is_some() || WAYS.iter().any(|way| fields.contains_key(*way)));
    let mut seconds: Vec<f64> = Vec::new();
    for Record { line, value } in found {
        match arrival(&value, seconds.last().copied(), time, &mut facts) {
            Ok(Some(moment)) => seconds.push(moment),
            Ok(None) => {}
            Err(reason) => bad.push(BadLine::new(line, reason)),
        }
    }
    if !bad.is_empty() {
        return Err(bad);
    }
    let first = seconds.first().copied().unwrap_or_default();
    let moments = seconds.iter().map(|moment| Nanos::from_seconds(moment - first)).collect();
    Ok(Trace { moments, facts, asks })
}

/// When a record arrived; `None` if it is left out.
fn arrival(value: &Value, last: Option<f64>, time: TimeOf<'_>, facts: &mut FileFacts) -> Result<Option<f64>, String> {
    let fields =
        value.as_object().ok_or_else(|| format!("an object with a `timestamp` was expected, not {}", shown(value)))?;
    let moment = in_order(time(fields)?, last)?;
    facts.shares_prefixes |= fields.contains_key("hash_ids");
    let Some(lengths) = lengths(fields).transpose()? else { return Ok(Some(moment)) };
    facts.has_lengths = true;
    if lengths.prompt == 0 || lengths.reply == 0 {
        facts.skip(Skip::NoTokens);
        return Ok(None);
    }
    Ok(Some(moment))
}

fn from_json(time: Option<&Value>) -> Result<f64, String> {
    match time {
        Some(Value::Number(milliseconds)) => Ok(milliseconds.as_f64().unwrap_or(f64::NAN) / 1e3),
        Some(Value::String(text)) => {
            date(text).ok_or_else(|| format!("`timestamp` must be a number of milliseconds, or a date, not `{text}`"))
        }
        Some(other) => Err(format!("`timestamp` must be a number of milliseconds, not {}", shown(other))),
        None => Err("`timestamp` is missing".to_owned()),
    }
}

fn from_field(time: Option<&Value>) -> Result<f64, String> {
    let text = time.and_then(Value::as_str).unwrap_or_default().trim();
    let seconds = text.parse().ok().or_else(|| date(text));
    seconds.ok_or_else(|| format!("`{}` is not a number of seconds", text.chars().take(40).collect::<String>()))
}

/// Seconds since 1970 of a date with a time of day, in UTC where it says no zone.
#[expect(clippy::cast_precision_loss, reason = "a quarter of a microsecond, in our century")]
fn date(text: &str) -> Option<f64> {
    let text = text.trim().replacen('T', " ", 1);
    let zoned = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
    let zoned = zoned.into_iter().find_map(|form| DateTime::parse_from_str(&text, form).ok());
    let plain = || NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%d %H:%M:%S%.f").ok();
    let moment = zoned.map(|moment| moment.naive_utc()).or_else(plain)?.and_utc();
    Some(moment.timestamp() as f64 + f64::from(moment.timestamp_subsec_nanos()) / 1e9)
}

/// A first row that begins with no time.
fn is_heading(row: &Row) -> bool {
    let field = row.fields.first().map_or("", |field| field.trim());
    let is_time = field.parse::<f64>().is_ok() || date(field).is_some();
    !is_time && field.starts_with(|first: char| first.is_alphabetic() || "#\"_".contains(first))
}

fn in_order(seconds: f64, last: Option<f64>) -> Result<f64, String> {
    if !seconds.is_finite() {
        return Err("the time is not a finite number".to_owned());
    }
    if seconds < 0.0 {
        return Err(format!("the time is negative: {seconds} s"));
    }
    match last {
        Some(last) if seconds < last => Err(format!("{seconds} s comes after {last} s: the times must not fall")),
        _ => Ok(seconds),
    }
}

#[cfg(test)]
mod tests;
