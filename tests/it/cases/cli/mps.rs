//! Servers that are, or are not, the clients of MPS that a scenario wants.

use std::process::Command;

use insta::assert_snapshot;

use super::folder::Folder;
use super::real::scenario;
use super::undisturbed::measured;

/// Two servers, which join MPS as a client of it would: those that know the
/// pipe directory.
fn folder(environment: &str) -> Folder {
    let joins = r#"["sh", "-c", "test -z \"$CUDA_MPS_PIPE_DIRECTORY\" || echo $$ >>\"$CUDA_MPS_PIPE_DIRECTORY/clients\"; exec python3 server.py {{ port }} good"]"#;
    let python = r#"["python3", "server.py", "{{ port }}", "good"]"#;
    let setup = "[[epoch.setup]]\nname = \"MPS on\"\nmps = { action = \"start\", control = \"./nvidia-cuda-mps-control\" }\n\n[[server]]";
    let text = scenario("good").replace(python, joins).replace("[[server]]", setup);
    let text = text.replace("model = \"m\"", &format!("model = \"m\"\ncount = 2\n{environment}"));
    let folder = Folder::with(&text);
    folder.write("server.py", include_str!("server.py"));
    let script = r#"printf %s "$1" > "$2" && chmod +x "$2""#;
    let program = folder.path("nvidia-cuda-mps-control");
    let shim = include_str!("shims/nvidia-cuda-mps-control");
    assert!(Command::new("sh").args(["-c", script, "sh", shim]).arg(program).status().unwrap().success());
    folder
}

#[test]
fn servers_that_joined_are_proven_and_counted() {
    let folder = folder("");
    let said = measured(&folder, "x.toml");
    assert_eq!(said.code, Some(0), "{said}");
    let run = said.run();
    let events = run.records("events.jsonl");
    let witness = events.iter().find(|event| event["event"] == "mps_witnessed").unwrap();
    assert_eq!(witness["declared"], "on");
    let clients = witness["daemon"]["value"].as_array().unwrap();
    let servers = witness["servers"].as_array().unwrap();
    assert_eq!((clients.len(), servers.len()), (2, 2));
    for server in servers {
        assert!(server[1].as_array().unwrap().iter().any(|pid| clients.contains(pid)), "{witness}");
    }
}

#[test]
fn a_server_without_the_pipe_directory_makes_its_cells_invalid() {
    let said = measured(&folder(r#"env = { CUDA_MPS_PIPE_DIRECTORY = "" }"#), "x.toml");
    assert_snapshot!(said, @r"
    exit 4

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    epoch 1/1 · block 1 · default
      step MPS on
      server python[0] ready after TIME
      server python[1] ready after TIME
      [1/1] default/load/clients=1 · N requests
    warning: default/load/clients=1: MPS is on and `python[0]` is not its client
    warning: default/load/clients=1: MPS is on and `python[1]` is not its client
    teardown
    error: nothing valid was measured
      `default/load/clients=1`, block 0: MPS is on and `python[0]` is not its client; MPS is on and `python[1]` is not its client (mps_state)
    help: `runexp explain mps_state` says what this protects against
    report: summary.json summary.md guide.md decision.md
    ");
}

#[test]
fn a_placed_server_runs_on_its_cpus_and_sees_its_gpu() {
    let python = r#"["python3", "server.py", "{{ port }}", "good"]"#;
    let tells = r#"["sh", "-c", "grep Cpus_allowed_list /proc/self/status; env | grep ^CUDA_ | sort; exec python3 server.py {{ port }} good"]"#;
    let text = scenario("good").replace(python, tells);
    let folder = Folder::with(
        &text.replace("model = \"m\"", "model = \"m\"\ncpus = \"{{ index }}\"\ngpu = \"{{ index + 1 }}\""),
    );
    folder.write("server.py", include_str!("server.py"));
    let said = measured(&folder, "x.toml");
    assert_eq!(said.code, Some(0), "{said}");
    assert_snapshot!(said.run().read("logs/001-python-0-.log"), @r"
    Cpus_allowed_list:	0
    CUDA_DEVICE_ORDER=PCI_BUS_ID
    CUDA_VISIBLE_DEVICES=1
    loading the model
    ");
}
