//! Whether a run directory is as it was written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::follow::{Fate, Followed, Follower};
use super::hashing::{Hashing, file_digest, line_digest};
use super::lines::Lines;
use super::manifest_parts::examine_manifest;
use super::torn::torn;
use super::{EVENTS, PLAN, REQUESTS, RequestFile, STEPS, StoreError, Stored, TELEMETRY};
use crate::names::RunId;
use crate::record::{
    CellKey, Declared, Event, EventRecord, Flaw, Integrity, Manifest, Seal, Sealing, Stretch, Touches,
};

/// Holds the records of a run against its seals and its manifest, and looks for a
/// torn line, which no run leaves that has told its end.
///
/// # Errors
/// When a file cannot be read.
pub fn examine(directory: &Path, stored: &Stored) -> Result<Integrity, StoreError> {
    let manifest = &stored.record.manifest;
    let sealed = Sealed::of(&stored.record.events, manifest, &written(directory, EVENTS)?);
    let mut flaws = torn(directory, manifest, sealed.last_begun(&stored.requests))?;
    let another = sealed.another_run(&manifest.run_id);
    if another.is_none() {
        flaws.extend(examine_manifest(directory, stored)?);
    }
    let has_begun = stored.record.events.iter().any(|one| matches!(one.event, Event::Begun(_)));
    if manifest.declared.is_none() && sealed.seals.is_empty() && !has_begun {
        return Ok(Integrity { sealing: Sealing::None, flaws, post_hoc: Vec::new() });
    }
    if let Some(declared) = &manifest.declared {
        flaws.extend(other_plan(directory, declared)?);
    }
    if let Some(run) = another {
        flaws.push(flaw(EVENTS, format!("that of the run `{run}`"), Touches::All));
    } else if let Some(number) = sealed.gap() {
        let what = format!("seal {number} missing, and with it what tells of the lines before it");
        flaws.push(flaw(EVENTS, what, Touches::All));
    } else {
        for name in [STEPS, TELEMETRY, EVENTS] {
            flaws.extend(sealed.follow(directory, name, manifest)?);
        }
        flaws.extend(sealed.requests(&stored.requests, manifest)?);
    }
    let sealing = if manifest.sealed.is_some() { Sealing::Whole } else { Sealing::Open };
    Ok(Integrity { sealing, flaws, post_hoc: Vec::new() })
}

pub(super) fn flaw(file: &str, what: impl Into<String>, touches: Touches) -> Flaw {
    Flaw { file: file.to_owned(), what: what.into(), touches }
}

/// The last seal is no part of what it seals.
fn is_last(manifest: &Manifest, line: &[u8]) -> bool {
    manifest.sealed.as_ref().is_some_and(|end| end.last == line_digest(line))
}

/// All lines of a file that are not torn.
fn written(directory: &Path, name: &str) -> Result<Stretch, StoreError> {
    let (mut all, mut lines) = (Hashing::default(), Lines::open(&directory.join(name))?);
    while lines.advance()? {
        lines.written().into_iter().for_each(|line| all.take(line));
    }
    Ok(all.stretch())
}

fn other_plan(directory: &Path, declared: &Declared) -> Result<Option<Flaw>, StoreError> {
    let path = directory.join(PLAN);
    let bytes = fs::read(&path).map_err(StoreError::io("read", &path))?;
    let is_other = file_digest(&bytes) != declared.plan_sha256;
    Ok(is_other.then(|| flaw(PLAN, "not the plan that was written before the run", Touches::All)))
}

/// The seals of a run, and the epochs that were under way before each.
struct Sealed<'r> {
    seals: Vec<&'r Seal>,
    epochs: Vec<BTreeSet<u32>>,
    /// Those that were begun after the last of them.
    unsealed: BTreeSet<u32>,
    /// How often the run went on.
    resumed: usize,
    /// Of a finished run, how many lines are missing at the end of `events.jsonl`,
    /// and of how many, if the last of all seals is among them.
    lost_end: Option<(u64, u64)>,
}

impl<'r> Sealed<'r> {
    fn of(events: &'r [EventRecord], manifest: &Manifest, found: &Stretch) -> Self {
        let (mut seals, mut epochs, mut under_way, mut resumed) = (Vec::new(), Vec::new(), BTreeSet::new(), 0);
        for record in events {
            match &record.event {
                Event::EpochStarted { epoch, .. } => drop(under_way.insert(*epoch)),
                Event::CellFinished { cell, .. } => drop(under_way.insert(cell.epoch)),
                Event::Resumed(_) => resumed += 1,
                Event::Sealed(seal) => {
                    // Events may be missing that tell of them.
                    under_way.extend(seal.requests.iter().map(|one| one.cell.epoch));
                    seals.push(&**seal);
                    epochs.push(std::mem::take(&mut under_way));
                }
                _ => {}
            }
        }
        let end = manifest.sealed.as_ref().filter(|end| end.last != found.last && end.lines > found.lines);
        let lost_end = end.map(|end| (end.lines - found.lines, end.lines));
        Self { seals, epochs, unsealed: under_way, resumed, lost_end }
    }

    /// The first epoch of which no seal tells.
    fn first_unsealed(&self) -> u32 {
        self.epochs.iter().flatten().max().map_or(0, |last| last + 1)
    }

    /// The last epoch of which anything tells.
    fn last_begun(&self, requests: &RequestFile) -> u32 {
        let begun = self.epochs.iter().flatten().chain(&self.unsealed).copied();
        begun.chain(requests.epochs()).max().unwrap_or_default()
    }

