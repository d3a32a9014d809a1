use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{LOGS, RunDirectory};
use crate::clock::{Paced, Turn};
use crate::text::{HIDDEN, Redaction};
use crate::trust;

/// How long a secret may stand in a log.
const PAUSE: Duration = Duration::from_millis(50);
/// What is looked at in one piece.
const PIECE: u64 = 1024 * 1024;
/// How much of a secret may stand at the end of a piece without being known.
const OVERLAP: u64 = 7;

/// Overwrites secrets in the logs of a run while it goes on.
///
/// Servers and commands write their logs themselves, so that nobody has to keep
/// up with them. What they write of a secret is overwritten where it stands,
/// byte by byte: nobody who reads or appends meanwhile finds anything moved.
#[derive(Debug)]
pub struct LogRedactor {
    /// None if there is nothing to hide.
    #[expect(dead_code, reason = "it works until it is dropped")]
    looking: Option<Paced>,
}

impl LogRedactor {
    /// Starts it, unless there is nothing to hide. It looks once more when it is
    /// dropped, after everybody who writes has ended.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn start(directory: &RunDirectory) -> io::Result<Self> {
        if directory.redaction().is_empty() {
            return Ok(Self { looking: None });
        }
        let mut logs = Logs::of(directory.path(), Arc::clone(directory.redaction()));
        let looking = Paced::start("log-redactor", PAUSE, move |turn| logs.look(turn))?;
        Ok(Self { looking: Some(looking) })
    }
}

/// Overwrites the secrets in the logs of a run that is over.
pub fn redact_logs(directory: &Path, redaction: &Arc<Redaction>) {
    if !redaction.is_empty() {
        Logs::of(directory, Arc::clone(redaction)).look(Turn::Last);
    }
}

struct Logs {
    folder: PathBuf,
    redaction: Arc<Redaction>,
    /// How far each has been looked at.
    seen: HashMap<PathBuf, u64>,
}

impl Logs {
    fn of(directory: &Path, redaction: Arc<Redaction>) -> Self {
        Self { folder: directory.join(LOGS), redaction, seen: HashMap::new() }
    }

    fn look(&mut self, turn: Turn) {
        for path in fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let mut seen = self.seen.get(&path).copied().unwrap_or_default();
            // A log that cannot be read by now is looked at again.
            let _ = self.look_at(&path, &mut seen, turn);
            self.seen.insert(path, seen);
        }
    }

    fn look_at(&self, path: &Path, seen: &mut u64, turn: Turn) -> io::Result<()> {
        if turn == Turn::Last {
            // It may have been cut and have grown again.
            *seen = 0;
        }
        if path.symlink_metadata()?.len() == *seen {
            return Ok(());
        }
        // Nobody cuts it meanwhile.
        let mut file = trust::edit(path)?;
        let length = file.metadata()?.len();
        if length < *seen {
            *seen = 0;
        }
        while *seen < length {
            let mut piece = Vec::new();
            file.seek(SeekFrom::Start(*seen))?;
            (&*file).take(PIECE).read_to_end(&mut piece)?;
            let end = *seen + piece.len() as u64;
            let next = self.overwrite(&mut file, *seen, &piece, turn)?;
            if next == *seen || piece.is_empty() {
                break;
            }
            *seen = next;
            if end >= length {
                break;
            }
        }
        Ok(())
    }

    /// Overwrites what is secret in a piece; where to look next. A secret at the
    /// very end may go on.
    fn overwrite(&self, file: &mut File, at: u64, piece: &[u8], turn: Turn) -> io::Result<u64> {
        let end = at + piece.len() as u64;
        for found in self.redaction.find(piece) {
            let start = at + found.start as u64;
            if found.end == piece.len() && found.start > 0 && turn == Turn::Regular {
                return Ok(start);
            }
            file.seek(SeekFrom::Start(start))?;
            file.write_all(&stars(found.len()))?;
        }
        Ok(end.saturating_sub(OVERLAP).max(at))
    }
}

/// So many bytes that say that something was here.
fn stars(length: usize) -> Vec<u8> {
    let mut stars = vec![b'*'; length];
    if let Some(start) = stars.get_mut(..HIDDEN.len()) {
        start.copy_from_slice(HIDDEN.as_bytes());
    }
    stars
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    const SECRET: &str = "s3cr3t-7f3a-key";

    fn logs(folder: &Path) -> Logs {
        fs::create_dir_all(folder.join(LOGS)).unwrap();
        Logs::of(folder, Arc::new(Redaction::new([SECRET.to_owned()])))
    }

    fn append(path: &Path, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_secret_is_overwritten_where_it_stands_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = logs(folder.path());
        let path = folder.path().join(LOGS).join("001-x.log");
        let read = || fs::read_to_string(&path).unwrap();
        append(&path, &format!("key {SECRET} taken\nkey s3cr3t-7f3"));
        logs.look(Turn::Regular);
        assert_eq!(read(), "key [hidden]******* taken\nkey s3cr3t-7f3");
        append(&path, "a-key again\n");
        logs.look(Turn::Regular);
        assert_eq!(read(), "key [hidden]******* taken\nkey [hidden]******* again\n");
        append(&path, "the start of one: s3cr3t-7f");
        logs.look(Turn::Last);
        assert!(read().ends_with("the start of one: [hidden]*"));
    }

    #[test]
    fn a_secret_across_two_pieces_and_in_a_log_that_was_cut_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = logs(folder.path());
        let path = folder.path().join(LOGS).join("001-x.log");
        for before in 0..SECRET.len() {
            let noise = "x".repeat(usize::try_from(PIECE).unwrap() - before);
            fs::write(&path, format!("{noise}{SECRET}\n")).unwrap();
            logs.seen.clear();
            logs.look(Turn::Regular);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.ends_with("x[hidden]*******\n"), "{before}: {:?}", &text[text.len() - 30..]);
        }
        fs::write(&path, SECRET).unwrap();
        logs.look(Turn::Last);
        assert_eq!(fs::read_to_string(&path).unwrap(), "[hidden]*******");
    }
}
