use serde::{Deserialize, Deserializer, Serialize};

use super::{CellKey, Reading, ServerKey};

/// Whether the servers of an epoch are to be clients of MPS, and what could be
/// seen of its daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "declared", rename_all = "snake_case")]
pub enum MpsState {
    /// A daemon was started for them.
    On {
        /// The clients that it lists (`get_client_list`).
        daemon: Reading<Vec<u32>>,
    },
    /// There is to be none.
    Off {
        /// The one that can be reached all the same, or why nobody can tell.
        /// Records once had a reading for it, absent if there was one.
        #[serde(alias = "daemon", deserialize_with = "found")]
        reachable: Option<String>,
    },
}

fn found<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Found(Option<String>),
        Clients(Reading<Vec<u32>>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Found(found) => found,
        Written::Clients(daemon) => daemon.into_result().err(),
    })
}

/// Who was a client of MPS at the end of a cell, when every server had
/// generated something: a context, and with it the membership, begins with the
/// first generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MpsWitness {
    /// At the end of which cell.
    pub cell: CellKey,
    /// As the steps of the epoch left it.
    #[serde(flatten)]
    pub declared: MpsState,
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
        match &self.declared {
            MpsState::On { daemon } => self.servers.iter().filter_map(|server| self.not_on(daemon, server)).collect(),
            MpsState::Off { reachable } => {
                let daemon = reachable.iter().map(|found| format!("MPS is off and {found}"));
                daemon.chain(self.servers.iter().filter_map(|server| self.not_off(server))).collect()
            }
        }
    }

    /// Drivers differ in what they list, so one of the two lists is enough;
    /// a list that cannot be had proves nothing.
    fn not_on(&self, daemon: &Reading<Vec<u32>>, (server, pids): &(ServerKey, Vec<u32>)) -> Option<String> {
        match (daemon.value(), self.driver.value()) {
            (None, None) => Some(format!("nobody can tell whether `{server}` is a client of MPS")),
            (daemon, driver) => {
                let lists = [daemon, driver].into_iter().flatten();
                let is_client = lists.flatten().any(|client| pids.contains(client));
                (!is_client).then(|| format!("MPS is on and `{server}` is not its client"))
            }
        }
    }

    fn not_off(&self, (server, pids): &(ServerKey, Vec<u32>)) -> Option<String> {
        let is_client = self.driver.value().into_iter().flatten().any(|client| pids.contains(client));
        is_client.then(|| format!("MPS is off and `{server}` is a client of it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{CellId, ServerName};

    fn witness(declared: MpsState, driver: Reading<Vec<u32>>) -> MpsWitness {
        let server =
            |index, pids: &[u32]| (ServerKey { name: ServerName::new("llama").unwrap(), index }, pids.to_vec());
        let cell = CellKey { cell: CellId::new("default/load/clients=1").unwrap(), block: 0, epoch: 0, probe: None };
        MpsWitness { cell, declared, driver, servers: vec![server(0, &[10, 11]), server(1, &[20])] }
    }

    fn on(daemon: Reading<Vec<u32>>, driver: Reading<Vec<u32>>) -> Vec<String> {
        witness(MpsState::On { daemon }, driver).contradictions()
    }

    fn off(reachable: Option<&str>, driver: Reading<Vec<u32>>) -> Vec<String> {
        witness(MpsState::Off { reachable: reachable.map(str::to_owned) }, driver).contradictions()
    }

    fn value(pids: &[u32]) -> Reading<Vec<u32>> {
        Reading::Value(pids.to_vec())
    }

    fn absent(reason: &str) -> Reading<Vec<u32>> {
        Reading::Absent(reason.to_owned())
    }

    #[test]
    fn on_is_proven_when_one_list_has_a_process_of_every_server() {
        assert!(on(value(&[11, 20]), absent("no NVML")).is_empty());
        assert!(on(value(&[]), value(&[11, 20])).is_empty());
        assert!(on(value(&[20]), value(&[10])).is_empty());
    }

    #[test]
    fn a_server_that_no_list_has_is_no_client() {
        let missing = "MPS is on and `llama[1]` is not its client";
        assert_eq!(on(value(&[11]), absent("no NVML")), [missing]);
        assert_eq!(on(value(&[11]), value(&[11, 99])), [missing]);
    }

    #[test]
    fn without_any_list_nothing_is_proven() {
        assert_eq!(
            on(absent("silent"), absent("no NVML")),
            [
                "nobody can tell whether `llama[0]` is a client of MPS",
                "nobody can tell whether `llama[1]` is a client of MPS"
            ]
        );
    }

    #[test]
    fn off_is_contradicted_by_a_daemon_or_by_a_client() {
        assert!(off(None, absent("no NVML")).is_empty());
        assert!(off(None, value(&[99])).is_empty());
        assert_eq!(
            off(Some("an MPS daemon is running: process 7"), value(&[20])),
            ["MPS is off and an MPS daemon is running: process 7", "MPS is off and `llama[1]` is a client of it"]
        );
    }

    #[test]
    fn what_was_written_of_a_daemon_as_a_reading_can_still_be_read() {
        let daemon = "an MPS daemon is running: process 7";
        let read = |declared: &str| {
            let rest =
                r#""cell":{"cell":"default/load/clients=1","block":0,"epoch":0},"driver":{"value":[]},"servers":[]"#;
            serde_json::from_str::<MpsWitness>(&format!("{{{declared},{rest}}}")).unwrap().declared
        };
        assert_eq!(read(r#""declared":"on","daemon":{"value":[7]}"#), MpsState::On { daemon: value(&[7]) });
        assert_eq!(read(r#""declared":"off","daemon":{"value":[]}"#), MpsState::Off { reachable: None });
        let found = MpsState::Off { reachable: Some(daemon.to_owned()) };
        assert_eq!(read(&format!(r#""declared":"off","daemon":{{"absent":"{daemon}"}}"#)), found);
        for state in [found, MpsState::Off { reachable: None }, MpsState::On { daemon: absent("silent") }] {
            let whole = witness(state, value(&[]));
            assert_eq!(serde_json::from_str::<MpsWitness>(&serde_json::to_string(&whole).unwrap()).unwrap(), whole);
        }
    }
}
