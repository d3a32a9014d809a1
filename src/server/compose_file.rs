use std::collections::BTreeSet;

use serde_json::Value;

use crate::dialect::Api;

/// What `docker compose config --format json` makes of a file: everything
/// included, interpolated and in the long form.
#[derive(Clone, Debug, PartialEq)]
pub struct ComposeFile(Value);

/// Where clients of this machine meet a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// At a port that the file fixes.
    At {
        /// An address of this machine.
        host: String,
        /// The port.
        port: u16,
    },
    /// At a port that Docker chooses when it starts.
    Chosen {
        /// The service that publishes it.
        service: String,
        /// The port inside its container.
        target: u16,
    },
    /// The service is in a network whose ports the file does not tell: the
    /// host's own, or that of a container elsewhere.
    Unknown,
    /// It publishes no port.
    Nowhere,
    /// It publishes several, and none of them is known to be the API's.
    Several {
        /// As the file has them: `8080:80`.
        ports: Vec<String>,
    },
}

/// A TCP port that a service publishes.
struct Port {
    host: String,
    published: Option<u16>,
    target: u16,
    shown: String,
}

impl ComposeFile {
    /// From what the command printed, warnings before it included. `None` if
    /// that is not what Compose v2 would print.
    pub fn parse(output: &str) -> Option<Self> {
        let start = if output.starts_with('{') { 0 } else { output.find("\n{")? + 1 };
        let config = serde_json::Deserializer::from_str(&output[start..]).into_iter::<Value>().next()?.ok()?;
        config["services"].is_object().then_some(Self(config))
    }

    /// Where a service is met: at `wanted`, if it publishes that, else at its
    /// only port, else at the one that servers of this kind listen on.
    pub fn publication(&self, service: &str, wanted: u16, api: Api) -> Publication {
        let Some(owner) = self.network_of(service) else { return Publication::Unknown };
        let ports = self.ports(&owner);
        let usual = usual_port(api);
        let mut of_api = ports.iter().filter(|port| port.target == usual);
        let chosen = ports.iter().find(|port| port.published == Some(wanted)).or(match (&ports[..], of_api.next()) {
            ([only], _) => Some(only),
            (_, Some(port)) if of_api.next().is_none() => Some(port),
            _ => None,
        });
        match chosen {
            Some(Port { host, published: Some(port), .. }) => Publication::At { host: host.clone(), port: *port },
            Some(Port { target, .. }) => Publication::Chosen { service: owner, target: *target },
            None if ports.is_empty() => Publication::Nowhere,
            None => Publication::Several { ports: ports.into_iter().map(|port| port.shown).collect() },
        }
    }

    /// The service that publishes what a service listens on. `None` if it
    /// shares the host's network, or that of a container that is not in the file.
    pub fn network_of(&self, service: &str) -> Option<String> {
        match self.0["services"][service]["network_mode"].as_str() {
            None | Some("bridge" | "none") => Some(service.to_owned()),
            Some(mode) => mode.strip_prefix("service:").map(str::to_owned),
        }
    }

    /// The ports of this machine that services and all they depend on take, as
    /// far as the file fixes them. All services, if none is named.
    pub fn fixed_ports(&self, services: &[&str]) -> BTreeSet<u16> {
        self.needed(services).iter().flat_map(|service| self.ports(service)).filter_map(|port| port.published).collect()
    }

    /// The names that the file gives the containers of services and of all they
    /// depend on: a host has each only once.
    pub fn container_names(&self, services: &[&str]) -> BTreeSet<String> {
        let name = |service: &String| self.0["services"][service]["container_name"].as_str().map(str::to_owned);
        self.needed(services).iter().filter_map(name).collect()
    }

