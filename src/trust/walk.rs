#![expect(clippy::disallowed_methods, reason = "opening files is what this file does")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, getxattr, mkdirat, openat, readlinkat};
use rustix::io::Errno;

use super::accounts::Trusted;
use super::distrust::{Distrust, Seen, is_root};

/// As many as the kernel follows; see `path_resolution(7)`.
const MOST_LINKS: u32 = 40;
const ACCESS_LIST: &str = "system.posix_acl_access";

/// A file that was opened to be read.
#[derive(Debug)]
pub struct Opened {
    /// The file itself.
    pub file: File,
    /// Where it is, behind every link.
    pub path: PathBuf,
    /// Why root must not rely on what it says: the first reason on the way.
    pub doubt: Option<Distrust>,
}

/// Opens a file to read it. What is no file, a pipe say, is not waited for, and
/// is an error of the kind [`io::ErrorKind::InvalidInput`].
///
/// # Errors
/// When it is not there, is no file or may not be read.
pub fn open(path: &Path) -> io::Result<Opened> {
    let Reached { at, path, kind, doubt, .. } = walk(path, Missing::Refused)?;
    if kind != FileType::RegularFile {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    // The very file that was judged, whatever its name means by now.
    let file = File::open(descriptor_path(&at))?;
    Ok(Opened { file, path, doubt })
}

/// Why root must not rely on what a name leads to, be it a file or a folder.
///
/// # Errors
/// When it is not there.
pub fn doubt(path: &Path) -> io::Result<Option<Distrust>> {
    walk(path, Missing::Refused).map(|reached| reached.doubt)
}

/// The same of a folder that may still have to be made: of what is there of the
/// way to it.
///
/// # Errors
/// When nothing can be looked at.
pub fn doubt_to_be(path: &Path) -> io::Result<Option<Distrust>> {
    so_far(path).map(|reached| reached.doubt)
}

/// A link of somebody else on the way to a folder that may still have to be
/// made.
///
/// # Errors
/// When nothing can be looked at.
pub fn foreign_link(path: &Path) -> io::Result<Option<Distrust>> {
    so_far(path).map(|reached| reached.foreign_link)
}

fn so_far(path: &Path) -> io::Result<Reached> {
    let path = std::path::absolute(path)?;
    // A link that leads nowhere is there.
    let there = path.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    walk(there.unwrap_or(Path::new("/")), Missing::Refused)
}

/// What becomes of a folder that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Refused,
    Made,
}

/// Where a name has led.
pub(super) struct Reached {
    /// Opened for nothing but to be known.
    pub(super) at: OwnedFd,
    /// Behind every link.
    pub(super) path: PathBuf,
    pub(super) kind: FileType,
    /// The first reason on the way not to rely on it.
    pub(super) doubt: Option<Distrust>,
    /// The first link on the way that belongs to somebody else.
    pub(super) foreign_link: Option<Distrust>,
}

/// Goes to a file, name by name, from the root.
pub(super) fn walk(path: &Path, missing: Missing) -> io::Result<Reached> {
    walk_trusting(path, missing, &Trusted::now())
}

fn walk_trusting(path: &Path, missing: Missing, trusted: &Trusted) -> io::Result<Reached> {
    // Whoever is not root may be in a folder to which there is no way from the
    // top, and needs none.
    let (reached, path) = if path.is_absolute() || is_root() {
        (Reached::at("/", PathBuf::from("/"), trusted)?, std::path::absolute(path)?)
    } else {
        (Reached::at(".", std::env::current_dir()?, trusted)?, path.to_owned())
    };
    let mut walk = Walk { reached, ahead: Vec::new(), links: 0, missing, trusted };
    walk.push(&path);
    while let Some(name) = walk.ahead.pop() {
        walk.step(&name)?;
    }
    Ok(walk.reached)
}

struct Walk<'t> {
    reached: Reached,
    /// Names to come, the next one last.
    ahead: Vec<OsString>,
    links: u32,
    missing: Missing,
    trusted: &'t Trusted,
}

impl Reached {
    fn at(name: &str, path: PathBuf, trusted: &Trusted) -> io::Result<Self> {
        let at = openat(CWD, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let doubt = seen(&at)?.doubt(trusted, || path.clone());
        Ok(Self { at, path, kind: FileType::Directory, doubt, foreign_link: None })
    }
}

impl Walk<'_> {
    fn push(&mut self, path: &Path) {
        let names = path.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
        });
        self.ahead.extend(names.collect::<Vec<_>>().into_iter().rev());
    }

    fn step(&mut self, name: &OsStr) -> io::Result<()> {
        let at = self.enter(name)?;
        let seen = seen(&at)?;
        let path = if name == ".." { self.parent() } else { self.reached.path.join(name) };
        let doubt = seen.doubt(self.trusted, || path.clone());
        if seen.kind == FileType::Symlink {
            let foreign = self.reached.foreign_link.take().or_else(|| doubt.clone());
            self.reached.foreign_link = foreign;
        }
        let doubt = self.reached.doubt.take().or(doubt);
        if seen.kind == FileType::Symlink {
            self.reached.doubt = doubt;
            return self.follow(&at);
        }
        let foreign_link = self.reached.foreign_link.take();
        self.reached = Reached { at, path, kind: seen.kind, doubt, foreign_link };
        Ok(())
    }

    /// What the next name means. A folder is opened as one: else a file system
    /// that is mounted on demand would not be; see `open(2)`, `O_PATH`.
    fn enter(&self, name: &OsStr) -> io::Result<OwnedFd> {
        let (here, flags) = (&self.reached.at, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC);
        let folder = || openat(here, name, flags | OFlags::DIRECTORY, Mode::empty());
        match folder() {
            Err(Errno::NOTDIR | Errno::LOOP) => Ok(openat(here, name, flags, Mode::empty())?),
            Err(Errno::NOENT) if self.missing == Missing::Made => {
                match mkdirat(here, name, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => Ok(folder()?),
                    Err(error) => Err(error.into()),
                }
            }
            entered => Ok(entered?),
        }
    }

    fn parent(&self) -> PathBuf {
        self.reached.path.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned)
    }

    fn follow(&mut self, link: &OwnedFd) -> io::Result<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP.into());
        }
        let target = PathBuf::from(OsString::from_vec(readlinkat(link, "", Vec::new())?.into_bytes()));
        if target.is_absolute() {
            let (doubt, foreign_link) = (self.reached.doubt.take(), self.reached.foreign_link.take());
            self.reached = Reached { doubt, foreign_link, ..Reached::at("/", PathBuf::from("/"), self.trusted)? };
        }
        self.push(&target);
        Ok(())
    }
}

fn seen(at: &OwnedFd) -> io::Result<Seen> {
    let stat = fstat(at)?;
    let has_list =
        Seen::group_may_write(stat.st_mode) && getxattr(descriptor_path(at), ACCESS_LIST, &mut [0; 0]).is_ok();
    Ok(Seen {
        owner: stat.st_uid,
        group: stat.st_gid,
        mode: stat.st_mode,
        kind: FileType::from_raw_mode(stat.st_mode),
        has_list,
    })
}

/// By which the kernel leads to what a descriptor is of.
fn descriptor_path(at: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", at.as_raw_fd()))
}

#[cfg(test)]
mod tests;
