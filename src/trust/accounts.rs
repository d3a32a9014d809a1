//! Whom root may rely on.
#![expect(clippy::disallowed_methods, reason = "reads who has called sudo, and the accounts of this machine")]

use std::fs;

pub(super) const ROOT: u32 = 0;

/// Whom root may rely on.
#[derive(Debug)]
pub(super) struct Trusted {
    /// Root, and who has called `sudo`.
    pub(super) users: Vec<u32>,
    /// Groups in which nobody else is.
    pub(super) groups: Vec<u32>,
}

impl Trusted {
    /// Root, and who has called `sudo` (`SUDO_UID`, sudo(8)), since that user
    /// may do everything anyway.
    ///
    /// In a user namespace that knows only some users, the others all show as
    /// one, and the owner of `/` is one of them. No process of the namespace is
    /// such a user, so that none of them can do what root there could not.
    pub(super) fn now() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let caller = std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse().ok());
        let groups = caller.map(|caller| own_groups(&text("/etc/passwd"), &text("/etc/group"), &[ROOT, caller]));
        let unknown_user = unmapped(&text("/proc/self/uid_map"), &text("/proc/sys/kernel/overflowuid"));
        let unknown_group = unmapped(&text("/proc/self/gid_map"), &text("/proc/sys/kernel/overflowgid"));
        Self {
            users: [Some(ROOT), caller, unknown_user].into_iter().flatten().collect(),
            groups: [Some(ROOT), unknown_group].into_iter().flatten().chain(groups.unwrap_or_default()).collect(),
        }
    }
}

/// The groups that have members, and all of them among these users: on many
/// systems every user has such a group, to which new files belong and which
/// may write to them.
fn own_groups(passwd: &str, group: &str, users: &[u32]) -> Vec<u32> {
    let accounts: Vec<(&str, u32, u32)> = passwd.lines().filter_map(account).collect();
    let is_ours = |name: &str| accounts.iter().any(|(known, user, _)| *known == name && users.contains(user));
    let is_own = |(id, members): &(u32, &str)| {
        let mut primary = accounts.iter().filter(|(_, _, group)| group == id).peekable();
        let mut members = members.split(',').filter(|name| !name.is_empty()).peekable();
        (primary.peek().is_some() || members.peek().is_some())
            && primary.all(|(_, user, _)| users.contains(user))
            && members.all(is_ours)
    };
    let groups = group.lines().filter_map(|line| {
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?))
    });
    groups.filter(is_own).map(|(id, _)| id).collect()
}

/// Name, user and group of a line of `passwd(5)`.
fn account(line: &str) -> Option<(&str, u32, u32)> {
    let mut fields = line.split(':');
    let name = fields.next()?;
    let mut ids = fields.skip(1);
    Some((name, ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
}

/// As whom those show who are not in this map (see `user_namespaces(7)`), unless
/// somebody in it is called the same.
fn unmapped(map: &str, shown_as: &str) -> Option<u32> {
    let shown_as: u32 = shown_as.trim().parse().ok()?;
    let holds = |line: &str| {
        let fields: Vec<u32> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        matches!(fields[..], [first, _, count] if shown_as >= first && shown_as - first < count)
    };
    (!map.trim().is_empty() && !map.lines().any(holds)).then_some(shown_as)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_its_users_own_if_nobody_else_is_in_it() {
        let passwd = "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n\
                      eve:x:1002:1003::/home/eve:/bin/sh\n+\n";
        let group = "root:x:0:\nada:x:1000:\nbob:x:1001:ada\nshared:x:1002:ada,bob\nevil:x:1003:ada\nempty:x:1004:\n\
                     both:x:1005:root,ada\nunknown:x:1006:ada,zoe\n";
        assert_eq!(own_groups(passwd, group, &[0, 1000]), [0, 1000, 1005]);
        assert_eq!(own_groups(passwd, group, &[0]), [0]);
        assert_eq!(own_groups("", "", &[0, 1000]), [0; 0]);
    }

    #[test]
    fn users_whom_a_namespace_does_not_know_are_told_from_one_who_is_called_the_same() {
        assert_eq!(unmapped("         0          0 4294967295\n", "65534\n"), None);
        assert_eq!(unmapped("0 1000 1\n", "65534\n"), Some(65534));
        assert_eq!(unmapped("0 1000 1\n1 100000 65536\n", "65534\n"), None);
        assert_eq!(unmapped("", "65534\n"), None);
    }
}
