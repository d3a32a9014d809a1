//! What `plan` shows, and that its script does by hand what `run` does.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};

use super::folder::{Folder, is_gone};

/// Two treatments whose steps and servers note in `effects` what they do.
const NOTED: &str = r#"
schema = 1
name = "noted"
title = "Every effect is noted"

[factors]
slots = [1, 2]

[design]
repetitions = 2
seed = 5
cooldown = { at_most = "1s" }

[[setup]]
name = "it's a knob"
shell = { script = "echo \"knob $HOW\" >>effects", undo = "echo \"knob off, $HOW\" >>effects", env = { HOW = "two words" } }

[[setup]]
name = "a tool"
run = { argv = ["sh", "-c", "echo \"$0 $1\" >>../effects", "a tool", "on; off"], dir = "tools", check = ["test", "-e", "../effects"], undo = ["sh", "-c", "echo tool off >>../effects"] }

[[setup]]
name = "refused"
on_error = "warn"
retries = 1
shell = { script = "echo refused >>effects; exit 1", undo = "echo refused, undone >>effects" }

[[epoch.setup]]
name = "epoch"
shell = { script = "echo 'slots {{ slots }}' >>effects; FAILING", undo = "echo 'slots {{ slots }} off' >>effects" }

[[server]]
name = "python"
api = "openai"
model = "m"
port = PORT
run = ["sh", "server.sh", "{{ port }}", "{{ slots }}"]
ready = { http = "/v1/models", log = "^loading the \\w+$", within = "20s" }
stop = { signal = "SIGNAL", within = "10s" }

[[phase]]
name = "load"
clients = 1
duration = "100ms"
drain = "1s"
request = { prompt = "hello", max_tokens = 3 }

[[teardown]]
name = "the end"
shell = { script = "echo the end >>effects", undo = "echo the end, undone >>effects" }
"#;

const SERVER: &str = r#"
echo "server $2 up" >>effects
python3 server.py "$1" good &
trap 'echo "server $2 down" >>effects; kill "$!"; exit 0' TERM INT
wait
"#;

/// A folder with the scenario and its server. `failing` is a shell's word on
/// the epoch's step.
fn folder(failing: &str, signal: &str) -> Folder {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let scenario = NOTED.replace("PORT", &port.to_string()).replace("FAILING", failing).replace("SIGNAL", signal);
    let folder = Folder::with(&scenario);
    folder.write("server.py", include_str!("server.py"));
    folder.write("server.sh", SERVER);
    std::fs::create_dir(folder.path("tools")).unwrap();
    folder
}

/// The script of the scenario, written beside it.
fn write_script(folder: &Folder) {
    let said = folder.runexp("plan x.toml --script");
    assert_eq!(said.code, Some(0), "{said}");
    folder.write("by-hand.sh", &said.stdout);
}

fn shell(folder: &Folder, shell: &str) -> Command {
    let mut command = Command::new(shell);
    command.arg("by-hand.sh").current_dir(folder.path(""));
    command
}

/// The exit code and what was noted, which is then forgotten.
fn effects(folder: &Folder, output: &Output) -> (Option<i32>, String) {
    let effects = folder.read("effects");
    std::fs::remove_file(folder.path("effects")).unwrap();
    (output.status.code(), effects)
}

fn is_there(shell: &str) -> bool {
    Command::new(shell).args(["-c", ":"]).status().is_ok_and(|status| status.success())
}

/// The shells there are; on Debian `sh` is dash.
fn shells() -> Vec<&'static str> {
    ["sh", "bash"].into_iter().filter(|name| is_there(name)).collect()
}

#[test]
fn a_script_does_what_a_run_does_in_the_same_order() {
    for signal in ["TERM", "INT"] {
        let folder = folder("true", signal);
        let run = folder.command("x.toml --quiet").output().unwrap();
        let expected = effects(&folder, &run);
        assert_eq!(expected.0, Some(0), "{}", String::from_utf8_lossy(&run.stderr));
        write_script(&folder);
        for name in shells() {
            let done = shell(&folder, name).output().unwrap();
            assert_eq!(effects(&folder, &done), expected, "{name}: {}", String::from_utf8_lossy(&done.stderr));
            assert!(is_gone(&folder.read("server.pid")), "{name}");
        }
    }
}

#[test]
fn a_script_that_fails_on_its_way_undoes_what_it_did_as_a_run_does() {
    let folder = folder("test {{ slots }} = 1", "TERM");
    let run = folder.command("x.toml --quiet").output().unwrap();
    let expected = effects(&folder, &run);
    assert_eq!(expected.0, Some(3));
    write_script(&folder);
    for name in shells() {
        assert_eq!(effects(&folder, &shell(&folder, name).output().unwrap()), expected, "{name}");
    }
    assert_snapshot!(expected.1);
}

#[test]
fn a_script_that_is_ended_by_a_signal_undoes_what_it_did() {
    let folder = folder("true", "TERM");
    write_script(&folder);
    for name in shells() {
        // The load ends when the signal has been sent.
        let mut command = shell(&folder, name);
        command.env("MEASURE", "echo measured >>effects; while test ! -e signalled; do sleep 0.05; done");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while !std::fs::read_to_string(folder.path("effects")).is_ok_and(|text| text.contains("measured")) {
            assert!(Instant::now() < deadline, "{name}: nothing was measured");
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        folder.write("signalled", "");
        let status = child.wait().unwrap();
        let output = Output { status, stdout: Vec::new(), stderr: Vec::new() };
        let (code, effects) = effects(&folder, &output);
        std::fs::remove_file(folder.path("signalled")).unwrap();
        assert_eq!(code, Some(143), "{name}");
        assert_snapshot!("signalled", effects);
        assert!(is_gone(&folder.read("server.pid")), "{name}");
    }
}

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
wait = { http = "http://me:secret@127.0.0.1:9/there" }

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
        "scenario title seed blocks baseline setup epochs teardown cooldown cells prompts derived"
    );
}

#[test]
fn a_script_names_every_command_and_no_password() {
    let folder = small();
    let said = folder.runexp("plan x.toml --script").to_string();
    let (head, rest) = said.split_once("# ---- helpers").unwrap();
    assert_snapshot!(without_digest(&format!("{head}{}", rest.split_once("# ---- this plan").unwrap().1)));
    assert!(!said.contains("secret"));
}

#[test]
fn scripts_of_shipped_scenarios_are_right_for_every_shell() {
    let folder = Folder::new();
    for scenario in ["mps_vs_multi", "quickstart"] {
        let path = format!("{}/scenarios/{scenario}.toml", env!("CARGO_MANIFEST_DIR"));
        let said = folder.runexp(&format!("plan {path} --script"));
        assert_eq!(said.code, Some(0), "{said}");
        folder.write("by-hand.sh", &said.stdout);
        for name in ["sh", "bash", "dash"].into_iter().filter(|name| is_there(name)) {
            let checked = Command::new(name).arg("-n").arg(folder.path("by-hand.sh")).output().unwrap();
            assert!(checked.status.success(), "{name}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}
