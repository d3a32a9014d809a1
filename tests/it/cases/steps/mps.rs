use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use runexp::process::pid_is_alive;
use serde_json::json;

use super::world::{pid_in, step, world};

const FAKE_MPS: &str = include_str!("../cli/shims/nvidia-cuda-mps-control");

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
async fn the_limits_of_clients_are_told_to_daemon_and_servers_and_checked() {
    let mut world = world();
    let control = world.path("nvidia-cuda-mps-control");
    write_program(&control, FAKE_MPS);
    let limits = json!({"mps": {"action": "start", "control": control, "active_thread_percentage": 50,
        "pinned_memory_limit": "8GiB", "client_priority": "below-normal"}});
    let started = world.perform(&step(&limits)).await.unwrap();
    let told: Vec<String> = started.server_env.iter().skip(2).map(|(name, value)| format!("{name}={value}")).collect();
    assert_snapshot!(told.join("\n"), @r"
    CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=50
    CUDA_MPS_PINNED_DEVICE_MEM_LIMIT=0=8192M
    CUDA_MPS_CLIENT_PRIORITY=1
    ");
    assert!(world.undo.unwind().await.is_empty());

    write_program(&control, &FAKE_MPS.replace("cat \"$pipe/share\"", "echo 100.0"));
    let deaf = world.perform(&step(&limits)).await.unwrap_err();
    assert_snapshot!(deaf, @"the MPS control daemon gives its clients 100.0 % of the threads, not 50 %");
    assert!(world.undo.unwind().await.is_empty());
}

#[tokio::test]
async fn a_client_that_is_left_is_terminated_and_the_server_is_gone_with_the_daemon() {
    let mut world = world();
    let control = world.path("nvidia-cuda-mps-control");
    write_program(&control, FAKE_MPS);
    world.perform(&step(&json!({"mps": {"action": "start", "control": control}}))).await.unwrap();
    let pipe = world.path("mps");
    std::fs::write(pipe.join("clients"), "4242\n").unwrap();
    let server = loop {
        match pid_in(&pipe.join("server")) {
            Some(server) => break server,
            None => tokio::task::yield_now().await,
        }
    };
    assert!(pid_is_alive(server));
    assert!(world.undo.unwind().await.is_empty());
    assert!(!pid_is_alive(server) && !pipe.exists());
    assert_eq!(std::fs::read_to_string(world.path("undo.log")).unwrap(), format!("{server}\n4242\n"));
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
