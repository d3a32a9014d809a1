#![expect(clippy::disallowed_methods, reason = "opens files to be closed again")]

use std::fs::File;
use std::io;

/// What a command, its log and a look into `/proc` take together.
const COUNT: usize = 16;

/// What a runtime, a second process and the channel to it take beside that.
const BESIDE: usize = 16;

/// Whether this process may open as many files as a run or a cleanup begins
/// with. What needs them panics where there are none.
///
/// # Errors
/// If it may not.
pub fn can_open_files() -> io::Result<()> {
    open(COUNT + BESIDE).map(drop)
}

fn open(count: usize) -> io::Result<Vec<File>> {
    (0..count).map(|_| File::open("/dev/null")).collect()
}

/// Open files that are kept for the time when everything must be taken back:
/// connections may have used up all others by then.
#[derive(Debug, Default)]
pub struct SpareFiles(Vec<File>);

impl SpareFiles {
    /// Keeps as many as can be had.
    pub fn keep() -> Self {
        Self((0..COUNT).map_while(|_| File::open("/dev/null").ok()).collect())
    }

    /// Whether all that may be needed can be had.
    ///
    /// # Errors
    /// If this process may not open so many files.
    pub fn can_be_kept() -> io::Result<()> {
        open(COUNT).map(drop)
    }

    /// Gives them up, for others to be opened.
    pub fn release(&mut self) {
        self.0.clear();
    }
}
