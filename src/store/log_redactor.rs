use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{LOGS, RunDirectory};
use crate::text::{HIDDEN, Redaction};

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
    /// Dropped at the end, which the thread notices.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LogRedactor {
    /// Starts it, unless there is nothing to hide.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn start(directory: &RunDirectory) -> io::Result<Self> {
        if directory.redaction().is_empty() {
            return Ok(Self { stop: None, thread: None });
        }
        let mut logs = Logs::of(directory.path(), Arc::clone(directory.redaction()));
        let (stop, stopped) = mpsc::channel::<()>();
        let work = move || {
            while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                logs.look(Look::AtWork);
            }
            logs.look(Look::Last);
        };
        let thread = std::thread::Builder::new().name("log-redactor".to_owned()).spawn(work)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

/// Looks once more, when everybody who writes has ended.
impl Drop for LogRedactor {
    fn drop(&mut self) {
        drop(self.stop.take());
        // It has nothing to say.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Overwrites the secrets in the logs of a run that is over.
pub fn redact_logs(directory: &Path, redaction: &Arc<Redaction>) {
    if !redaction.is_empty() {
        Logs::of(directory, Arc::clone(redaction)).look(Look::Last);
    }
}

/// Whether somebody may be in the midst of a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    AtWork,
    Last,
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

    fn look(&mut self, look: Look) {
        for path in fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let mut seen = self.seen.get(&path).copied().unwrap_or_default();
            // A log that cannot be read by now is looked at again.
            let _ = self.look_at(&path, &mut seen, look);
            self.seen.insert(path, seen);
        }
    }

    fn look_at(&self, path: &Path, seen: &mut u64, look: Look) -> io::Result<()> {
        let length = path.symlink_metadata()?.len();
        if length < *seen || look == Look::Last {
            // It was cut, or it may have been and has grown again.
            *seen = 0;
        }
        let mut file: Option<File> = None;
        while *seen < length {
            let file = match &mut file {
                Some(file) => file,
                none => none.insert(OpenOptions::new().read(true).write(true).open(path)?),
            };
            let mut piece = Vec::new();
            file.seek(SeekFrom::Start(*seen))?;
            (&*file).take(PIECE).read_to_end(&mut piece)?;
            let end = *seen + piece.len() as u64;
            let next = self.overwrite(file, *seen, &piece, look)?;
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
    fn overwrite(&self, file: &mut File, at: u64, piece: &[u8], look: Look) -> io::Result<u64> {
        let end = at + piece.len() as u64;
        for found in self.redaction.find(piece) {
            let start = at + found.start as u64;
            if found.end == piece.len() && found.start > 0 && look == Look::AtWork {
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
        logs.look(Look::AtWork);
        assert_eq!(read(), "key [hidden]******* taken\nkey s3cr3t-7f3");
        append(&path, "a-key again\n");
        logs.look(Look::AtWork);
        assert_eq!(read(), "key [hidden]******* taken\nkey [hidden]******* again\n");
        append(&path, "the start of one: s3cr3t-7f");
        logs.look(Look::Last);
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
            logs.look(Look::AtWork);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.ends_with("x[hidden]*******\n"), "{before}: {:?}", &text[text.len() - 30..]);
        }
        fs::write(&path, SECRET).unwrap();
        logs.look(Look::Last);
        assert_eq!(fs::read_to_string(&path).unwrap(), "[hidden]*******");
    }
}
