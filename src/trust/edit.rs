use std::fs::{File, OpenOptions};
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::folder::no_link;

/// A lock of the kernel on the file itself would be one that programs which
/// write there could take too, and never free.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A file to overwrite parts of: as long as this is held, nobody else in this
/// process edits any, so that what was read is still where it was read.
#[derive(Debug)]
pub struct Edited {
    file: File,
    _turn: MutexGuard<'static, ()>,
}

/// Opens a file that is there to overwrite parts of it. A link in its place is
/// not followed.
///
/// # Errors
/// When it is a link, or the file system says no.
pub fn edit(path: &Path) -> io::Result<Edited> {
    // What a panic has left is a file of which parts are overwritten.
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let file = OpenOptions::new().read(true).write(true).custom_flags(no_link(path)).open(path)?;
    Ok(Edited { file, _turn: turn })
}

impl Deref for Edited {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl DerefMut for Edited {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.file
    }
}
