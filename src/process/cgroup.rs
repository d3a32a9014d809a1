//! A control group of version 2 for a run; see
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html>.
#![expect(clippy::disallowed_methods, reason = "reads /proc, writes the control group's files")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Puts this process, and so everything that it starts from now on, into a
/// control group of its own below the one it is in. Returns its folder.
///
/// # Errors
/// If there is no control group of version 2, or it is not ours to divide.
pub(super) fn enter(run_id: &str) -> io::Result<PathBuf> {
    let path = own()?.join(format!("runexp-{run_id}"));
    fs::create_dir(&path)?;
    if let Err(error) = fs::write(path.join("cgroup.procs"), "0") {
        let _ = fs::remove_dir(&path);
        return Err(error);
    }
    Ok(path)
}

/// Puts this process back where it was, if it is in the group.
///
/// # Errors
/// If the group above does not take it.
pub(super) fn leave(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if members(path).contains(&std::process::id()) => fs::write(parent.join("cgroup.procs"), "0"),
        Some(_) | None => Ok(()),
    }
}

/// Removes an empty group; does nothing if it is gone.
///
/// # Errors
/// If somebody is still in it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The processes in it; none if it is gone.
pub(super) fn members(path: &Path) -> Vec<u32> {
    let text = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

/// Kills all of it at once, from outside: nobody can fork his way out. Kernels
/// before 5.14 cannot; then the walk does it.
pub(super) fn kill(path: &Path) {
    if leave(path).is_ok() {
        let _ = fs::write(path.join("cgroup.kill"), "1");
    }
}

/// The folder of the group that we are in.
fn own() -> io::Result<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let groups = fs::read_to_string("/proc/self/cgroup")?;
    let mount = mounts.lines().find_map(mount_point);
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    mount.zip(group).map(|(mount, group)| mount.join(group)).ok_or_else(|| io::ErrorKind::Unsupported.into())
}

/// Where a line of `/proc/self/mounts` mounts version 2.
fn mount_point(line: &str) -> Option<PathBuf> {
    let mut fields = line.split(' ').skip(1);
    let (path, kind) = (fields.next()?, fields.next()?);
    (kind == "cgroup2").then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_is_found_beside_version_1() {
        let lines = [
            "cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0",
            "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0",
        ];
        assert_eq!(lines.map(mount_point), [None, Some(PathBuf::from("/sys/fs/cgroup/unified"))]);
    }
}
