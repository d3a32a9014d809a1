//! `memory_available` of GPUs, and `drop_caches` of files.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use runexp::record::{GpuIdentity, GpuReading, Reading};
use runexp::text::with_causes;
use runexp::units::Bytes;
use serde_json::json;
use tempfile::TempDir;

use super::world::{step, world};

fn gpu(memory: Option<u64>, used: Reading<u64>) -> (GpuIdentity, GpuReading) {
    let uuid = "GPU-1".to_owned();
    let name = "NVIDIA X".to_owned();
    let identity = GpuIdentity { uuid: uuid.clone(), name, memory_bytes: memory.map(Bytes), ..GpuIdentity::default() };
    (identity, GpuReading { uuid, memory_used_bytes: used, ..GpuReading::default() })
}

const GIB: u64 = 1 << 30;

#[tokio::test]
async fn every_gpu_must_have_enough_free() {
    let mut world = world();
    world.gpus = Ok(vec![gpu(Some(80 * GIB), Reading::Value(8 * GIB)), gpu(Some(80 * GIB), Reading::Value(20 * GIB))]);
    let demand = |at_least| step(&json!({"memory_available": {"at_least": at_least, "of": "gpu"}}));
    let facts = world.perform(&demand("75%")).await.unwrap().facts;
    let facts: Vec<String> = facts.iter().map(|fact| format!("{} = {}", fact.name, fact.value)).collect();
    assert_snapshot!(facts.join("\n"), @r"
    gpu0_memory_available_bytes = 77309411328
    gpu0_memory_total_bytes = 85899345920
    gpu1_memory_available_bytes = 64424509440
    gpu1_memory_total_bytes = 85899345920
    ");
    let error = world.perform(&demand("64GiB")).await.unwrap_err();
    assert_snapshot!(error, @"60.0 GiB of 80.0 GiB memory of `NVIDIA X` are available, less than the 64.0 GiB asked for");
}

#[tokio::test]
async fn a_gpu_without_memory_of_its_own_has_the_hosts() {
    let mut world = world();
    world.gpus = Ok(vec![gpu(None, Reading::Absent("not supported".to_owned()))]);
    let demand = |of| step(&json!({"memory_available": {"at_least": "1B", "of": of}}));
    let of_gpu = world.perform(&demand("gpu")).await.unwrap().facts;
    let of_host = world.perform(&demand("host")).await.unwrap().facts;
    assert_eq!(of_gpu[1].value, of_host[1].value);
}

#[tokio::test]
async fn a_gpu_that_cannot_be_asked_is_no_free_gpu() {
    let mut world = world();
    let demand = step(&json!({"memory_available": {"at_least": 1, "of": "gpu"}}));
    let none = world.perform(&demand).await.unwrap_err();
    world.gpus = Ok(vec![gpu(Some(GIB), Reading::Absent("driver error".to_owned()))]);
    let silent = world.perform(&demand).await.unwrap_err();
    assert_snapshot!(format!("{none}\nhelp: {}\n{silent}", none.help().unwrap()), @r"
    no GPU can be asked for its memory: there is none
    help: leave out `of` to look at the host's memory
    `NVIDIA X` does not tell how much of its memory is used: driver error
    ");
}

/// A folder on a disk: what `/tmp` holds may have no other place than memory.
fn on_disk() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// The bytes of a file that are in memory.
fn resident(file: &Path) -> String {
    let arguments = ["--bytes", "--noheadings", "--output", "RES"];
    let output = Command::new("fincore").args(arguments).arg(file).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_file_leaves_the_page_cache() {
    let (mut world, folder) = (world(), on_disk());
    let file = folder.path().join("model.gguf");
    std::fs::write(&file, vec![7; 8 << 20]).unwrap();
    assert_eq!(resident(&file), "8388608");
    let facts = world.perform(&step(&json!({"drop_caches": {"files": [file]}}))).await.unwrap().facts;
    let names: Vec<&str> = facts.iter().map(|fact| fact.name.as_str()).collect();
    assert_eq!(names, ["cached_before_bytes", "cached_after_bytes", "cache_check"]);
    assert_eq!(facts[2].value, "fincore");
    assert_eq!(resident(&file), "0");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let error = world().perform(&step(&json!({"drop_caches": {"files": ["/no/such/file"]}}))).await.unwrap_err();
    assert_snapshot!(
        with_causes(&error),
        @"`/no/such/file` could not be dropped from the page cache: No such file or directory (os error 2)"
    );
}
