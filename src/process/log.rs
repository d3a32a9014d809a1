use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::text::bounded_line;
use crate::trust;

/// The most that is looked at for the last lines.
const WINDOW: u64 = 64 * 1024;
const LINE_LENGTH: usize = 300;

/// The last lines of a log, fit to be shown: without control characters, each
/// of at most 300 characters. Displays as an indented block after a colon, or
/// as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail(pub Vec<String>);

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("; its log is empty");
        }
        f.write_str("; the last lines of its log:")?;
        self.0.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

/// Opens a log for appending and tells how long it is.
///
/// # Errors
/// If it cannot be made or opened.
pub fn append_to(path: &Path) -> io::Result<(File, u64)> {
    let file = trust::append(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// What a log holds from `offset` on, at most `most` bytes of it.
///
/// # Errors
/// If it cannot be read.
pub fn read_from(path: &Path, offset: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut file = OpenOptions::new().read(true).open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last lines of a log that were written after `offset`. A log that cannot
/// be read has none: this serves messages about something worse.
pub fn tail(path: &Path, offset: u64, lines: usize) -> Tail {
    let length = path.metadata().map_or(0, |metadata| metadata.len());
    let start = offset.max(length.saturating_sub(WINDOW));
    let bytes = read_from(path, start, WINDOW).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<String> =
        text.lines().map(|line| bounded_line(line, LINE_LENGTH)).filter(|line| !line.is_empty()).collect();
    Tail(all[all.len().saturating_sub(lines)..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_bounded_and_free_of_control_characters() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let noise = "x".repeat(200_000);
        OpenOptions::new().create(true).append(true).open(&path).unwrap();
        let mut file = append_to(&path).unwrap().0;
        io::Write::write_all(&mut file, format!("{noise}\n\x1b[31mred\x1b[0m\n\nend\u{7}").as_bytes()).unwrap();
        assert_eq!(tail(&path, 0, 2), Tail(vec!["[31mred[0m".to_owned(), "end".to_owned()]));
        assert_eq!(tail(&path, 0, 3).0[0].len(), LINE_LENGTH);
        assert_eq!(tail(&path, 1_000_000, 3), Tail::default());
    }
}
