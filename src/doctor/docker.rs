use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ask::{Answer, Asker};
use super::{Finding, Topic};

const RUNTIME: &str = "nvidia";
/// How names of GPUs begin that a container can be given without that runtime:
/// <https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html>.
const DEVICE: &str = "nvidia.com/gpu=";

/// What Docker says of itself.
struct Docker {
    server: Answer,
    compose: Answer,
    info: Answer,
}

/// What matters here of what `docker info` says, see `SystemInfo` in
/// <https://docs.docker.com/reference/api/engine/version/v1.51/>.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Info {
    runtimes: Option<IndexMap<String, IgnoredAny>>,
    /// Since Docker 28.2.
    discovered_devices: Option<Vec<Device>>,
}

#[derive(Deserialize)]
struct Device {
    #[serde(rename = "ID", default)]
    id: String,
}

/// How containers can be given a GPU.
#[derive(Clone, Copy)]
enum Gpus {
    /// By a runtime of their own.
    Runtime,
    /// As devices of the Container Device Interface.
    Cdi,
    No,
}

pub(super) async fn examine(has_gpu: bool, asker: &Asker<'_>) -> Finding {
    let server = asker.ask(&["docker", "version", "--format", "{{.Server.Version}}"]).await;
    // A daemon that does not answer one question keeps the others waiting too.
    let docker = match &server {
        Answer::Said(_) => Docker {
            compose: asker.ask(&["docker", "compose", "version", "--short"]).await,
            info: asker.ask(&["docker", "info", "--format", "{{json .}}"]).await,
            server,
        },
        Answer::NotFound | Answer::Failed(_) => Docker { compose: Answer::NotFound, info: Answer::NotFound, server },
    };
    judged(&docker, has_gpu)
}

fn judged(docker: &Docker, has_gpu: bool) -> Finding {
    let topic = Topic::Docker;
    let server = match &docker.server {
        Answer::Said(version) => last_line(version),
        Answer::NotFound => {
            let advice = "install Docker Engine with its Compose plugin, for scenarios with Compose; others do without";
            return Finding::missing(topic, "`docker` is not on PATH", advice);
        }
        Answer::Failed(why) => {
            return Finding::missing(topic, format!("the daemon does not answer: {why}"), unreachable(why));
        }
    };
    let Answer::Said(compose) = &docker.compose else {
        let advice = "install the Compose plugin, often `docker-compose-plugin`, for scenarios with Compose";
        return Finding::attention(topic, format!("Docker {server}, without Compose"), advice);
    };
    let found = format!("Docker {server}, Compose {}", last_line(compose));
    match (has_gpu, gpus(&docker.info)) {
        (_, Gpus::Runtime) => Finding::good(topic, format!("{found}, runtime `{RUNTIME}`")),
        (_, Gpus::Cdi) => Finding::good(topic, format!("{found}, GPUs as `{DEVICE}…` by CDI")),
        (false, Gpus::No) => Finding::good(topic, found),
        (true, Gpus::No) => {
            let advice = "install the NVIDIA Container Toolkit, then `nvidia-ctk runtime configure --runtime=docker`, \
                          and restart the daemon: containers see no GPU without";
            Finding::attention(topic, format!("{found}, no runtime `{RUNTIME}` and no GPU by CDI"), advice)
        }
    }
}

fn unreachable(why: &str) -> &'static str {
    if why.contains("permission denied") {
        "add yourself to the group `docker` and log in again, or run as root"
    } else {
        "start it, on most machines with `systemctl start docker`; `docker info` tells more"
    }
}

/// Warnings come before it.
fn last_line(text: &str) -> &str {
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("of an unknown version")
}

fn gpus(info: &Answer) -> Gpus {
    let Answer::Said(text) = info else { return Gpus::No };
    let info = text.lines().find_map(|line| serde_json::from_str::<Info>(line.trim()).ok()).unwrap_or_default();
    if info.runtimes.is_some_and(|runtimes| runtimes.contains_key(RUNTIME)) {
        return Gpus::Runtime;
    }
    let devices = info.discovered_devices.unwrap_or_default();
    if devices.iter().any(|device| device.id.starts_with(DEVICE)) { Gpus::Cdi } else { Gpus::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    fn said(text: &str) -> Answer {
        Answer::Said(text.to_owned())
    }

    fn docker(info: &str) -> Docker {
        Docker { server: said("28.5.1\n"), compose: said("2.40.0\n"), info: said(info) }
    }

    const PLAIN: &str = r#"{"ID":"x","Runtimes":{"runc":{"path":"runc"}},"DiscoveredDevices":null}"#;
    const NVIDIA: &str = "WARNING: No swap limit support\n\
        {\"Runtimes\":{\"nvidia\":{\"path\":\"nvidia-container-runtime\"},\"runc\":{\"path\":\"runc\"}}}\n";
    const CDI: &str = r#"{"Runtimes":{"runc":{}},"DiscoveredDevices":[{"Source":"cdi","ID":"nvidia.com/gpu=0"}]}"#;
    const OTHER: &str = r#"{"Runtimes":{"runc":{}},"DiscoveredDevices":[{"Source":"cdi","ID":"amd.com/gpu=0"}]}"#;

    #[test]
    fn gpus_for_containers_are_asked_for_only_where_there_is_one() {
        let found = [(NVIDIA, true), (CDI, true), (PLAIN, false), (PLAIN, true), (OTHER, true)]
            .map(|(info, has_gpu)| judged(&docker(info), has_gpu));
        insta::assert_snapshot!(table(&found), @r"
        Docker        good       Docker 28.5.1, Compose 2.40.0, runtime `nvidia`
        Docker        good       Docker 28.5.1, Compose 2.40.0, GPUs as `nvidia.com/gpu=…` by CDI
        Docker        good       Docker 28.5.1, Compose 2.40.0
        Docker        attention  Docker 28.5.1, Compose 2.40.0, no runtime `nvidia` and no GPU by CDI
                                 help: install the NVIDIA Container Toolkit, then `nvidia-ctk runtime configure --runtime=docker`, and restart the daemon: containers see no GPU without
        Docker        attention  Docker 28.5.1, Compose 2.40.0, no runtime `nvidia` and no GPU by CDI
                                 help: install the NVIDIA Container Toolkit, then `nvidia-ctk runtime configure --runtime=docker`, and restart the daemon: containers see no GPU without
        ");
    }

    #[test]
    fn docker_that_cannot_be_used_says_why_and_what_to_do() {
        let failed = |why: &str| Docker { server: Answer::Failed(why.to_owned()), ..docker(PLAIN) };
        let found = [
            Docker { server: Answer::NotFound, ..docker(PLAIN) },
            failed("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"),
            failed("permission denied while trying to connect to the Docker daemon socket"),
            Docker { compose: Answer::Failed("unknown command".to_owned()), ..docker(PLAIN) },
        ]
        .map(|docker| judged(&docker, false));
        insta::assert_snapshot!(table(&found), @r"
        Docker        missing    `docker` is not on PATH
                                 help: install Docker Engine with its Compose plugin, for scenarios with Compose; others do without
        Docker        missing    the daemon does not answer: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
                                 help: start it, on most machines with `systemctl start docker`; `docker info` tells more
        Docker        missing    the daemon does not answer: permission denied while trying to connect to the Docker daemon socket
                                 help: add yourself to the group `docker` and log in again, or run as root
        Docker        attention  Docker 28.5.1, without Compose
                                 help: install the Compose plugin, often `docker-compose-plugin`, for scenarios with Compose
        ");
    }
}
