//! One run at a time on a host, whoever's it is and wherever its state folder
//! lies: a listening socket with an abstract name, which every user can take
//! and which is free as soon as its holder is dead. See unix(7).

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with};

use super::{Holder, StateError};
use crate::process::{
    age, command_line, executes_this_program, holder_of_socket, identity, is_same_and_alive, program_file,
};

/// A name that is taken and not yet listened on is about to be.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);
const ROOT: u32 = 0;
/// The inode that the table has for a connection that nobody has accepted.
const NOBODY_YET: &str = "0";

/// The right to be the only run of a host.
#[derive(Debug)]
pub(super) struct HostLock {
    socket: OwnedFd,
    squatter: Option<String>,
}

/// Who has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taker {
    /// `None` if nobody may see it.
    pid: Option<u32>,
    user: Option<u32>,
    /// Whether it has the name from somebody who is dead by now.
    is_heir: bool,
}

impl HostLock {
    /// Takes it. Whoever is no run of `runexp` keeps out everybody but root, who
    /// takes another name beside it.
    ///
    /// # Errors
    /// [`StateError::Locked`], or [`StateError::Squatted`].
    pub(super) fn take(name: &str) -> Result<Self, StateError> {
        let own = match listen_on(name) {
            Err(Errno::ADDRINUSE) => {
                taker(name).map_or_else(|| Self::named(name.to_owned(), None), |taker| beside(name, taker))
            }
            Err(error) => Err(unavailable(name, error)),
            Ok(socket) => Ok((Self { socket, squatter: None }, name.to_owned())),
        };
        let (lock, own) = own?;
        match others(name, &own).into_iter().filter(|taker| taker.user == Some(ROOT)).find_map(run_refusal) {
            Some(refusal) => Err(refusal),
            None => Ok(lock),
        }
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Who has the name that everybody takes, without being a run.
    pub(super) fn squatter(&self) -> Option<&str> {
        self.squatter.as_deref()
    }

    fn named(name: String, squatter: Option<String>) -> Result<(Self, String), StateError> {
        let socket = listen_on(&name).map_err(|error| unavailable(&name, error))?;
        Ok((Self { socket, squatter }, name))
    }
}

/// Another name for root, where nobody else could keep it out.
fn beside(name: &str, taker: Taker) -> Result<(HostLock, String), StateError> {
    match refusal(taker) {
        StateError::Squatted { holder, .. } if rustix::process::geteuid().is_root() => {
            HostLock::named(format!("{name}/{}", std::process::id()), Some(holder.to_string()))
        }
        refusal => Err(refusal),
    }
}

fn unavailable(name: &str, error: Errno) -> StateError {
    StateError::io("take the lock", Path::new(name))(error.into())
}

fn listen_on(name: &str) -> Result<OwnedFd, Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
    // Nobody is ever answered: who asks wants to know only who listens.
    listen(&socket, i32::MAX)?;
    Ok(socket)
}

