use std::io::Write as _;
use std::path::PathBuf;

use crate::process::{MemoryLog, append_to};

/// As much as a command may leave in a log.
const MOST: u64 = 8 * 1024 * 1024;

/// Where the output of undo commands is kept: in the first of some files that
/// takes it. An undo needs none of them: its output goes to memory first.
#[derive(Clone, Debug)]
pub struct UndoLog(Vec<PathBuf>);

impl UndoLog {
    /// In the first of these that can be written, else nowhere.
    pub fn first_of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(files.into_iter().collect())
    }

    /// The file that is wanted most.
    pub(super) fn first(&self) -> Option<&PathBuf> {
        self.0.first()
    }

    pub(super) fn keep(&self, output: &MemoryLog) {
        let Ok(bytes) = output.read(MOST) else { return };
        if !bytes.is_empty() {
            let _ =
                self.0.iter().find(|file| append_to(file).is_ok_and(|(mut file, _)| file.write_all(&bytes).is_ok()));
        }
    }
}

impl<P: Into<PathBuf>> From<P> for UndoLog {
    fn from(file: P) -> Self {
        Self(vec![file.into()])
    }
}
