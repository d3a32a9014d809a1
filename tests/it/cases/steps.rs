//! Steps against real `sh` children, sockets and files, and their undoing.
#![expect(clippy::disallowed_methods, reason = "a test of effects has effects")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod clocks;
mod kinds;
mod memory;
mod models;
mod mps;
mod world;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use insta::assert_snapshot;
use runexp::process::{Undoing as _, pid_is_alive};
use runexp::record::Undo;
use runexp::scenario::StepSpec;
use runexp::text::with_causes;
use serde_json::json;
use world::{pid_in, step, within, world};

/// Answers every request with `response`, for as long as the test runs.
fn answering(response: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(response.as_bytes());
        }
    });
    port
}

#[tokio::test]
async fn a_command_takes_effect_is_checked_and_is_taken_back() {
    let mut world = world();
    let run = json!({"run": {"argv": ["touch", "a file"], "check": ["test", "-f", "a file"], "undo": ["rm", "-f", "a file"]}});
    world.perform(&step(&run)).await.unwrap();
    assert!(world.path("a file").exists());
    assert!(world.undo.unwind().await.is_empty());
    assert!(!world.path("a file").exists());
    assert!(world.undo.unwind().await.is_empty());
    assert_snapshot!(world.journal(), @r"
    0 command intent
    0 command done
    0 command undone
    ");
}

#[tokio::test]
async fn a_failed_check_says_which_command_failed_and_what_it_wrote() {
    let mut world = world();
    let run =
        json!({"run": {"argv": ["true"], "check": ["sh", "-c", "echo one; echo two >&2; exit 3"], "undo": ["true"]}});
    let error = world.perform(&step(&run)).await.unwrap_err();
    assert_snapshot!(with_causes(&error), @"
    the step ran, but its check failed: `sh -c 'echo one; echo two >&2; exit 3'` ended with exit status: 3; the last lines of its log:
        one
        two
    ");
    assert_snapshot!(world.journal(), @"0 command intent");
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let error = world().perform(&step(&json!({"run": {"argv": ["no-such-program"]}}))).await.unwrap_err();
    assert_snapshot!(error, @"`no-such-program` was not found");
}

#[tokio::test]
async fn a_step_that_takes_too_long_leaves_no_grandchild() {
    let mut world = world();
    let script = "trap '' TERM; sleep 1000 & echo $! > grandchild; wait";
    let error = world.perform(&within(1000, step(&json!({"shell": {"script": script}})))).await.unwrap_err();
    assert_snapshot!(error, @"`sh -c 'trap '\\'''\\'' TERM; sleep 1000 & echo $! > grandchild; wait'` did not end within 1s; its log is empty");
    assert!(!pid_is_alive(pid_in(&world.path("grandchild")).unwrap()));
}

#[tokio::test]
async fn a_cancelled_step_ends_at_once_and_is_not_tried_again() {
    let mut world = world();
    let (grandchild, cancel) = (world.path("grandchild"), world.cancel.clone());
    let watcher = tokio::spawn({
        let grandchild = grandchild.clone();
        async move {
            while pid_in(&grandchild).is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            cancel.cancel();
        }
    });
    let script = json!({"shell": {"script": "sleep 1000 & echo $! > grandchild; wait"}});
    let error = world.perform(&StepSpec { retries: 9, ..step(&script) }).await.unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    watcher.await.unwrap();
    assert!(!pid_is_alive(pid_in(&grandchild).unwrap()));
    let error = world.perform(&step(&json!({"sleep": "1h"}))).await.unwrap_err();
    assert!(error.is_cancelled(), "{error}");
}

#[tokio::test]
async fn a_program_with_a_path_is_found_from_the_scenario() {
    let mut world = world();
    let make = "mkdir sub && printf '#!/bin/sh\npwd > where\n' > sub/tool && chmod +x sub/tool";
    world.perform(&step(&json!({"shell": {"script": make}}))).await.unwrap();
    world.perform(&step(&json!({"run": {"argv": ["./tool"], "dir": "sub"}}))).await.unwrap();
    let place = std::fs::read_to_string(world.path("sub/where")).unwrap();
    assert_eq!(place.trim(), world.path("sub").to_str().unwrap());
}

#[tokio::test]
async fn a_shell_step_has_its_environment_and_is_tried_again() {
    let mut world = world();
    let script = r#"echo "$WHO" >> tries; test "$(wc -l < tries)" -eq 2"#;
    let shell = step(&json!({"shell": {"script": script, "env": {"WHO": "me & you"}}}));
    world.perform(&StepSpec { retries: 1, ..shell }).await.unwrap();
    assert_eq!(std::fs::read_to_string(world.path("tries")).unwrap(), "me & you\nme & you\n");
}

#[tokio::test]
async fn the_log_of_a_chatty_command_is_bounded() {
    let mut world = world();
    world.perform(&step(&json!({"shell": {"script": "head -c 20000000 /dev/zero"}}))).await.unwrap();
    assert!(world.path("step.log").metadata().unwrap().len() <= 8 * 1024 * 1024);
}

#[tokio::test]
async fn waiting_ends_when_a_file_a_port_or_a_page_is_there() {
    let mut world = world();
    let port = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let file = world.path("late");
    let writer = std::thread::spawn(move || std::fs::write(file, "").unwrap());
    for wait in [
        json!({"file": "late"}),
        json!({"tcp": format!("127.0.0.1:{port}")}),
        json!({"http": format!("http://127.0.0.1:{port}/")}),
    ] {
        world.perform(&step(&json!({"wait": wait}))).await.unwrap();
    }
    writer.join().unwrap();
}

#[tokio::test]
async fn waiting_in_vain_says_what_was_seen_last() {
    let mut world = world();
    let port = answering("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let mut errors = Vec::new();
    for wait in [json!({"file": "never"}), json!({"http": format!("http://me:secret@127.0.0.1:{port}/")}), json!({})] {
        errors.push(world.perform(&within(500, step(&json!({"wait": wait})))).await.unwrap_err().to_string());
    }
    assert_snapshot!(errors.join("\n").replace(&port.to_string(), "PORT"), @r"
    waited 500ms in vain: `never` does not exist
    waited 500ms in vain: `http://127.0.0.1:PORT/` answered 503 Service Unavailable
    `wait` needs one of `http`, `tcp` and `file`
    ");
}

#[tokio::test]
async fn an_http_step_wants_its_status_and_shows_the_answer_it_got() {
    let mut world = world();
    let port = answering("HTTP/1.1 404 No\r\ncontent-length: 17\r\nconnection: close\r\n\r\nno such\u{7} model `x`");
    let url = format!("http://127.0.0.1:{port}/api/pull");
    world.perform(&step(&json!({"http": {"url": url, "status": 404}}))).await.unwrap();
    let error = world.perform(&step(&json!({"http": {"url": url, "json": {"name": "x"}}}))).await.unwrap_err();
    let shown = error.to_string().replace(&port.to_string(), "PORT");
    assert_snapshot!(shown, @"`http://127.0.0.1:PORT/api/pull` answered 404 instead of a 2xx status: no such model `x");
}

#[tokio::test]
async fn too_little_memory_is_said_in_figures() {
    let mut world = world();
    let demand = |floor| step(&json!({"memory_available": {"at_least": floor}}));
    let facts = world.perform(&demand(json!({"bytes": 1}))).await.unwrap().facts;
    let names: Vec<&str> = facts.iter().map(|fact| fact.name.as_str()).collect();
    assert_eq!(names, ["memory_available_bytes", "memory_total_bytes"]);
    let error = world.perform(&demand(json!({"bytes": "1000000GiB"}))).await.unwrap_err();
    assert!(error.to_string().ends_with(" memory are available, less than the 1000000.0 GiB asked for"), "{error}");
    assert_eq!(error.help(), Some("end what uses the memory, or lower `at_least`"));
}

#[tokio::test]
async fn the_last_effect_is_undone_first_and_a_failure_does_not_stop_the_rest() {
    let mut world = world();
    for undo in ["echo first >> order", "echo second >> order; exit 4", "echo third >> order"] {
        world.perform(&step(&json!({"shell": {"script": "true", "undo": undo}}))).await.unwrap();
    }
    let mark = world.undo.mark();
    world.undo.register(Undo::RemoveDir { path: world.path("never made") }).unwrap();
    assert!(world.undo.unwind_to(mark).await.is_empty());
    world.journal();
    let failures = world.undo.unwind().await;
    assert_eq!(std::fs::read_to_string(world.path("order")).unwrap(), "third\nsecond\nfirst\n");
    let told: Vec<String> =
        failures.iter().map(|failure| format!("{}\nhelp: {}", failure.told(), failure.help())).collect();
    assert_snapshot!(told.join("\n").replace(world.dir.path().to_str().unwrap(), "DIR"), @"
    `the step` was not undone: `sh -c 'echo second >> order; exit 4'` ended with exit status: 4; its log is empty
    help: cd DIR && sh -c 'echo second >> order; exit 4'
    ");
    assert_snapshot!(world.journal(), @r"
    2 command undone
    1 command failed
    0 command undone
    ");
}
