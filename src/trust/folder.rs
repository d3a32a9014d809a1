use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::distrust::{is_root, rely_on};
use super::walk::{Missing, Reached, walk};

const OWN_FILES: &str = "/proc/self/fd";

/// A folder that stays the same whatever becomes of its name. Its files are
/// opened in it, and a link in the place of one is not followed.
#[derive(Clone, Debug)]
pub struct Folder {
    at: Arc<OwnedFd>,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder that is there. Root follows no link of somebody else on
    /// the way to where it writes.
    ///
    /// # Errors
    /// When it is not there, is no folder, or a link of somebody else leads to
    /// it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::of(walk(path, Missing::Refused)?)
    }

    /// The same, made with every folder on the way that is not there.
    ///
    /// # Errors
    /// As for [`Self::open`], or if one cannot be made.
    pub fn make(path: &Path) -> io::Result<Self> {
        Self::of(walk(path, Missing::Made)?)
    }

    fn of(reached: Reached) -> io::Result<Self> {
        rely_on(reached.foreign_link).map_err(io::Error::other)?;
        if reached.kind != FileType::Directory {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { at: Arc::new(reached.at), path: reached.path })
    }

    /// Where it was, behind every link.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder itself, to be locked.
    ///
    /// # Errors
    /// When it may not be read.
    pub fn file(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(File::from(openat(&*self.at, ".", flags, Mode::empty())?))
    }

    /// A folder in it, made if it is not there.
    ///
    /// # Errors
    /// When a link or a file stands there, or the file system says no.
    pub fn folder(&self, name: &str) -> io::Result<Self> {
        match self.make_new(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.enter(name),
            made => made,
        }
    }

    /// A new folder in it.
    ///
    /// # Errors
    /// When there is something of that name, or the file system says no.
    pub fn make_new(&self, name: &str) -> io::Result<Self> {
        mkdirat(&*self.at, name, Mode::from_raw_mode(0o777))?;
        self.enter(name)
    }

    fn enter(&self, name: &str) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self { at: Arc::new(openat(&*self.at, name, flags, Mode::empty())?), path: self.path.join(name) })
    }

    /// Opens a file to read it and append to it, or makes it.
    ///
    /// # Errors
    /// When it is a link, or the file system says no.
    pub fn append(&self, name: &str) -> io::Result<File> {
        self.open_file(OsStr::new(name), OFlags::RDWR | OFlags::APPEND | OFlags::CREATE)
    }

    /// Writes or replaces a file, whole or not at all.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn replace(&self, name: &OsStr, text: &str) -> io::Result<()> {
        let mut draft = OsString::from(".");
        draft.extend([name, OsStr::new(".draft")]);
        // One that was left half-done, or that somebody has put there.
        match unlinkat(&*self.at, &draft, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let mut file = self.open_file(&draft, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(renameat(&*self.at, &draft, &*self.at, name)?)
    }

    fn open_file(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let mode = Mode::from_raw_mode(0o666);
        Ok(File::from(openat(&*self.at, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode)?))
    }
}

/// Opens a file to append to it and read it, or makes it. A link in its place is
/// not followed.
///
/// # Errors
/// When it is a link, or the file system says no.
pub fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).read(true).append(true).custom_flags(no_link(path)).open(path)
}

/// Flags by which no link is followed, but for the kernel's own to what this
/// process has open.
pub(super) fn no_link(path: &Path) -> i32 {
    if path.starts_with(OWN_FILES) { 0 } else { OFlags::NOFOLLOW.bits().cast_signed() }
}

/// Writes or replaces a file, whole or not at all, where the person says. What
/// is there and is no file, `/dev/stdout` say, is written to.
///
/// # Errors
/// When the file system says no, or root would follow a link of somebody else.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let is_link_of_others = || walk(path, Missing::Refused).is_ok_and(|reached| reached.foreign_link.is_some());
    if path.metadata().is_ok_and(|found| !found.is_file()) && !(is_root() && is_link_of_others()) {
        return OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    Folder::open(&Path::new(".").join(path).with_file_name(""))?.replace(name, text)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "writes files to be found")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::edit;
    use super::*;

    #[test]
    fn a_folder_that_is_swapped_stays_the_same() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        fs::create_dir(path("elsewhere")).unwrap();
        let folder = Folder::make(&path("results/run")).unwrap();
        fs::rename(path("results"), path("moved")).unwrap();
        symlink(path("elsewhere"), path("results")).unwrap();
        folder.replace(OsStr::new("report.md"), "text").unwrap();
        folder.append("records").unwrap().write_all(b"line\n").unwrap();
        folder.make_new("logs").unwrap().append("log").unwrap();
        assert_eq!(fs::read_dir(path("elsewhere")).unwrap().count(), 0);
        assert_eq!(fs::read_to_string(path("moved/run/report.md")).unwrap(), "text");
        assert_eq!(fs::read_to_string(path("moved/run/records")).unwrap(), "line\n");
        assert!(path("moved/run/logs/log").is_file());
    }

    #[test]
    fn a_link_in_the_place_of_a_file_or_folder_is_not_followed() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        fs::create_dir(path("run")).unwrap();
        fs::write(path("precious"), "precious").unwrap();
        for name in ["run/.report.md.draft", "run/report.md", "run/records"] {
            symlink(path("precious"), path(name)).unwrap();
        }
        symlink(temporary.path(), path("run/logs")).unwrap();
        let folder = Folder::open(&path("run")).unwrap();
        folder.replace(OsStr::new("report.md"), "text").unwrap();
        assert!(folder.append("records").is_err() && append(&path("run/records")).is_err());
        assert!(folder.folder("logs").is_err() && folder.make_new("logs").is_err());
        assert!(edit(&path("run/records")).is_err());
        drop(edit(&path("run/report.md")).unwrap());
        replace(&path("run/records"), "text").unwrap();
        assert_eq!(fs::read_to_string(path("precious")).unwrap(), "precious");
        let written = ["run/report.md", "run/records"].map(|name| fs::read_to_string(path(name)).unwrap());
        assert_eq!(written, ["text", "text"]);
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        replace(Path::new("/dev/null"), "text").unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
        assert!(replace(Path::new("/dev/full"), "text").is_err());
    }
}
