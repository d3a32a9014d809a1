//! Whether the ports that the scenario fixes are free.

use super::course::{Before, Course};
use super::{Lack, Missing, server_name};
use crate::host::port_is_free;
use crate::process::{listener, program};
use crate::scenario::ServerOrigin;

pub(super) fn require(course: &Course<'_>, missing: &mut Missing) {
    for (epoch, before) in &course.epochs {
        for server in &epoch.servers {
            if let ServerOrigin::Run { port, .. } = server.origin {
                missing.add(taken(port, before), &server_name(server));
            }
        }
    }
}

/// A port that somebody listens on, unless a command before names it or who
/// listens there: it may stop that.
pub(super) fn taken(port: u16, before: &Before<'_>) -> Option<Lack> {
    if port_is_free(port) {
        return None;
    }
    let holder = listener(port).and_then(|pid| Some((program(pid)?, pid)));
    let name = holder.as_ref().map(|(name, _)| name.as_str()).unwrap_or_default();
    (!before.names(&[&port.to_string(), name])).then_some(Lack::Port { port, holder })
}
