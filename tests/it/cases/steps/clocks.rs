//! `lock_clocks` by a script that keeps its clocks in files.

use insta::assert_snapshot;
use serde_json::json;

use super::mps::write_program;
use super::world::{step, world};

/// Locks, resets and queries as the real one does; a second word in `hot` keeps
/// the clock up.
const FAKE_SMI: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >> calls
case "$3" in
--lock-gpu-clocks=*) echo "${3##*,}" > graphics ;;
--lock-memory-clocks=*) echo "${3##*,}" > memory ;;
--reset-gpu-clocks) rm -f graphics ;;
--reset-memory-clocks) rm -f memory ;;
--query-gpu=*) test -e mute && { echo "[N/A], [N/A]"; exit; }
    test -e hot && { echo "1980, 2619"; exit; }
    echo "$(cat graphics || echo 345), $(cat memory || echo 2619)" ;;
esac
"#;

#[tokio::test]
async fn clocks_are_locked_read_back_and_set_free() {
    let mut world = world();
    let program = world.path("nvidia-smi");
    write_program(&program, FAKE_SMI);
    let lock = json!({"lock_clocks": {"graphics_mhz": 1500, "memory_mhz": 2619, "gpu": 1, "program": program}});
    let facts = world.perform(&step(&lock)).await.unwrap().facts;
    let facts: Vec<String> = facts.iter().map(|fact| format!("{} = {}", fact.name, fact.value)).collect();
    assert_eq!(facts, ["graphics_clock_mhz = 1500", "memory_clock_mhz = 2619"]);
    assert!(world.path("graphics").exists());
    assert!(world.undo.unwind().await.is_empty());
    assert!(!world.path("graphics").exists() && !world.path("memory").exists());
    assert_snapshot!(std::fs::read_to_string(world.path("calls")).unwrap(), @r"
    -i 1 --lock-gpu-clocks=1500,1500
    -i 1 --lock-memory-clocks=2619,2619
    -i 1 --query-gpu=clocks.current.graphics,clocks.current.memory --format=csv,noheader,nounits
    -i 1 --reset-memory-clocks
    -i 1 --reset-gpu-clocks
    ");
}

#[tokio::test]
async fn a_clock_above_its_lock_or_untold_fails_and_is_still_set_free() {
    let mut errors = Vec::new();
    for state in ["hot", "mute"] {
        let mut world = world();
        let program = world.path("nvidia-smi");
        write_program(&program, FAKE_SMI);
        std::fs::write(world.path(state), "").unwrap();
        let lock = step(&json!({"lock_clocks": {"graphics_mhz": 1500, "program": program}}));
        errors.push(world.perform(&lock).await.unwrap_err().to_string());
        assert!(world.undo.unwind().await.is_empty());
        assert!(!world.path("graphics").exists());
    }
    assert_snapshot!(errors.join("\n"), @r"
    the graphics clock is 1980 MHz although it was locked to 1500 MHz
    `nvidia-smi` does not tell the clocks: `[N/A], [N/A]`
    ");
}

#[tokio::test]
async fn a_machine_without_nvidia_smi_says_so() {
    let lock = json!({"lock_clocks": {"graphics_mhz": 1500, "program": "no-nvidia-smi"}});
    let error = world().perform(&step(&lock)).await.unwrap_err();
    assert_snapshot!(error, @"`no-nvidia-smi` was not found in any folder of `PATH`");
}