/// Who has a name; `None` if nobody has it any more.
fn taker(name: &str) -> Option<Taker> {
    for _ in 0..TRIES {
        match asked(name) {
            Ok(taker) => return Some(taker),
            Err(_) if inode(name).is_none() => return None,
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
    let holder = inode(name).and_then(|inode| holder_of_socket(&inode));
    Some(Taker { pid: holder.map(|(pid, _)| pid), user: holder.map(|(_, user)| user), is_heir: false })
}

fn asked(name: &str) -> Result<Taker, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
    let told = socket_peercred(&socket)?;
    let pid = u32::try_from(told.pid.as_raw_nonzero().get()).ok().filter(|pid| *pid > 0);
    let user = Some(told.uid.as_raw());
    if pid.is_none_or(is_alive) {
        return Ok(Taker { pid, user, is_heir: false });
    }
    // The kernel tells who began to listen, whoever has the socket now.
    let heir = inode(name).and_then(|inode| holder_of_socket(&inode));
    Ok(Taker { pid: heir.map(|(pid, _)| pid), user: heir.map_or(user, |(_, user)| Some(user)), is_heir: true })
}

fn is_alive(pid: u32) -> bool {
    identity(pid).is_ok_and(|process| is_same_and_alive(&process))
}

/// Who has a name beside that of everybody, as root takes it. Anybody can.
fn others(name: &str, own: &str) -> Vec<Taker> {
    let start = format!("{name}/");
    let names = table().into_iter().map(|(found, _)| found);
    let others = names.filter(|found| found.starts_with(&start) && found != own);
    others.filter_map(|found| asked(&found).ok()).collect()
}

/// Why a run keeps others out; who is none keeps nobody out by such a name.
fn run_refusal(taker: Taker) -> Option<StateError> {
    Some(refusal(taker)).filter(|refusal| matches!(refusal, StateError::Locked { .. }))
}

fn inode(name: &str) -> Option<String> {
    table().into_iter().find_map(|(found, inode)| (found == name && inode != NOBODY_YET).then_some(inode))
}

/// Abstract name and inode of every socket that has such a name; see `proc_net(5)`.
fn table() -> Vec<(String, String)> {
    let text = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let row = |line: &str| {
        let (fields, name) = line.split_once(" @")?;
        Some((name.to_owned(), fields.split_ascii_whitespace().last()?.to_owned()))
    };
    text.lines().filter_map(row).collect()
}

/// Why a taker keeps others out.
fn refusal(taker: Taker) -> StateError {
    let words = taker.pid.map(command_line).unwrap_or_default();
    let told = told(taker);
    if let Some(run) = run_of(taker, &words) {
        return StateError::Locked { what: "this host".to_owned(), holder: Holder(Some(format!("{run} {told}"))) };
    }
    let program = words.first().map_or_else(|| "a process".to_owned(), |word| format!("`{}`", word.escape_debug()));
    StateError::Squatted { holder: Holder(Some(format!("{program} {told}"))), pid: taker.pid }
}

/// Which run it is, as far as its command tells; `None` if it is none. Nobody
/// but root can see what program another user's process is; of this very program
/// the file may have any name, and root's processes are not in disguise.
fn run_of(taker: Taker, words: &[String]) -> Option<String> {
    let Some(pid) = taker.pid else { return taker.user.map(|_| "a run".to_owned()) };
    if pid == std::process::id() {
        return Some("this process".to_owned());
    }
    let is_named = |path: &str| Path::new(path).file_name().is_some_and(|name| name == "runexp");
    let (program, rest) = words.split_first()?;
    let is_disguised = || taker.user != Some(ROOT) && program_file(pid).is_some_and(|file| !is_named(&file));
    if !executes_this_program(pid) && (!is_named(program) || is_disguised()) {
        return None;
    }
    let run = rest.iter().find_map(|word| word.strip_prefix("--runner="));
    match (run, rest.first().map(String::as_str)) {
        (Some(run), _) => Some(format!("run `{run}`")),
        (None, Some(command @ ("cleanup" | "doctor"))) => Some(format!("`runexp {command}`")),
        (None, _) if taker.is_heir => Some("what undoes a dead run,".to_owned()),
        (None, _) => None,
    }
}

/// `of user bob (pid 12, since 2026-11-28 00:12:10 UTC)`.
fn told(taker: Taker) -> String {
    let user = taker.user.map_or_else(|| "of an unknown user".to_owned(), |user| format!("of user {}", name_of(user)));
    let Some(pid) = taker.pid else { return format!("{user}, whose process cannot be seen from here") };
    let since = identity(pid).and_then(|process| age(&process)).ok();
    let since = since.map(|age| chrono::Utc::now() - age).map(|start| start.format(", since %F %T UTC").to_string());
    format!("{user} (pid {pid}{})", since.unwrap_or_default())
}

fn name_of(user: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = user.to_string();
    let mut names = users.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    names.next().unwrap_or(number.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_once_and_free_when_its_holder_is_gone() {
        let name = format!("runexp/test/{}", std::process::id());
        let held = HostLock::take(&name).unwrap();
        let refused = HostLock::take(&name).unwrap_err().to_string();
        let expected = format!(
            "this host is in use by this process of user {} (pid ",
            name_of(rustix::process::geteuid().as_raw())
        );
        assert!(refused.starts_with(&expected), "{refused}");
        drop(held);
        HostLock::take(&name).unwrap();
    }

    #[test]
    fn who_only_takes_the_name_is_told_as_no_run() {
        let name = format!("runexp/squatted/{}", std::process::id());
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        bind(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes()).unwrap()).unwrap();
        let taken = HostLock::take(&name);
        // It does not listen, but its inode tells whose it is: ours.
        assert!(taken.unwrap_err().to_string().contains("this process"));
    }
}
