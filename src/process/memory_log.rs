#![expect(clippy::disallowed_methods, reason = "tries whether a log can be written")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, memfd_create};

use super::log::{append_to, read_from};

/// A log in memory, for a command that must run even where no file can be
/// made: the disk may be full, the folder gone.
#[derive(Debug)]
pub struct MemoryLog {
    path: PathBuf,
    _file: File,
}

impl MemoryLog {
    /// An empty one; see `memfd_create(2)`.
    ///
    /// # Errors
    /// If this process may open no more files.
    pub fn new() -> io::Result<Self> {
        let file = File::from(memfd_create("runexp-log", MemfdFlags::CLOEXEC)?);
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        Ok(Self { path, _file: file })
    }

    /// One in place of a file that cannot be written; `None` if it can be, or if
    /// this process may open no more files.
    pub fn instead_of(file: &Path) -> Option<Self> {
        let is_new = !file.exists();
        match append_to(file) {
            Ok(_) => {
                if is_new {
                    // What says nothing needs no log.
                    let _ = std::fs::remove_file(file);
                }
                None
            }
            Err(_) => Self::new().ok(),
        }
    }

    /// Where this process finds it, and nobody else.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was written into it, at most `most` bytes of it.
    ///
    /// # Errors
    /// If this process may open no more files.
    pub fn read(&self, most: u64) -> io::Result<Vec<u8>> {
        read_from(&self.path, 0, most)
    }
}
