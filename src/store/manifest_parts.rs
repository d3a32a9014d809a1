//! The manifest part by part, so that a part that is changed later can be named.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::examine::flaw;
use super::hashing::text_digest;
use super::read::json;
use super::{MANIFEST, StoreError, Stored};
use crate::plan::Plan;
use crate::record::{Begun, Ended, Event, EventRecord, Flaw, Manifest, Outcome, Touches};

/// What is written when the run ends, and has its own record then.
const OF_THE_END: [&str; 3] = ["finished", "outcome", "sealed"];
/// What every measurement rests on: whose it is, and what may be said of it.
const OF_EVERY_MEASUREMENT: [&str; 4] = ["run_id", "simulated", "certified", "environment."];
/// Falls into its own keys.
const ENVIRONMENT: &str = "environment";

/// The start of the SHA-256 of each part of the manifest as it stands there; the
/// order of keys has no meaning.
///
/// # Errors
/// When it cannot be read.
pub fn manifest_parts(directory: &Path) -> Result<BTreeMap<String, String>, StoreError> {
    let manifest: BTreeMap<String, Value> = json(&directory.join(MANIFEST))?;
    let mut parts = BTreeMap::new();
    for (key, value) in manifest.into_iter().filter(|(key, _)| !OF_THE_END.contains(&key.as_str())) {
        match value {
            Value::Object(fields) if key == ENVIRONMENT => {
                parts.extend(fields.into_iter().map(|(field, value)| (format!("{key}.{field}"), digest(value))));
            }
            value => drop(parts.insert(key, digest(value))),
        }
    }
    Ok(parts)
}

fn digest(value: Value) -> String {
    text_digest(&in_order(value).to_string())
}

fn in_order(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> =
                fields.into_iter().map(|(key, value)| (key, in_order(value))).collect();
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(in_order).collect()),
        value => value,
    }
}

/// Holds the manifest against what the records say of it.
pub(super) fn examine_manifest(directory: &Path, stored: &Stored) -> Result<Vec<Flaw>, StoreError> {
    let (manifest, events) = (&stored.record.manifest, &stored.record.events);
    let Some((begun, ended)) = last_session(events) else {
        return Ok(other_than_planned(manifest, &stored.plan));
    };
    if was_killed_before_its_first_event(manifest, begun) {
        return Ok(Vec::new());
    }
    let now = manifest_parts(directory)?;
    let changed = begun.manifest.iter().filter_map(|(part, then)| match now.get(part) {
        Some(now) if now == then => None,
        Some(_) => Some(part_flaw(part, "is not as it was when the run began")),
        None => Some(part_flaw(part, "was taken out")),
    });
    let added = now.keys().filter(|part| !begun.manifest.contains_key(*part));
    let added = added.map(|part| part_flaw(part, "was added after the run had begun"));
    let is_last = matches!(events.last(), Some(EventRecord { event: Event::Sealed(_), .. }));
    Ok(changed.chain(added).chain(other_end(manifest, ended, is_last)).collect())
}

fn part_flaw(part: &str, what: &str) -> Flaw {
    let is_of_all = OF_EVERY_MEASUREMENT.iter().any(|of_all| part.starts_with(of_all));
    let touches = if is_of_all { Touches::All } else { Touches::Nothing };
    flaw(MANIFEST, format!("`{part}` {what}"), touches)
}

/// How the last session began, and how it ended if it came so far.
fn last_session(events: &[EventRecord]) -> Option<(&Begun, Option<&Ended>)> {
    let mut last = None;
    for record in events {
        match (&record.event, &mut last) {
            (Event::Begun(begun), last) => *last = Some((begun, None)),
            (Event::Ended(ended), Some((_, end))) => *end = Some(ended),
            _ => {}
        }
    }
    last
}

/// Its manifest is there, and the records are still those of the session before.
fn was_killed_before_its_first_event(manifest: &Manifest, begun: &Begun) -> bool {
    let is_of_before = manifest.sessions_before.last().is_some_and(|before| before.started == begun.started);
    manifest.sealed.is_none() && is_of_before && manifest.started != begun.started
}

/// Runs whose records do not say with what manifest they began have a plan.
fn other_than_planned(manifest: &Manifest, plan: &Plan) -> Vec<Flaw> {
    let same = [
        ("seed", manifest.seed == plan.seed),
        ("scenario", manifest.scenario == plan.scenario),
        ("title", manifest.title == plan.title),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(part, _)| part_flaw(part, "is not that of the plan")).collect()
}

/// How the manifest says that the run ended, where the events say otherwise.
///
/// A run that was killed between its last event and its last manifest has an end
/// in the one and none, or that of a cleanup, in the other.
fn other_end(manifest: &Manifest, ended: Option<&Ended>, is_sealed: bool) -> Vec<Flaw> {
    let is_open = matches!(manifest.outcome, Outcome::Running | Outcome::Failed { .. });
    let Some(Ended { outcome, finished }) = ended else {
        let what = "says how the run ended, of which its events tell nothing";
        // Where events are missing, the seals tell.
        let is_told = is_open || manifest.sealed.is_some();
        return if is_told { Vec::new() } else { vec![part_flaw("outcome", what)] };
    };
    let is_same = manifest.outcome == *outcome;
    if manifest.sealed.is_none() && is_open && !is_same {
        return Vec::new();
    }
    let parts = [
        ("outcome", is_same, "is not how the run ended"),
        ("finished", manifest.finished == Some(*finished), "is not when the run ended"),
        ("sealed", manifest.sealed.is_some() || !is_sealed, "was taken out"),
    ];
    parts.into_iter().filter(|(_, same, _)| !same).map(|(part, _, what)| part_flaw(part, what)).collect()
}
