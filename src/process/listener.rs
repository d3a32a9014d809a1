#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::identity::PROC;
use super::mark::environment;

/// `TCP_LISTEN` in the kernel's tables; see `proc_net_tcp(5)`.
const LISTENING: &str = "0A";

/// The process that listens on this TCP port of loopback or of every address,
/// the first of those that share the socket. `None` if nobody listens there, or
/// it belongs to somebody whose descriptors we may not see.
pub fn listener(port: u16) -> Option<u32> {
    let proc = Path::new(PROC);
    let sockets = listening(proc, port);
    if sockets.is_empty() {
        return None;
    }
    let pids = std::fs::read_dir(proc).ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| holds(proc, *pid, &sockets)).min()
}

/// The variables that a process began with; see `proc_pid_environ(5)`. Empty if
/// we may not see them.
pub fn environment_of(pid: u32) -> Vec<(String, String)> {
    let pair = |variable: Vec<u8>| {
        let text = String::from_utf8(variable).ok()?;
        text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    environment(pid).filter_map(pair).collect()
}

/// The first process that has a socket open, by the socket's inode, and its
/// user; `None` if it belongs to somebody whose descriptors we may not see.
pub fn holder_of_socket(inode: &str) -> Option<(u32, u32)> {
    let proc = Path::new(PROC);
    let socket = BTreeSet::from([format!("socket:[{inode}]")]);
    let pids = std::fs::read_dir(proc).ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let pid: u32 = pids.filter(|pid| holds(proc, *pid, &socket)).min()?;
    let user = std::fs::metadata(proc.join(pid.to_string())).ok()?.uid();
    Some((pid, user))
}

/// The sockets that listen on this port where a connection to loopback would
/// reach them, as `/proc/PID/fd` names them.
pub(super) fn listening(proc: &Path, port: u16) -> BTreeSet<String> {
    let tables = ["net/tcp", "net/tcp6"].map(|name| std::fs::read_to_string(proc.join(name)).unwrap_or_default());
    tables.iter().flat_map(|table| sockets(table, port)).collect()
}

/// Whether a process has one of these sockets open.
pub(super) fn holds(proc: &Path, pid: u32, sockets: &BTreeSet<String>) -> bool {
    let descriptors = std::fs::read_dir(proc.join(pid.to_string()).join("fd"));
    let mut targets =
        descriptors.into_iter().flatten().flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.any(|target| target.to_str().is_some_and(|target| sockets.contains(target)))
}

fn sockets(table: &str, port: u16) -> Vec<String> {
    let socket = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let (address, own) = fields.get(1)?.rsplit_once(':')?;
        let is_it = u16::from_str_radix(own, 16) == Ok(port) && fields.get(3) == Some(&LISTENING) && is_near(address);
        is_it.then(|| Some(format!("socket:[{}]", fields.get(9)?)))?
    };
    table.lines().filter_map(socket).collect()
}

/// Whether an address as the kernel writes it, in words of the machine's byte
/// order, is loopback or every address.
fn is_near(address: &str) -> bool {
    let loopback = format!("{:08X}", u32::from_ne_bytes(Ipv4Addr::LOCALHOST.octets()));
    let mapped = format!("0000000000000000{:08X}{loopback}", u32::from_ne_bytes([0, 0, 255, 255]));
    let last = format!("000000000000000000000000{:08X}", u32::from_ne_bytes([0, 0, 0, 1]));
    address.bytes().all(|byte| byte == b'0') || [loopback, mapped, last].iter().any(|near| near == address)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_listens_is_found_on_loopback_and_on_every_address() {
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0", "[::1]:0"] {
            let socket = TcpListener::bind(address).unwrap();
            assert_eq!(listener(socket.local_addr().unwrap().port()), Some(std::process::id()), "{address}");
        }
    }

    #[test]
    fn a_port_that_is_only_connected_to_or_listened_on_elsewhere_is_nobodys() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                     0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 77 1 x\n\
                     1: 0100007F:2CAB 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 78 1 x\n\
                     2: 0501A8C0:2CAC 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 79 1 x\n\
                     3: torn";
        assert_eq!(
            [0x2CAA, 0x2CAB, 0x2CAC].map(|port| sockets(table, port)),
            [vec!["socket:[77]".to_owned()], vec![], vec![]]
        );
    }
}
