use std::path::PathBuf;

use rustix::fs::FileType;

use super::accounts::Trusted;

const GROUP_MAY_WRITE: u32 = 0o020;
const OTHERS_MAY_WRITE: u32 = 0o002;
/// In such a folder only the owner of a file takes it away, or that of the
/// folder; see `inode(7)`.
const STICKY: u32 = 0o1000;

/// What root must not rely on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Distrust {
    /// Its owner may change it.
    #[error("root would rely on `{path}`, which belongs to user {owner}", path = path.display())]
    Owner {
        /// The file, a folder or a link on the way to it.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// Others may change it.
    #[error("root would rely on `{path}`, which others may change (owner {owner}, mode {mode:o})", path = path.display())]
    Writable {
        /// The file, or a folder on the way to it.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Its permissions.
        mode: u32,
    },
    /// An access control list may let others change it.
    #[error("root would rely on `{path}`, which an access control list may let others change", path = path.display())]
    Listed {
        /// The file, or a folder on the way to it.
        path: PathBuf,
    },
}

impl Distrust {
    /// What a person can do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Owner { path, owner } => format!(
                "chown root {}, move it to where root owns every folder, or, if that user may do what root may, say so: \
                 SUDO_UID={owner}, as `sudo` does",
                path.display()
            ),
            Self::Writable { path, .. } => format!("chmod go-w {}", path.display()),
            Self::Listed { path } => format!("setfacl -b {}", path.display()),
        }
    }
}

/// Refuses, as root, to rely on what there is a doubt about. Whoever is not root
/// does what that user may do anyway.
///
/// # Errors
/// The doubt.
pub fn rely_on(doubt: Option<Distrust>) -> Result<(), Distrust> {
    doubt.filter(|_| is_root()).map_or(Ok(()), Err)
}

/// Whether we are root: whom others may make do what they may not do themselves.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What a descriptor says of the file that it is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) owner: u32,
    pub(super) group: u32,
    pub(super) mode: u32,
    pub(super) kind: FileType,
    /// Looked at only where the group may write: no list allows more than that.
    pub(super) has_list: bool,
}

impl Seen {
    pub(super) const fn group_may_write(mode: u32) -> bool {
        mode & GROUP_MAY_WRITE != 0
    }

    /// Why somebody else could change it: it must belong to one of the trusted,
    /// and neither its group, unless that is theirs, nor others may write to it.
    /// In a sticky folder, `/tmp` say, others may: what is below is judged too.
    ///
    /// sshd(8) asks the same of its files (`StrictModes`), and sudo and cron of
    /// theirs.
    pub(super) fn doubt(self, trusted: &Trusted, path: impl FnOnce() -> PathBuf) -> Option<Distrust> {
        let Self { owner, group, mode, kind, has_list } = self;
        if !trusted.users.contains(&owner) {
            return Some(Distrust::Owner { path: path(), owner });
        }
        // A link has no permissions of its own.
        if kind == FileType::Symlink || kind == FileType::Directory && mode & STICKY != 0 {
            return None;
        }
        let others = if trusted.groups.contains(&group) { 0 } else { GROUP_MAY_WRITE } | OTHERS_MAY_WRITE;
        match (mode & others, Self::group_may_write(mode) && has_list) {
            (0, false) => None,
            (0, true) => Some(Distrust::Listed { path: path() }),
            _ => Some(Distrust::Writable { path: path(), owner, mode: mode & 0o7777 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What root, called through sudo by user 1000, says of a file or folder.
    fn said(kind: FileType, owner: u32, group: u32, mode: u32, has_list: bool) -> String {
        let trusted = Trusted { users: vec![0, 1000], groups: vec![0, 1000] };
        let seen = Seen { owner, group, mode, kind, has_list };
        seen.doubt(&trusted, || PathBuf::from("/x")).map_or_else(|| "fine".to_owned(), |doubt| doubt.to_string())
    }

    #[test]
    fn what_its_owner_and_only_trusted_groups_may_change_is_relied_on() {
        use FileType::{Directory, RegularFile, Symlink};
        for (kind, owner, group, mode) in [
            (RegularFile, 0, 0, 0o644),
            (RegularFile, 0, 50, 0o644),
            (RegularFile, 1000, 1000, 0o664),
            (Directory, 0, 0, 0o775),
            (Directory, 0, 0, 0o1777),
            (Directory, 1000, 1000, 0o2775),
            (Directory, 0, 100, 0o1775),
            (Symlink, 1000, 1000, 0o777),
        ] {
            assert_eq!(said(kind, owner, group, mode, false), "fine", "{kind:?} of {owner}:{group}, {mode:o}");
        }
        let doubts = [
            said(RegularFile, 1001, 0, 0o600, false),
            said(Symlink, 1001, 0, 0o777, false),
            said(Directory, 1001, 0, 0o1777, false),
            said(RegularFile, 0, 0, 0o646, false),
            said(Directory, 0, 50, 0o2775, false),
            said(Directory, 1000, 100, 0o770, false),
            said(Directory, 0, 0, 0o770, true),
        ];
        insta::assert_snapshot!(doubts.join("\n"), @r"
        root would rely on `/x`, which belongs to user 1001
        root would rely on `/x`, which belongs to user 1001
        root would rely on `/x`, which belongs to user 1001
        root would rely on `/x`, which others may change (owner 0, mode 646)
        root would rely on `/x`, which others may change (owner 0, mode 2775)
        root would rely on `/x`, which others may change (owner 1000, mode 770)
        root would rely on `/x`, which an access control list may let others change
        ");
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let path = PathBuf::from("/x");
        let doubts = [
            Distrust::Owner { path: path.clone(), owner: 1001 },
            Distrust::Writable { path: path.clone(), owner: 0, mode: 0o777 },
            Distrust::Listed { path },
        ];
        insta::assert_snapshot!(doubts.map(|doubt| doubt.help()).join("\n"), @r"
        chown root /x, move it to where root owns every folder, or, if that user may do what root may, say so: SUDO_UID=1001, as `sudo` does
        chmod go-w /x
        setfacl -b /x
        ");
    }
}