    fn needed(&self, services: &[&str]) -> BTreeSet<String> {
        let all = || self.0["services"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
        let mut open: Vec<String> =
            if services.is_empty() { all().collect() } else { services.iter().map(|&name| name.to_owned()).collect() };
        let mut needed = BTreeSet::new();
        while let Some(service) = open.pop() {
            let others = self.0["services"][&service]["depends_on"].as_object();
            if needed.insert(service.clone()) {
                open.extend(others.into_iter().flatten().map(|(name, _)| name.clone()));
            }
        }
        needed
    }

    fn ports(&self, service: &str) -> Vec<Port> {
        let listed = self.0["services"][service]["ports"].as_array().into_iter().flatten();
        listed
            .filter(|port| port["protocol"].as_str().is_none_or(|protocol| protocol == "tcp"))
            .filter_map(port)
            .collect()
    }
}

fn port(entry: &Value) -> Option<Port> {
    let target = u16::try_from(entry["target"].as_u64()?).ok()?;
    let published = match &entry["published"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let host = match entry["host_ip"].as_str().unwrap_or_default() {
        "" | "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        other => other,
    };
    let shown = if published.is_empty() { target.to_string() } else { format!("{published}:{target}") };
    // A range, or no port at all, is a choice that Docker has.
    let published = published.parse().ok().filter(|port| *port != 0);
    Some(Port { host: host.to_owned(), published, target, shown })
}

/// Where servers of an API listen if nobody tells them otherwise.
const fn usual_port(api: Api) -> u16 {
    match api {
        Api::Ollama => 11434,
        Api::LlamaServer => 8080,
        Api::OpenAi => 8000,
    }
}

/// The port that `docker compose port` printed: `0.0.0.0:49153`.
pub(super) fn chosen_port(output: &str) -> Option<u16> {
    output.lines().rev().find_map(|line| line.trim().rsplit_once(':')?.1.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file() -> ComposeFile {
        let port = |published: &str, target: u16| {
            json!({"mode": "ingress", "target": target, "published": published,
                                                          "protocol": "tcp"})
        };
        let config = json!({"name": "x", "services": {
            "fixed": {"ports": [port("11434", 11434)], "container_name": "ollama", "depends_on": {"db": {}}},
            "local": {"ports": [{"target": 11434, "published": "18000", "protocol": "tcp", "host_ip": "127.0.0.2"}]},
            "db": {"ports": [port("5432", 5432), {"target": 53, "published": "53", "protocol": "udp"}]},
            "any": {"ports": [{"target": 80, "protocol": "tcp"}]},
            "range": {"ports": [port("8000-8002", 80)]},
            "two": {"ports": [port("9000", 9000), port("18001", 11434)]},
            "odd": {"ports": [port("9000", 9000), port("9001", 9001)]},
            "none": {"expose": ["11434"]},
            "host": {"network_mode": "host"},
            "behind": {"network_mode": "service:fixed", "depends_on": {"fixed": {}}},
            "six": {"ports": [{"target": 80, "published": "81", "host_ip": "::"}]},
        }});
        ComposeFile::parse(&format!("time=\"x\" level=warning msg=\"a {{b}}\"\n{config}")).unwrap()
    }

    #[test]
    fn a_service_is_met_where_its_file_publishes_it() {
        let file = file();
        let names = ["fixed", "local", "any", "range", "two", "odd", "none", "host", "behind", "six", "unknown"];
        let told = names.map(|name| format!("{name}: {:?}", file.publication(name, 40000, Api::Ollama)));
        insta::assert_snapshot!(told.join("\n"), @r#"
        fixed: At { host: "127.0.0.1", port: 11434 }
        local: At { host: "127.0.0.2", port: 18000 }
        any: Chosen { service: "any", target: 80 }
        range: Chosen { service: "range", target: 80 }
        two: At { host: "127.0.0.1", port: 18001 }
        odd: Several { ports: ["9000:9000", "9001:9001"] }
        none: Nowhere
        host: Unknown
        behind: At { host: "127.0.0.1", port: 11434 }
        six: At { host: "::1", port: 81 }
        unknown: Nowhere
        "#);
        let wanted = file.publication("odd", 9001, Api::Ollama);
        assert_eq!(wanted, Publication::At { host: "127.0.0.1".to_owned(), port: 9001 });
    }

    #[test]
    fn what_comes_up_with_a_service_takes_ports_and_names_too() {
        let file = file();
        assert_eq!(file.fixed_ports(&["behind"]), BTreeSet::from([5432, 11434]));
        assert_eq!(file.container_names(&["behind"]), BTreeSet::from(["ollama".to_owned()]));
        assert_eq!(file.fixed_ports(&["none"]), BTreeSet::new());
        assert_eq!(file.fixed_ports(&[]), BTreeSet::from([81, 5432, 9000, 9001, 11434, 18000, 18001]));
    }

    #[test]
    fn what_compose_would_not_print_is_no_file() {
        for output in ["", "no such service: x", "{\"services\": 3}", "level=warning\n{\"services\""] {
            assert_eq!(ComposeFile::parse(output), None, "{output}");
        }
        assert_eq!([chosen_port("warning: a\n0.0.0.0:49153\n"), chosen_port("no")], [Some(49153), None]);
    }
}
