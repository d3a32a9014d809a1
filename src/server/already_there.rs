use indexmap::IndexMap;

use crate::process::{environment_of, listener, program};
use crate::record::AlreadyThere;
use crate::scenario::{ServerOrigin, ServerSpec};

/// What changes how an Ollama serves; none of these holds a secret. See
/// `envconfig/config.go` of Ollama.
const OF_OLLAMA: [&str; 13] = [
    "OLLAMA_CONTEXT_LENGTH",
    "OLLAMA_FLASH_ATTENTION",
    "OLLAMA_GPU_OVERHEAD",
    "OLLAMA_KEEP_ALIVE",
    "OLLAMA_KV_CACHE_TYPE",
    "OLLAMA_LLM_LIBRARY",
    "OLLAMA_LOAD_TIMEOUT",
    "OLLAMA_MAX_LOADED_MODELS",
    "OLLAMA_MAX_QUEUE",
    "OLLAMA_MULTIUSER_CACHE",
    "OLLAMA_NEW_ENGINE",
    "OLLAMA_NUM_PARALLEL",
    "OLLAMA_SCHED_SPREAD",
];
const LONGEST_VALUE: usize = 80;

/// What can be seen of a server that the run has not started. `None` for one
/// that it has.
pub fn already_there(spec: &ServerSpec) -> Option<AlreadyThere> {
    let ServerOrigin::Url { url } = &spec.origin else { return None };
    let pid = port_on_this_machine(url).and_then(listener);
    let program = pid.and_then(program);
    // What stands before it, as Docker's proxy does, was started with other things.
    let ollama = pid.filter(|_| program.as_deref() == Some("ollama"));
    Some(AlreadyThere { program, variables: ollama.and_then(|pid| told(environment_of(pid))) })
}

/// Nothing is told of an environment that could not be read: every process has
/// one variable at least.
fn told(environment: Vec<(String, String)>) -> Option<IndexMap<String, String>> {
    if environment.is_empty() {
        return None;
    }
    let known = environment.into_iter().filter(|(name, _)| OF_OLLAMA.contains(&name.as_str()));
    let mut variables: IndexMap<String, String> =
        known.map(|(name, value)| (name, value.chars().take(LONGEST_VALUE).collect())).collect();
    variables.sort_keys();
    Some(variables)
}

fn port_on_this_machine(url: &str) -> Option<u16> {
    let url = reqwest::Url::parse(url).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']);
    let is_near = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_near { url.port_or_known_default() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_no_secret_is_told_of_an_environment() {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let told = told(vec![
            variable("OLLAMA_NUM_PARALLEL", "3"),
            variable("OLLAMA_API_KEY", "secret"),
            variable("OLLAMA_FLASH_ATTENTION", "1"),
            variable("HF_TOKEN", "secret"),
        ]);
        let expected = [variable("OLLAMA_FLASH_ATTENTION", "1"), variable("OLLAMA_NUM_PARALLEL", "3")];
        assert_eq!(told, Some(IndexMap::from(expected)));
        assert_eq!(super::told(Vec::new()), None);
    }

    #[test]
    fn a_server_of_another_machine_is_not_looked_for_here() {
        let urls = ["http://127.0.0.1:11434", "http://localhost", "https://[::1]:1", "http://10.0.0.1:1", "unix:///s"];
        assert_eq!(urls.map(port_on_this_machine), [Some(11434), Some(80), Some(1), None, None]);
    }
}
