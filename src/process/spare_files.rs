#![expect(clippy::disallowed_methods, reason = "opens files to be closed again")]

use std::fs::File;
use std::io;

/// What a command, its log and a look into `/proc` take together.
const COUNT: usize = 16;

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
        (0..COUNT).map(|_| File::open("/dev/null")).collect::<io::Result<Vec<_>>>().map(|_| ())
    }

    /// Gives them up, for others to be opened.
    pub fn release(&mut self) {
        self.0.clear();
    }
}
