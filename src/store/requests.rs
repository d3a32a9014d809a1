use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::StoreError;
use super::hashing::Hashing;
use super::lines::{Lines, Place};
use crate::record::{CellKey, RequestRecord, Requests};

/// Where in `requests.jsonl` the requests of each measurement stand.
///
/// They may be millions, so they are read one measurement at a time, and when
/// they are wanted. A measurement's lines mostly follow each other; where they
/// do not, because one request ended when the next cell had begun, they are
/// found all the same.
#[derive(Clone, Debug)]
pub struct RequestFile {
    path: PathBuf,
    measurements: IndexMap<CellKey, Vec<Stretch>>,
}

/// Lines that follow each other.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: Place,
    lines: usize,
}

impl RequestFile {
    /// Finds out where each measurement's requests stand.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut measurements: IndexMap<CellKey, Vec<Stretch>> = IndexMap::new();
        let mut lines = Lines::open(path)?;
        // How the lines of the current measurement begin.
        let (mut current, mut beginning) = (0, Vec::new());
        loop {
            let from = lines.next();
            if !lines.advance()? {
                return Ok(Self { path: path.to_owned(), measurements });
            }
            let goes_on = lines.is_whole() && lines.line().starts_with(&beginning);
            if goes_on && let Some(stretch) = measurements.get_index_mut(current).and_then(|(_, all)| all.last_mut()) {
                stretch.lines += 1;
            } else if let Some(RequestRecord { cell, .. }) = lines.record()? {
                beginning = beginning_of(&cell)?;
                let entry = measurements.entry(cell);
                current = entry.index();
                entry.or_default().push(Stretch { from, lines: 1 });
            }
        }
    }

    /// The requests of each measurement, in the order in which their first
    /// ones ended. Each is read when it is asked for.
    ///
    /// # Errors
    /// When the file cannot be read any more, or a line is damaged.
    pub fn measurements(&self) -> impl Iterator<Item = Result<(CellKey, Requests), StoreError>> {
        self.measurements_of(|_| true)
    }

    /// The same of the measurements that are wanted; those of others are not
    /// read.
    ///
    /// # Errors
    /// When the file cannot be read any more, or a line is damaged.
    pub fn measurements_of(
        &self,
        is_wanted: impl Fn(&CellKey) -> bool,
    ) -> impl Iterator<Item = Result<(CellKey, Requests), StoreError>> {
        let wanted = self.measurements.iter().filter(move |(key, _)| is_wanted(key));
        wanted.map(|(key, stretches)| Ok((key.clone(), self.requests(stretches)?)))
    }

    /// The epochs that it tells of.
    pub(super) fn epochs(&self) -> impl Iterator<Item = u32> {
        self.measurements.keys().map(|key| key.epoch)
    }

    /// The lines of each measurement.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub(super) fn stretches(&self) -> impl Iterator<Item = Result<(CellKey, crate::record::Stretch), StoreError>> {
        self.measurements.iter().map(|(key, stretches)| {
            let (mut hashing, mut lines) = (Hashing::default(), Lines::open(&self.path)?);
            for stretch in stretches {
                lines.go_to(stretch.from)?;
                for _ in 0..stretch.lines {
                    lines.advance()?;
                    lines.written().into_iter().for_each(|line| hashing.take(line));
                }
            }
            Ok((key.clone(), hashing.stretch()))
        })
    }

    fn requests(&self, stretches: &[Stretch]) -> Result<Requests, StoreError> {
        let mut requests = Requests::default();
        let mut lines = Lines::open(&self.path)?;
        for stretch in stretches {
            lines.go_to(stretch.from)?;
            for _ in 0..stretch.lines {
                lines.advance()?;
                if let Some(record) = lines.record()? {
                    requests.push(&record);
                }
            }
        }
        Ok(requests)
    }
}

/// How this program writes the lines of a measurement. One that was written
/// otherwise is looked into.
fn beginning_of(cell: &CellKey) -> Result<Vec<u8>, StoreError> {
    let key = serde_json::to_string(cell).map_err(StoreError::Unwritable)?;
    Ok(format!("{{\"cell\":{key},").into_bytes())
}
