#![expect(clippy::disallowed_methods, reason = "reads who has called sudo")]

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

const ROOT: u32 = 0;
const GROUP_MAY_WRITE: u32 = 0o020;
const OTHERS_MAY_WRITE: u32 = 0o002;
/// In such a folder only its owner takes a file away; see `inode(7)`.
const STICKY: u32 = 0o1000;

/// A file that root must not execute.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// Its owner may change it.
    #[error("root would execute what `{path}` says, and it belongs to user {owner}", path = path.display())]
    Owner {
        /// The file, or its folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// Others may change it.
    #[error("root would execute what `{path}` says, and others may write there (mode {mode:o})", path = path.display())]
    Writable {
        /// The file, or its folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Nobody can tell.
    #[error("failed to look at `{path}`: {source}", path = path.display())]
    Unknown {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Distrust {
    /// What a person can do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Owner { path, .. } => {
                Some(format!("chown root {}, or call it by `sudo` as that user", path.display()))
            }
            Self::Writable { path, .. } => Some(format!("chmod go-w {}", path.display())),
            Self::Unknown { .. } => None,
        }
    }
}

/// Whom root trusts with its scenarios: itself, and who has called `sudo`
/// (`SUDO_UID`, sudo(8)), since that user may do everything anyway.
pub fn trusted_users() -> Vec<u32> {
    let caller = std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse().ok());
    [Some(ROOT), caller].into_iter().flatten().collect()
}

/// Refuses files that somebody else could change: each file and its folder must
/// belong to one of `trusted`, and neither their group (but that of root) nor
/// others may write to them; a sticky folder, `/tmp` say, may be anybody's.
/// Folders further up are not looked at.
///
/// sshd(8) asks the same of its files (`StrictModes`), and sudo and cron of
/// theirs.
///
/// # Errors
/// The first that is found, or if one cannot be looked at.
pub fn trust(files: &[PathBuf], trusted: &[u32]) -> Result<(), Distrust> {
    for file in files {
        let unknown = |source| Distrust::Unknown { path: file.clone(), source };
        let path = file.canonicalize().map_err(unknown)?;
        trust_one(&path, trusted)?;
        path.parent().map_or(Ok(()), |folder| trust_one(folder, trusted))?;
    }
    Ok(())
}

fn trust_one(path: &Path, trusted: &[u32]) -> Result<(), Distrust> {
    let unknown = |source| Distrust::Unknown { path: path.to_owned(), source };
    let metadata = path.symlink_metadata().map_err(unknown)?;
    let (mode, owner) = (metadata.mode(), metadata.uid());
    if metadata.is_dir() && mode & STICKY != 0 {
        return Ok(());
    }
    if !trusted.contains(&owner) {
        return Err(Distrust::Owner { path: path.to_owned(), owner });
    }
    let group = if metadata.gid() == ROOT { 0 } else { GROUP_MAY_WRITE };
    if mode & (group | OTHERS_MAY_WRITE) == 0 {
        return Ok(());
    }
    Err(Distrust::Writable { path: path.to_owned(), mode: mode & 0o7777 })
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// What is said of a file with these modes of it and its folder, by
    /// somebody who trusts its owner or not.
    fn said(file_mode: u32, folder_mode: u32, is_trusted: bool) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.toml");
        std::fs::write(&file, "").unwrap();
        let owner = file.metadata().unwrap().uid();
        let trusted = if is_trusted { owner } else { owner + 1 };
        set_permissions(&file, Permissions::from_mode(file_mode)).unwrap();
        set_permissions(folder.path(), Permissions::from_mode(folder_mode)).unwrap();
        let said = trust(std::slice::from_ref(&file), &[trusted])
            .map_or_else(|error| error.to_string(), |()| "fine".to_owned());
        let own = folder.path().canonicalize().unwrap();
        said.replace(own.to_str().unwrap(), "FOLDER").replace(&format!("user {owner}"), "user OWNER")
    }

    #[test]
    fn what_others_may_change_is_refused_and_a_sticky_folder_is_not() {
        assert_eq!([said(0o644, 0o755, true), said(0o600, 0o1777, true)], ["fine", "fine"]);
        let refused =
            [said(0o646, 0o755, true), said(0o644, 0o757, true), said(0o644, 0o755, false), said(0o644, 0o1777, false)];
        insta::assert_snapshot!(refused.join("\n"), @r"
        root would execute what `FOLDER/x.toml` says, and others may write there (mode 646)
        root would execute what `FOLDER` says, and others may write there (mode 757)
        root would execute what `FOLDER/x.toml` says, and it belongs to user OWNER
        root would execute what `FOLDER/x.toml` says, and it belongs to user OWNER
        ");
    }

    #[test]
    fn only_the_group_of_root_may_write() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.toml");
        std::fs::write(&file, "").unwrap();
        set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        let metadata = file.metadata().unwrap();
        let is_fine = trust(&[file], &[metadata.uid()]).is_ok();
        assert_eq!(is_fine, metadata.gid() == ROOT);
    }
}
