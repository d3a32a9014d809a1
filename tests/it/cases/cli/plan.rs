//! What `plan` shows to people and programs.

use insta::assert_snapshot;

use super::folder::Folder;

/// One server of each origin, a rate, a count, and a step that needs root.
const SMALL: &str = r#"
schema = 1
name = "small"
title = "Small\u0007 and 'quoted'"

[vars]
origin = "url"

[design]
repetitions = 2
seed = 3
cooldown = { gpu_below_c = 55, at_most = "30s" }

[[setup]]
name = "knob"
privileged = true
run = { argv = ["sysctl", "-w", "vm.swappiness=1"], dir = "/", undo = ["sysctl", "-w", "vm.swappiness=60"] }

[[setup]]
sleep = "5s"

[[setup]]
name = "there"
retries = 2
timeout = "10s"
wait = { http = "http://127.0.0.1:9/there" }

[[server]]
name = "ours"
api = "openai"
model = "m"
run = ["serve", "--port", "{{ port }}"]
env = { MODEL = "it's m" }
ready = { http = "/health", log = "^ready$", within = "20s" }
stop = { signal = "INT", within = "5s" }
preload = { within = "1m" }

[[server]]
name = "theirs"
api = "openai"
model = "m"
url = "http://127.0.0.1:9"
ready = { within = "10s" }

[[server]]
name = "composed"
api = "openai"
model = "m"
compose = { file = "docker-compose.yml", service = "web" }
env = { PORT = "{{ port }}" }
ready = { http = "/v1/models", within = "30s" }

[[phase]]
name = "by rate"
rate = 10.0
arrival = "constant"
warmup = "1s"
duration = "9s"
drain = "2s"
request = { prompts = "prompts.txt", max_tokens = 8 }

[[phase]]
name = "by count"
clients = 2
requests = 50
drain = "2s"
request = { prompt = "hello", max_tokens = 8 }
"#;

fn small() -> Folder {
    let folder = Folder::with(SMALL);
    folder.write("prompts.txt", "one\ntwo\nthree\n");
    folder.write("docker-compose.yml", "services: { web: { image: none } }\n");
    folder
}

/// It covers the paths of prompt files, and so the folder's own.
fn without_digest(text: &str) -> String {
    regex::Regex::new(r"\b[0-9a-f]{64}\b").unwrap().replace(text, "SHA-256").into_owned()
}

#[test]
fn a_plan_tells_rights_time_and_files() {
    assert_snapshot!(small().runexp("plan x.toml"));
}

#[test]
fn a_plan_at_length_shows_every_command_in_its_place() {
    let folder = small();
    let said = folder.runexp("plan x.toml -v").to_string();
    assert_snapshot!(said.split_once("\nin order").unwrap().1);
}

#[test]
fn what_follows_from_a_plan_is_there_for_programs() {
    let folder = small();
    let said = folder.runexp("plan x.toml --format json");
    let whole: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let derived = serde_json::to_string_pretty(&whole["derived"]).unwrap();
    assert_snapshot!(without_digest(&folder.redacted(&derived)));
    let keys: Vec<_> = whole.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys.join(" "),
        "scenario title seed blocks looks baseline setup epochs teardown cooldown rerun cells prompts facts derived"
    );
}

#[test]
fn a_script_names_every_command() {
    let folder = small();
    let said = folder.runexp("plan x.toml --script").to_string();
    let (head, rest) = said.split_once("# ---- helpers").unwrap();
    assert_snapshot!(without_digest(&format!("{head}{}", rest.split_once("# ---- this plan").unwrap().1)));
}
