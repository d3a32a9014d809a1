//! Whether a run directory is as it was written.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::follow::{Fate, Followed, Follower};
use super::hashing::{Hashing, file_digest};
use super::lines::Lines;
use super::{EVENTS, PLAN, REQUESTS, RequestFile, STEPS, StoreError, Stored, TELEMETRY};
use crate::names::RunId;
use crate::record::{
    CellKey, Declared, Event, EventRecord, Flaw, Integrity, Manifest, Outcome, Seal, Sealing, Stretch, Touches,
};

/// Holds the records of a run against its seals, and looks for a torn line, which
/// no run leaves that has told its end.
///
/// # Errors
/// When a file cannot be read.
pub fn examine(directory: &Path, stored: &Stored) -> Result<Integrity, StoreError> {
    let manifest = &stored.record.manifest;
    let mut flaws = torn(directory, manifest)?;
    let Some(declared) = &manifest.declared else {
        return Ok(Integrity { sealing: Sealing::None, flaws, post_hoc: Vec::new() });
    };
    flaws.extend(other_plan(directory, declared)?);
    let sealed = Sealed::of(&stored.record.events);
    if let Some(run) = sealed.another_run(&manifest.run_id) {
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

fn flaw(file: &str, what: impl Into<String>, touches: Touches) -> Flaw {
    Flaw { file: file.to_owned(), what: what.into(), touches }
}

/// A run whose process was killed may leave a torn line; one that has told its
/// end has written all of the last.
fn torn(directory: &Path, manifest: &Manifest) -> Result<Vec<Flaw>, StoreError> {
    let has_told =
        manifest.sealed.is_some() || matches!(manifest.outcome, Outcome::Completed | Outcome::Interrupted { .. });
    let mut flaws = Vec::new();
    for name in [STEPS, REQUESTS, TELEMETRY, EVENTS].into_iter().filter(|_| has_told) {
        let path = directory.join(name);
        if !ends_well(&path).map_err(StoreError::io("read", &path))? {
            flaws.push(flaw(name, "the last line is cut off", Touches::All));
        }
    }
    Ok(flaws)
}

fn ends_well(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
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
}

impl<'r> Sealed<'r> {
    fn of(events: &'r [EventRecord]) -> Self {
        let (mut seals, mut epochs, mut under_way) = (Vec::new(), Vec::new(), BTreeSet::new());
        for record in events {
            match &record.event {
                Event::EpochStarted { epoch, .. } => drop(under_way.insert(*epoch)),
                Event::CellFinished { cell, .. } => drop(under_way.insert(cell.epoch)),
                Event::Sealed(seal) => {
                    // Events may be missing that tell of them.
                    under_way.extend(seal.requests.iter().map(|one| one.cell.epoch));
                    seals.push(&**seal);
                    epochs.push(std::mem::take(&mut under_way));
                }
                _ => {}
            }
        }
        Self { seals, epochs }
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
            if lines.is_whole() {
                follower.take(lines.line());
                all.take(lines.line());
            }
        }
        let Followed { fates, found_any, rest } = follower.finish();
        if has_lines && !found_any {
            let what = "none of it as this run wrote it: the file of another run, or written anew";
            return Ok(vec![flaw(name, what, Touches::All)]);
        }
        let noun = if name == TELEMETRY { "sample" } else { "line" };
        let mut flaws: Vec<Flaw> =
            fates.iter().map(|(at, fate)| flaw(name, fate.words(noun), self.touches(*at, name))).collect();
        if let Some(end) = manifest.sealed.as_ref().filter(|_| flaws.is_empty()) {
            // The last seal itself follows the last stretch.
            let fate = if name == EVENTS { Fate::of(end, &all.stretch()) } else { Fate::by_count(0, rest) };
            flaws.extend(fate.map(|fate| flaw(name, fate.words(noun), Touches::All)));
        }
        Ok(flaws)
    }

    /// The measurements of a stretch. Samples that belong to none touch none.
    fn touches(&self, at: usize, name: &str) -> Touches {
        let epochs: Vec<u32> = self.epochs.get(at).into_iter().flatten().copied().collect();
        match (epochs.is_empty(), name) {
            (true, TELEMETRY) => Touches::Nothing,
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
                None if manifest.sealed.is_some() => Some(Fate::More(found.lines)),
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