    fn another_run(&self, run: &RunId) -> Option<&RunId> {
        self.seals.iter().map(|seal| &seal.run).find(|sealed| *sealed != run)
    }

    /// The first seal that is not there, of those that count from 0.
    fn gap(&self) -> Option<u32> {
        (0..).zip(&self.seals).find(|(due, seal)| seal.number != *due).map(|(due, _)| due)
    }

    /// What became of the stretches of a file.
    fn follow(&self, directory: &Path, name: &str, manifest: &Manifest) -> Result<Vec<Flaw>, StoreError> {
        let stretches: Vec<&Stretch> = self.seals.iter().map(|seal| stretch_of(seal, name)).collect();
        let has_lines = stretches.iter().any(|stretch| stretch.lines > 0);
        let (mut follower, mut all) = (Follower::new(stretches), Hashing::default());
        let mut lines = Lines::open(&directory.join(name))?;
        while lines.advance()? {
            if let Some(line) = lines.written() {
                all.take(line);
                if name != EVENTS || !is_last(manifest, line) {
                    follower.take(line);
                }
            }
        }
        let Followed { fates, found_any, rest } = follower.finish();
        if has_lines && all.count() > 0 && !found_any {
            let what = "none of it as this run wrote it: the file of another run, or written anew";
            return Ok(vec![flaw(name, what, Touches::All)]);
        }
        let noun = if name == TELEMETRY { "sample" } else { "line" };
        let mut flaws: Vec<Flaw> =
            fates.iter().map(|(at, fate)| flaw(name, fate.words(noun), self.touches(*at, name))).collect();
        match (&manifest.sealed, self.lost_end) {
            (Some(_), Some(lost)) => flaws.extend((name == EVENTS).then(|| self.lost(manifest, lost))),
            (Some(end), None) if flaws.is_empty() => {
                let fate = if name == EVENTS { Fate::of(end, &all.stretch()) } else { Fate::by_count(0, rest) };
                flaws.extend(fate.map(|fate| flaw(name, fate.words(noun), Touches::All)));
            }
            _ => {}
        }
        Ok(flaws)
    }

    /// What was sealed before the last seal that is there stands, unless it is not
    /// known any more what of it was measured anew when the run was resumed.
    fn lost(&self, manifest: &Manifest, (missing, of): (u64, u64)) -> Flaw {
        let lines = Fate::Missing(missing, of).words("line");
        let what = format!("{lines}, the last seal with them: nothing tells of what was written after the one before");
        let knows_sessions = self.resumed >= manifest.sessions_before.len();
        let touches = if knows_sessions { Touches::From(self.first_unsealed()) } else { Touches::All };
        flaw(EVENTS, what, touches)
    }

    /// The measurements of a stretch. Samples and steps that belong to none touch
    /// none, but an event may tell of a look at the data.
    fn touches(&self, at: usize, name: &str) -> Touches {
        let epochs: Vec<u32> = self.epochs.get(at).into_iter().flatten().copied().collect();
        match (epochs.is_empty(), name) {
            (true, TELEMETRY | STEPS) => Touches::Nothing,
            (true, _) => Touches::All,
            (false, _) => Touches::Epochs(epochs),
        }
    }

    fn requests(&self, file: &RequestFile, manifest: &Manifest) -> Result<Vec<Flaw>, StoreError> {
        let mut sealed: indexmap::IndexMap<&CellKey, Vec<&Stretch>> = indexmap::IndexMap::new();
        for one in self.seals.iter().flat_map(|seal| &seal.requests) {
            sealed.entry(&one.cell).or_default().push(&one.stretch);
        }
        let (mut flaws, mut found_any, has_any) = (Vec::new(), false, !sealed.is_empty());
        for found in file.stretches() {
            let (cell, found) = found?;
            let fate = match sealed.shift_remove(&cell).as_deref() {
                Some([one]) => Fate::of(one, &found),
                // Of one that was sealed in parts, the parts are not told apart.
                Some(parts) => Fate::by_count(parts.iter().map(|part| part.lines).sum(), found.lines),
                None if manifest.sealed.is_some() && self.lost_end.is_none() => Some(Fate::More(found.lines)),
                None => continue,
            };
            found_any |= fate.as_ref().is_none_or(|fate| !matches!(fate, Fate::More(more) if *more == found.lines));
            flaws.extend(fate.map(|fate| flaw(REQUESTS, place(&fate, &cell), Touches::Cell(cell))));
        }
        for (cell, parts) in sealed {
            let fate = Fate::by_count(parts.iter().map(|part| part.lines).sum(), 0);
            flaws.extend(fate.map(|fate| flaw(REQUESTS, place(&fate, cell), Touches::Cell(cell.clone()))));
        }
        if has_any && !found_any {
            let what = "none of it as this run wrote it: the file of another run, or written anew";
            return Ok(vec![flaw(REQUESTS, what, Touches::All)]);
        }
        Ok(flaws)
    }
}

fn place(fate: &Fate, cell: &CellKey) -> String {
    format!("{}, of `{}` in block {}", fate.words("request"), cell.cell, cell.block + 1)
}

fn stretch_of<'s>(seal: &'s Seal, name: &str) -> &'s Stretch {
    match name {
        STEPS => &seal.steps,
        TELEMETRY => &seal.telemetry,
        _ => &seal.events,
    }
}
