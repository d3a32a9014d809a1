use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Paced;
use crate::trust;

/// What a server or one command may have in its log.
const MOST: u64 = 8 * 1024 * 1024;
/// What is kept of the start, and of the end, of one that has more.
const KEPT: u64 = 2 * 1024 * 1024;
const PAUSE: Duration = Duration::from_millis(100);
/// How often, before a cut, what was written since is moved too: each time it is
/// less.
const CATCH_UP: u32 = 4;

/// Takes the middle out of what one writer has in a log. The writer appends, so
/// it is never blocked by its own chatter and notices nothing; what it writes
/// in the instant of the cut, some microseconds, is lost too.
#[derive(Debug)]
pub(super) struct Cutter {
    path: PathBuf,
    /// Where its own output begins.
    from: u64,
    /// Where the start that is kept ends, once there was a cut.
    head: Option<u64>,
    /// Bytes cut out so far, and how long the line is that says so.
    lost: u64,
    note: u64,
}

impl Cutter {
    /// For what is written to a log from `from` on.
    pub(super) fn new(path: &Path, from: u64) -> Self {
        Self { path: path.to_owned(), from, head: None, lost: 0, note: 0 }
    }

    /// Cuts, if there is more than 8 MiB. The end is moved to where it will be
    /// before the rest is cut off.
    pub(super) fn cut(&mut self) -> io::Result<()> {
        if self.path.metadata()?.len().saturating_sub(self.from) <= MOST {
            return Ok(());
        }
        // Not to append: every byte has its place.
        let log = trust::edit(&self.path)?;
        let head = match self.head {
            Some(head) => head,
            None => self.from + whole_lines(&read(&log, self.from, KEPT)?),
        };
        let mut end = log.metadata()?.len();
        let tail = read(&log, end - KEPT, KEPT)?;
        let tail = &tail[memchr::memchr(b'\n', &tail).map_or(0, |at| at + 1)..];
        self.lost += (end - head).saturating_sub(self.note + tail.len() as u64);
        let note = format!("[runexp: {} bytes of this log were cut out here]\n", self.lost);
        log.write_all_at(&[note.as_bytes(), tail].concat(), head)?;
        let mut length = head + (note.len() + tail.len()) as u64;
        for _ in 0..CATCH_UP {
            let now = log.metadata()?.len();
            let more = read(&log, end, now - end)?;
            log.write_all_at(&more, length)?;
            (end, length) = (now, length + more.len() as u64);
        }
        (self.head, self.note) = (Some(head), note.len() as u64);
        log.set_len(length)
    }
}

/// How many of these bytes are whole lines; all, if there is no line.
fn whole_lines(bytes: &[u8]) -> u64 {
    memchr::memrchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1) as u64
}

/// Without a position, which a writer may share.
fn read(log: &File, from: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(most).unwrap_or_default()];
    log.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}

/// Keeps a server's log bounded, from now until it is dropped.
#[derive(Debug)]
pub struct BoundedLog {
    #[expect(dead_code, reason = "it works until it is dropped")]
    cutting: Paced,
}

impl BoundedLog {
    /// Of what is written to it from `from` on, the start and the end are kept,
    /// and how much is missing between them is said there.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn watch(path: &Path, from: u64) -> io::Result<Self> {
        let mut cutter = Cutter::new(path, from);
        // On a full disk it stays as it is.
        let cutting = Paced::start("bounded-log", PAUSE, move |_| drop(cutter.cut()))?;
        Ok(Self { cutting })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use super::super::log::read_from;
    use super::*;

    #[test]
    fn of_a_long_log_the_start_and_the_end_are_kept_and_the_cut_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut writer = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        writer.write_all(b"before\n").unwrap();
        let (mut cutter, mut written) = (Cutter::new(&path, 7), 0_u64);
        for number in 0..3_000_000_u32 {
            let line = format!("line {number}\n");
            written += line.len() as u64;
            writer.write_all(line.as_bytes()).unwrap();
            if number % 100_000 == 0 {
                cutter.cut().unwrap();
            }
        }
        cutter.cut().unwrap();
        let text = String::from_utf8(read_from(&path, 0, u64::MAX).unwrap()).unwrap();
        assert!(text.len() as u64 <= MOST + 7, "{}", text.len());
        assert!(text.starts_with("before\nline 0\nline 1\n"));
        assert!(text.ends_with("line 2999998\nline 2999999\n"));
        let notes: Vec<&str> = text.lines().filter(|line| line.starts_with("[runexp: ")).collect();
        let missing = 7 + written + notes[0].len() as u64 + 1 - text.len() as u64;
        assert_eq!(notes, [format!("[runexp: {missing} bytes of this log were cut out here]")]);
    }

    #[test]
    fn a_log_of_one_endless_line_is_bounded_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut writer = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        writer.write_all(&vec![b'x'; 9 * 1024 * 1024]).unwrap();
        Cutter::new(&path, 0).cut().unwrap();
        assert!(path.metadata().unwrap().len() < 2 * KEPT + 100);
    }
}
