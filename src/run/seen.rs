//! What tells whether a server has loaded its model anew under a load.

use super::runner::Runner;
use super::world::Running;
use crate::process::{SERVER_MARK, age, marked, server_mark};
use crate::record::{CellKey, Event, Moment, ProcessIdentity, ProcessSeen, ServerSeen};
use crate::server::loaded_models;
use crate::units::Nanos;

impl Runner<'_> {
    /// Records the processes and the loaded models of every server, beside a
    /// load and not under it. A simulated server has neither.
    pub(super) async fn see_servers(&self, key: &CellKey, moment: Moment, servers: &[Running]) {
        if self.context.world.is_simulated() || self.stop.is_cancelled() {
            return;
        }
        let mut seen = Vec::new();
        for server in servers {
            let headers = self.context.secrets.headers(server.spec());
            let models = loaded_models(server.spec(), server.url(), &headers).await;
            let processes = self.processes_of(server).iter().filter_map(|process| self.process_seen(process)).collect();
            seen.push(ServerSeen { server: server.key(), processes, models });
        }
        if seen.iter().any(|one| one.models.is_some() || !one.processes.is_empty()) {
            self.note(Event::ServersSeen { cell: key.clone(), moment, servers: seen });
        }
    }

    /// Every process of a server, however often it has forked: Ollama's models
    /// run in children. None of a server that this run has not started.
    pub(super) fn processes_of(&self, server: &Running) -> Vec<ProcessIdentity> {
        let Some(own) = server.identity() else { return Vec::new() };
        let mark = server_mark(self.context.run_id, &server.label());
        let mut found = marked(SERVER_MARK, &mark).unwrap_or_default();
        found.push(own.clone());
        found.sort_unstable_by_key(|process| process.pid);
        found.dedup_by_key(|process| process.pid);
        found
    }

    fn process_seen(&self, process: &ProcessIdentity) -> Option<ProcessSeen> {
        let started = self.context.clock.now().0.saturating_sub(Nanos::from(age(process).ok()?).0);
        Some(ProcessSeen { pid: process.pid, started_ns: Nanos(started) })
    }
}
