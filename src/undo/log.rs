use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::process::{MemoryLog, append_to};
use crate::text::Redaction;

/// As much as a command may leave in a log.
const MOST: u64 = 8 * 1024 * 1024;

/// Where the output of undo commands is kept: in the first of some files that
/// takes it. An undo needs none of them: its output goes to memory first.
#[derive(Clone, Debug)]
pub struct UndoLog {
    files: Vec<PathBuf>,
    redaction: Arc<Redaction>,
}

impl UndoLog {
    /// In the first of these that can be written, else nowhere.
    pub fn first_of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files: files.into_iter().collect(), redaction: Arc::default() }
    }

    /// The same, and nothing in it holds these secrets.
    pub fn hiding(self, redaction: &Arc<Redaction>) -> Self {
        Self { redaction: Arc::clone(redaction), ..self }
    }

    /// The file that is wanted most.
    pub(super) fn first(&self) -> Option<&PathBuf> {
        self.files.first()
    }

    pub(super) fn keep(&self, output: &MemoryLog) {
        let Ok(bytes) = output.read(MOST) else { return };
        let bytes = if self.redaction.find(&bytes).is_empty() {
            bytes
        } else {
            self.redaction.hide(&String::from_utf8_lossy(&bytes)).into_owned().into_bytes()
        };
        if !bytes.is_empty() {
            let _ = self
                .files
                .iter()
                .find(|file| append_to(file).is_ok_and(|(mut file, _)| file.write_all(&bytes).is_ok()));
        }
    }
}

impl<P: Into<PathBuf>> From<P> for UndoLog {
    fn from(file: P) -> Self {
        Self::first_of([file.into()])
    }
}
