//! The script of a plan does by hand what `run` does.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};

use super::folder::{Folder, Said, is_gone};
use super::undisturbed::undisturbed;

/// Two treatments whose steps and servers note in `effects` what they do.
const NOTED: &str = r#"
schema = 1
name = "noted"
title = "Every effect is noted"

[factors]
slots = [1, 2]

[design]
repetitions = 2
rerun = 0
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
    let shells: Vec<_> = ["sh", "bash"].into_iter().filter(|name| is_there(name)).collect();
    assert!(shells.contains(&"sh"));
    shells
}

#[test]
fn a_script_does_what_a_run_does_in_the_same_order() {
    for signal in ["TERM", "INT"] {
        let folder = folder("true", signal);
        let (expected, said) = undisturbed(0, || {
            let run = folder.command("x.toml --quiet").output().unwrap();
            (effects(&folder, &run), Said::of(&folder, &run))
        });
        assert_eq!(expected.0, Some(0), "{said}");
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
