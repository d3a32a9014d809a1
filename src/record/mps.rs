use serde::{Deserialize, Serialize};

use super::{CellKey, Reading, ServerKey};

/// Whether the servers of an epoch are to be clients of MPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MpsState {
    /// A daemon was started for them.
    On,
    /// It was proven that there is none.
    Off,
}

/// Who was a client of MPS at the end of a cell, when every server had
/// generated something: a context, and with it the membership, begins with the
/// first generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MpsWitness {
    /// At the end of which cell.
    pub cell: CellKey,
    /// As the steps of the epoch left it.
    pub declared: MpsState,
    /// The clients that the daemon of this epoch lists (`get_client_list`);
    /// where it is declared off, empty if none can be reached.
    pub daemon: Reading<Vec<u32>>,
    /// The clients that the driver lists
    /// (`nvmlDeviceGetMPSComputeRunningProcesses`).
    pub driver: Reading<Vec<u32>>,
    /// The servers that are processes of ours, each with the pids of all its
    /// processes.
    pub servers: Vec<(ServerKey, Vec<u32>)>,
}

impl MpsWitness {
    /// What is not as declared, a sentence for each; empty if everything is
    /// proven.
    pub fn contradictions(&self) -> Vec<String> {
        match self.declared {
            MpsState::On => self.servers.iter().filter_map(|server| self.not_on(server)).collect(),
            MpsState::Off => {
                let daemon = self.daemon_although_off();
                daemon.into_iter().chain(self.servers.iter().filter_map(|server| self.not_off(server))).collect()
            }
        }
    }

    /// Drivers differ in what they list, so one of the two lists is enough;
    /// a list that cannot be had proves nothing.
    fn not_on(&self, (server, pids): &(ServerKey, Vec<u32>)) -> Option<String> {
        let ServerKey { name, index } = server;
        match (self.daemon.value(), self.driver.value()) {
            (None, None) => Some(format!("nobody can tell whether `{name}[{index}]` is a client of MPS")),
            (daemon, driver) => {
                let lists = [daemon, driver].into_iter().flatten();
                let is_client = lists.flatten().any(|client| pids.contains(client));
                (!is_client).then(|| format!("MPS is on and `{name}[{index}]` is not its client"))
            }
        }
    }

    fn not_off(&self, (server, pids): &(ServerKey, Vec<u32>)) -> Option<String> {
        let is_client = self.driver.value().into_iter().flatten().any(|client| pids.contains(client));
        is_client.then(|| format!("MPS is off and `{}[{}]` is a client of it", server.name, server.index))
    }

    fn daemon_although_off(&self) -> Option<String> {
        match &self.daemon {
            Reading::Value(_) => None,
            Reading::Absent(reason) => Some(format!("MPS is off and {reason}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{CellId, ServerName};

    fn witness(declared: MpsState, daemon: Reading<Vec<u32>>, driver: Reading<Vec<u32>>) -> Vec<String> {
        let server =
            |index, pids: &[u32]| (ServerKey { name: ServerName::new("llama").unwrap(), index }, pids.to_vec());
        let cell = CellKey { cell: CellId::new("default/load/clients=1").unwrap(), block: 0, epoch: 0, probe: None };
        let servers = vec![server(0, &[10, 11]), server(1, &[20])];
        MpsWitness { cell, declared, daemon, driver, servers }.contradictions()
    }

    fn value(pids: &[u32]) -> Reading<Vec<u32>> {
        Reading::Value(pids.to_vec())
    }

    fn absent(reason: &str) -> Reading<Vec<u32>> {
        Reading::Absent(reason.to_owned())
    }

    #[test]
    fn on_is_proven_when_one_list_has_a_process_of_every_server() {
        assert!(witness(MpsState::On, value(&[11, 20]), absent("no NVML")).is_empty());
        assert!(witness(MpsState::On, value(&[]), value(&[11, 20])).is_empty());
        assert!(witness(MpsState::On, value(&[20]), value(&[10])).is_empty());
    }

    #[test]
    fn a_server_that_no_list_has_is_no_client() {
        let missing = "MPS is on and `llama[1]` is not its client";
        assert_eq!(witness(MpsState::On, value(&[11]), absent("no NVML")), [missing]);
        assert_eq!(witness(MpsState::On, value(&[11]), value(&[11, 99])), [missing]);
    }

    #[test]
    fn without_any_list_nothing_is_proven() {
        assert_eq!(
            witness(MpsState::On, absent("silent"), absent("no NVML")),
            [
                "nobody can tell whether `llama[0]` is a client of MPS",
                "nobody can tell whether `llama[1]` is a client of MPS"
            ]
        );
    }

    #[test]
    fn off_is_contradicted_by_a_daemon_or_by_a_client() {
        assert!(witness(MpsState::Off, value(&[]), absent("no NVML")).is_empty());
        assert!(witness(MpsState::Off, value(&[]), value(&[99])).is_empty());
        assert_eq!(
            witness(MpsState::Off, absent("an MPS daemon is running: process 7"), value(&[20])),
            ["MPS is off and an MPS daemon is running: process 7", "MPS is off and `llama[1]` is a client of it"]
        );
    }
}
