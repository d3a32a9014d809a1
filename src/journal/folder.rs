use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::write::{FILE, KNOWN};
use super::{Lock, StateError};
use crate::names::RunId;
use crate::process::Known;
use crate::trust;

const HOST: &str = "runexp/host";

/// Where journals and locks are, private to one user of the host:
/// `$RUNEXP_STATE_DIR`; else for root `/var/lib/runexp`; else
/// `$XDG_STATE_HOME/runexp`, which is `~/.local/state/runexp`.
#[derive(Clone, Debug)]
pub struct StateFolder {
    path: PathBuf,
    host: String,
}

impl StateFolder {
    /// Finds it, or makes it.
    ///
    /// # Errors
    /// If there is no place for it, it cannot be made, or others may enter it.
    pub fn open() -> Result<Self, StateError> {
        Ok(Self { host: host(), ..Self::at(&place()?)? })
    }

    /// The same at a place of one's own, as if that were a host of its own.
    ///
    /// # Errors
    /// If it cannot be made, or others may enter it.
    pub fn at(path: &Path) -> Result<Self, StateError> {
        let path = std::path::absolute(path).map_err(StateError::io("find", path))?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(StateError::io("create", parent))?;
        }
        for folder in [path.clone(), path.join("runs"), path.join("locks")] {
            make_private(&folder)?;
        }
        // What its journals say is executed, by root as root.
        trust::rely_on(trust::doubt(&path).map_err(StateError::io("find", &path))?)?;
        let host = format!("{HOST} of {}", path.display());
        Ok(Self { path, host })
    }

    /// Where a run's journal is.
    pub fn journal(&self, run: &RunId) -> PathBuf {
        self.path.join("runs").join(run.as_str())
    }

    /// The runs that have a journal, oldest first: their ids begin with the time.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn runs(&self) -> Result<Vec<RunId>, StateError> {
        let path = self.path.join("runs");
        let entries = fs::read_dir(&path).map_err(StateError::io("read", &path))?;
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut runs: Vec<RunId> = names.filter_map(|name| RunId::new(name).ok()).collect();
        runs.sort();
        Ok(runs)
    }

    /// Refuses if an earlier run has left a journal. Whoever holds the host's
    /// lock meanwhile knows that none of them is alive.
    ///
    /// # Errors
    /// [`StateError::Dirty`], or if the folder cannot be read.
    pub fn is_clean(&self, _host: &Lock) -> Result<(), StateError> {
        let runs = self.runs()?;
        if runs.is_empty() { Ok(()) } else { Err(StateError::Dirty { runs }) }
    }

    /// Writes or replaces a file that is for later runs to find, whole or not
    /// at all; tells where it is.
    ///
    /// # Errors
    /// If the file system says no.
    pub fn keep(&self, name: &str, text: &str) -> Result<PathBuf, StateError> {
        let (path, draft) = (self.path.join(name), self.path.join(format!(".{name}.draft")));
        let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, &path));
        written.map_err(StateError::io("write", &path))?;
        Ok(path)
    }

    /// What an earlier run has [kept](Self::keep); `None` if none has.
    ///
    /// # Errors
    /// If the file system says no.
    pub fn kept(&self, name: &str) -> Result<Option<String>, StateError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io("read", &path)(error)),
        }
    }

    /// Keeps what is known of the processes of a run beside its journal, or if
    /// that is no news, that it was looked for; says whether there is a journal.
    ///
    /// # Errors
    /// If the file system says no.
    pub fn remember(&self, run: &RunId, known: &Known, is_new: bool) -> Result<bool, StateError> {
        let folder = self.journal(run);
        if !folder.is_dir() {
            return Ok(false);
        }
        let (path, draft) = (folder.join(KNOWN), folder.join(format!(".{KNOWN}.draft")));
        if !is_new {
            let file = File::options().write(true).open(&path);
            let looked = file.and_then(|file| file.set_modified(SystemTime::now()));
            return looked.map(|()| true).map_err(StateError::io("write", &path));
        }
        // Not synchronised: who reads it after the machine has gone down looks
        // for nobody.
        let written = serde_json::to_vec(known).map_err(io::Error::from).and_then(|text| fs::write(&draft, text));
        written.and_then(|()| fs::rename(&draft, &path)).map_err(StateError::io("write", &path))?;
        Ok(true)
    }

    /// What was [remembered](Self::remember) of a run, and how long ago it was
    /// last looked for; nothing if that cannot be read.
    pub fn remembered(&self, run: &RunId) -> (Known, Option<Duration>) {
        let path = self.journal(run).join(KNOWN);
        let known = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        // Where nobody has looked yet, the journal was last written then.
        let last = if known.is_some() { path } else { self.journal(run).join(FILE) };
        let looked = last.metadata().and_then(|metadata| metadata.modified()).ok();
        let age = looked.and_then(|looked| looked.elapsed().ok());
        (known.unwrap_or_default(), age)
    }

    /// The name of the host's lock: the same for every user and every folder.
    pub(super) fn host_name(&self) -> &str {
        &self.host
    }

    pub(super) fn lock_file(&self, name: &str) -> PathBuf {
        self.path.join("locks").join(format!("{name}.lock"))
    }
}

/// Tests run many at once, each on a host of its own; release builds know one.
fn host() -> String {
    let own = if cfg!(debug_assertions) { std::env::var("RUNEXP_HOST").ok() } else { None };
    own.map_or_else(|| HOST.to_owned(), |own| format!("{HOST} of {own}"))
}

fn place() -> Result<PathBuf, StateError> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = set("RUNEXP_STATE_DIR") {
        return Ok(own);
    }
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/runexp"));
    }
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    Ok(state.ok_or(StateError::Nowhere)?.join("runexp"))
}

/// Makes a folder that only its owner may enter. One that is there already
/// must be such a folder.
pub(super) fn make_private(path: &Path) -> Result<(), StateError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(StateError::Io { verb: "create", path: path.to_owned(), source: error });
        }
        Err(_) => {}
    }
    let metadata = path.symlink_metadata().map_err(StateError::io("read", path))?;
    let why = if !metadata.is_dir() {
        "it is no folder"
    } else if metadata.uid() != rustix::process::geteuid().as_raw() {
        "it belongs to somebody else"
    } else if metadata.mode() & 0o077 != 0 {
        "others may enter it"
    } else {
        return Ok(());
    };
    Err(StateError::NotPrivate { path: path.to_owned(), why })
}

/// A new name is on disk only when its folder is.
pub(super) fn sync(folder: &Path) -> Result<(), StateError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StateError::io("write", folder))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_kept_takes_the_place_of_what_was_kept_before() {
        let temporary = tempfile::tempdir().unwrap();
        let state = StateFolder::at(&temporary.path().join("state")).unwrap();
        let first = state.keep("x.json", "1").unwrap();
        assert_eq!(state.keep("x.json", "2").unwrap(), first);
        assert_eq!(fs::read_to_string(first).unwrap(), "2");
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused_and_one_of_ours_is_private() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("deep/state");
        StateFolder::at(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
        StateFolder::at(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        let refused = StateFolder::at(&path).unwrap_err();
        assert_eq!(
            refused.to_string().replace(path.to_str().unwrap(), "STATE"),
            "`STATE` is not private to this user (others may enter it); what an undo journal says is executed"
        );
        let link = temporary.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(StateFolder::at(&link).unwrap_err().to_string().contains("(it is no folder)"));
    }
}
