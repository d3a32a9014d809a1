#![expect(clippy::disallowed_methods, reason = "binds sockets")]

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener};

/// No free ports could be had.
#[derive(Debug, thiserror::Error)]
#[error("no {count} free ports on 127.0.0.1")]
pub struct PortError {
    /// How many were wanted.
    pub count: usize,
    /// Why.
    pub source: io::Error,
}

/// As many different free ports on 127.0.0.1. They are free now; who comes
/// first takes them, so a server that finds its port taken must say so.
///
/// # Errors
/// If the system has none left.
pub fn free_ports(count: usize) -> Result<Vec<u16>, PortError> {
    let listeners: io::Result<Vec<TcpListener>> =
        std::iter::repeat_with(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).take(count).collect();
    let ports = listeners.and_then(|listeners| {
        listeners.iter().map(|listener| listener.local_addr().map(|address| address.port())).collect()
    });
    ports.map_err(|source| PortError { count, source })
}

/// Whether nobody listens on this port of 127.0.0.1. A port that this user may
/// not take, a server may: it can have rights that we lack.
pub fn port_is_free(port: u16) -> bool {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).err();
    taken.is_none_or(|error| error.kind() != io::ErrorKind::AddrInUse)
}

/// Whether connections can be made from this address: whether it is one of
/// this machine's.
pub fn is_own_address(address: IpAddr) -> bool {
    TcpListener::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn free_ports_are_all_different() {
        let ports: BTreeSet<u16> = free_ports(20).unwrap().into_iter().collect();
        assert_eq!(ports.len(), 20);
    }

    #[test]
    fn a_port_somebody_listens_on_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!port_is_free(listener.local_addr().unwrap().port()));
    }

    #[test]
    fn an_address_of_another_machine_is_not_ones_own() {
        let addresses = ["127.0.0.2", "::1", "192.0.2.1"].map(|address| address.parse().unwrap());
        assert_eq!(addresses.map(is_own_address), [true, true, false]);
    }
}
