use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::DoctorError;
use crate::clock::Clock;

/// `sun_path` holds 108 bytes (unix(7)), and a daemon puts names like
/// `/pipe/control_privileged` behind the folder.
const LONGEST: usize = 75;

/// A folder that only we may enter. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn make() -> Result<Self, DoctorError> {
        let name = format!("runexp-doctor-{}-{}", std::process::id(), Clock::start().started().timestamp_micros());
        let usual = std::env::temp_dir().join(&name);
        let path = if usual.as_os_str().len() <= LONGEST { usual } else { Path::new("/tmp").join(&name) };
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(DoctorError::Scratch { path, source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure here.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
