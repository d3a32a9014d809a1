//! What others take of the CPUs while a window is measured.

use std::convert::Infallible;
use std::sync::Mutex;

use super::cell::sleep_until;
use super::world::Running;
use crate::clock::Clock;
use crate::process::{Containers, CpuUsage};
use crate::record::MachineCpu;
use crate::scenario::{Length, ServerOrigin};
use crate::units::Nanos;

/// Looks at the machine's CPUs when a window begins and when it ends.
pub(super) struct Contention {
    clock: Clock,
    /// Nothing is looked at where the servers cannot be told from others.
    containers: Option<Containers>,
    looks: Mutex<Vec<(Nanos, CpuUsage)>>,
}

impl Contention {
    /// With these servers up. One that is reached by `url` may be on this
    /// machine, where it would be taken for somebody else; simulated ones say
    /// nothing of a machine.
    pub(super) fn beside(servers: &[Running], clock: Clock) -> Self {
        let origins = || servers.iter().map(|server| &server.spec().origin);
        let is_known = |server: &Running| {
            matches!(server, Running::Real { .. }) && !matches!(server.spec().origin, ServerOrigin::Url { .. })
        };
        let in_containers = origins().any(|origin| matches!(origin, ServerOrigin::Compose { .. }));
        let containers = if in_containers { Containers::AreOurs } else { Containers::AreOthers };
        let containers = servers.iter().all(is_known).then_some(containers);
        Self { clock, containers, looks: Mutex::default() }
    }

    /// Looks at the moments that are known beforehand. Never ends.
    pub(super) async fn watch(&self, length: Length, start: Nanos) -> Infallible {
        sleep_until(self.clock, start).await;
        self.look().await;
        if let Length::Duration(length) = length {
            sleep_until(self.clock, start.plus(length.duration().into())).await;
            self.look().await;
        }
        std::future::pending().await
    }

    /// What was found, at the end of the load; `None` where nothing could be.
    pub(super) async fn found(&self) -> Option<MachineCpu> {
        if self.looks.lock().ok()?.len() == 1 {
            self.look().await;
        }
        let looks = self.looks.lock().ok()?;
        let [(from, then), (to, now)] = &looks[..] else { return None };
        Some(now.since(then, to.since(*from)))
    }

    /// Away from the threads that drive: a machine may have thousands of
    /// processes.
    async fn look(&self) {
        let (Some(containers), clock) = (self.containers, self.clock) else { return };
        let look = tokio::task::spawn_blocking(move || Some((clock.now(), CpuUsage::now(containers)?)));
        if let (Ok(Some(look)), Ok(mut looks)) = (look.await, self.looks.lock()) {
            looks.push(look);
        }
    }
}
