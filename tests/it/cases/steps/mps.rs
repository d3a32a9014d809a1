use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use runexp::process::pid_is_alive;
use serde_json::json;

use super::world::{pid_in, step, world};

/// Does what the real one does with `-d`, `get_server_list` and `quit`.
const FAKE_MPS: &str = r#"#!/bin/sh
pid="$CUDA_MPS_PIPE_DIRECTORY/nvidia-cuda-mps-control.pid"
case "$1" in
-d) setsid "$0" --daemon < /dev/null > /dev/null 2>&1 &
    until test -s "$pid"; do sleep 0.01; done; exit ;;
--daemon) echo $$ > "$pid"; while :; do sleep 0.05; done ;;
esac
read -r line
test -s "$pid" || { echo "Cannot find MPS control daemon process"; exit 1; }
test "$line" != quit || { kill "$(cat "$pid")"; rm "$pid"; }
"#;

/// Written by a child: no descriptor of ours may be open for writing when
/// another test's child is forked, or the script could not be executed.
pub(super) fn write_program(path: &Path, text: &str) {
    let script = r#"printf %s "$1" > "$2" && chmod +x "$2""#;
    assert!(Command::new("sh").args(["-c", script, "sh", text]).arg(path).status().unwrap().success());
}

#[tokio::test]
async fn mps_is_started_in_a_private_folder_seen_and_quit() {
    let mut world = world();
    let control = world.path("nvidia-cuda-mps-control");
    write_program(&control, FAKE_MPS);
    let started = world.perform(&step(&json!({"mps": {"action": "start", "control": control}}))).await.unwrap();
    let pipe = world.path("mps");
    assert_eq!(started.server_env["CUDA_MPS_PIPE_DIRECTORY"], pipe.to_str().unwrap());
    let pid = pid_in(&pipe.join("nvidia-cuda-mps-control.pid")).unwrap();
    assert_eq!(started.facts[1].value, pid.to_string());

    let present = world.perform(&step(&json!({"mps": {"action": "absent"}}))).await.unwrap_err();
    assert!(present.to_string().starts_with("an MPS daemon is running: "), "{present}");

    assert!(world.undo.unwind().await.is_empty());
    assert!(!pid_is_alive(pid) && !pipe.exists());
    assert_snapshot!(world.journal(), @r"
    0 remove_dir intent
    1 quit_mps intent
    0 remove_dir done
    1 quit_mps done
    1 quit_mps undone
    0 remove_dir undone
    ");
}

#[tokio::test]
async fn mps_without_its_control_program_says_what_to_install() {
    let mut world = world();
    let start = json!({"mps": {"action": "start", "control": "no-mps-control"}});
    let error = world.perform(&step(&start)).await.unwrap_err();
    assert_snapshot!(format!("{error}\nhelp: {}", error.help().unwrap()), @r"
    `no-mps-control` was not found
    help: install the NVIDIA driver's compute utilities, which bring it, or set `control` to its path
    ");
    assert!(world.undo.unwind().await.is_empty());
    assert!(!world.path("mps").exists());
}
