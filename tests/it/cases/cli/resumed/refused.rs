//! Runs that cannot go on.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::super::simulated;
use super::{resume, tiny};

#[test]
fn another_scenario_seed_machine_or_choice_is_refused_and_nothing_is_changed() {
    let folder = tiny(2);
    let run = simulated::run(&folder, "--set design.repetitions=1");
    let before: Vec<String> = ["manifest.json", "plan.json", "events.jsonl"].map(|name| run.read(name)).to_vec();
    let refused = |options: &str| folder.redacted(&resume(&folder, &run, options).to_string());
    let mut told = String::new();
    for options in [
        "--simulate h100 --seed 12",
        "--simulate h100 --set vars.window=\"1s\" --set phase.0.drain=\"1s\"",
        "--simulate h100 --only slots=1",
        "--simulate dgx-spark",
        "",
    ] {
        let said = refused(options).replace("\n\nstdout:\n\nstderr:", "");
        writeln!(told, "{options}\n{said}").unwrap();
    }
    assert_snapshot!(told, @r#"
    --simulate h100 --seed 12
    exit 2
    error: the run cannot be resumed, because what it would measure now is not what it has measured:
      the seed: 11 then, 12 now

    --simulate h100 --set vars.window="1s" --set phase.0.drain="1s"
    exit 2
    error: the run cannot be resumed, because what it would measure now is not what it has measured:
      `phase.0.drain` was `"0s"`, now `"1s"`
      `vars.window` was `"150ms"`, now `"1s"`

    --simulate h100 --only slots=1
    exit 2
    error: the run cannot be resumed, because what it would measure now is not what it has measured:
      the number of cells: 4 then, 2 now
      `slots=2/concurrent/clients=1` is planned no more
      `slots=2/concurrent/clients=2` is planned no more

    --simulate dgx-spark
    exit 2
    error: the run cannot be resumed, because what it would measure now is not what it has measured:
      the simulated machine: `h100` then, `dgx-spark` now
      the GPUs: `NVIDIA H100 80GB HBM3` (GPU-simulated-h100) then, `NVIDIA GB10` (GPU-simulated-dgx-spark) now


    exit 2
    error: the run cannot be resumed, because what it would measure now is not what it has measured:
      the simulated machine: `h100` then, none now
      the GPUs: `NVIDIA H100 80GB HBM3` (GPU-simulated-h100) then, none now
    "#);
    let after: Vec<String> = ["manifest.json", "plan.json", "events.jsonl"].map(|name| run.read(name)).to_vec();
    assert_eq!(before, after);
}

#[test]
fn another_machine_is_refused_with_all_that_differs() {
    let folder = tiny(2);
    let run = simulated::run(&folder, "--set design.repetitions=1");
    let mut manifest = run.json("manifest.json");
    manifest["runexp"] = "0.0.9".into();
    for (fact, then) in [("kernel", "Linux 5.0"), ("cpu", "Z80"), ("driver", "550.1")] {
        manifest["environment"][fact] = then.into();
    }
    manifest["environment"]["gpus"][0]["uuid"] = "GPU-other".into();
    std::fs::write(run.path("manifest.json"), manifest.to_string()).unwrap();
    let now = run.json("manifest.json");
    let said = resume(&folder, &run, "--simulate h100").to_string();
    let here =
        |text: &str| regex::Regex::new(r"then, `[^`]*` now").unwrap().replace_all(text, "then, HERE now").into_owned();
    assert_snapshot!(here(&said), @r"
    exit 2

    stdout:

    stderr:
    error: the run cannot be resumed, because what it would measure now is not what it has measured:
      runexp: 0.0.9 then, 0.1.0 now
      the kernel: `Linux 5.0` then, HERE now
      the CPU: `Z80` then, HERE now
      the GPUs: `NVIDIA H100 80GB HBM3` (GPU-other) then, `NVIDIA H100 80GB HBM3` (GPU-simulated-h100) now
      the GPU driver: `550.1` then, none now
    ");
    assert_eq!(run.json("manifest.json"), now);
}

#[test]
fn a_run_that_is_not_there_is_told() {
    assert_snapshot!(tiny(1).runexp("x.toml --simulate h100 --resume 20250101T000000Z-00000000"), @r"
    exit 2

    stdout:

    stderr:
    error: there is no run `RUN-ID`: it is neither a run directory nor the id of one in `results`
    ");
}
