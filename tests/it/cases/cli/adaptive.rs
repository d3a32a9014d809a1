//! A run on a simulated machine that ends when it is precise enough.

use insta::assert_snapshot;

use super::folder::{Folder, RunFolder};
use super::undisturbed::measured;

const ADAPTIVE: &str = r#"
schema = 1
name = "adaptive"
title = "An adaptive experiment"

[design]
repetitions = 2
adaptive = { half_width = "90%", max_repetitions = 7 }
rerun = 0

[[server]]
name = "llama"
api = "llama-server"
model = "llama3.1:8b"
run = ["llama-server", "--port", "{{ port }}"]

[[phase]]
name = "concurrent"
clients = [1, 2]
duration = "300ms"
drain = "0s"
request = { prompt = "hello", max_tokens = 4, temperature = 0, ignore_eos = true }
"#;

/// A run of the scenario, and what it told about its looks.
fn run(folder: &Folder, options: &str) -> (RunFolder, String) {
    let said = measured(folder, &format!("x.toml --simulate h100 {options}"));
    assert_eq!(said.code, Some(0), "{said}");
    let said_of_looks = |line: &&str| line.contains(" blocks: ");
    let told = said.to_string().lines().filter(said_of_looks).collect::<Vec<_>>().join("\n");
    (said.run(), numbers_out(&told))
}

/// Percentages as `N %`, and cells as `CELL`.
fn numbers_out(text: &str) -> String {
    let text = regex::Regex::new(r"\d+\.\d %").unwrap().replace_all(text, "N %").into_owned();
    regex::Regex::new(r"default/concurrent/clients=\d").unwrap().replace_all(&text, "CELL").into_owned()
}

/// Blocks that were measured, what the report says of the looks, and what was
/// skipped.
fn told(run: &RunFolder) -> String {
    let events = run.records("events.jsonl");
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    let decisions: Vec<String> =
        of("look").iter().map(|look| format!("{} {}", look["blocks"], look["decision"])).collect();
    let report = run.read("SIMULATED-summary.md");
    let rows: Vec<&str> = report
        .lines()
        .filter(|line| ["| Look", "| Design", "| Tests"].iter().any(|row| line.starts_with(row)))
        .collect();
    let (epochs, skipped) = (of("epoch_started").len(), of("cell_skipped").len());
    let told = format!("{epochs} epochs, {skipped} skipped, {}\n{}", decisions.join(", "), rows.join("\n"));
    numbers_out(&told)
}

#[test]
fn a_run_stops_at_the_first_look_at_which_it_is_precise_enough() {
    let folder = Folder::with(ADAPTIVE);
    let (run, said) = run(&folder, "");
    assert_snapshot!(format!("{said}\n{}", told(&run)), @r#"
    stopped after 5 blocks: the widest half-width was N % of `output_throughput`, in `CELL`; at most N % was asked for
    5 epochs, 0 skipped, 5 "stopped"
    | Design | 5 to 7 blocks, at most 7 epochs, 2 cells |
    | Look 1 | Stopped after 5 blocks: the widest half-width was N % of \`output_throughput\`, in \`CELL\`; at most N % was asked for |
    | Tests | Verdicts, comparisons and rules err at most 5 % of the time over the 2 looks that were planned; each look has N %. Each interval is one of N %, so that 95 % of them cover over all looks. This run stopped at its first look: where it did by the chance of little spread, intervals cover less, down to 72 % in simulations (\`runexp explain estimators\`). |
    "#);
    let before = run.read("SIMULATED-summary.md");
    assert_eq!(folder.runexp(&format!("report {}", run.path("").display())).code, Some(0));
    assert_eq!(run.read("SIMULATED-summary.md"), before);
}

#[test]
fn a_run_that_never_is_precise_enough_ends_with_its_last_block() {
    let folder = Folder::with(ADAPTIVE);
    let options = "--set design.adaptive.half_width=\"0.1%\" --set design.adaptive.metric=ttft_mean --quiet";
    let (run, said) = run(&folder, options);
    assert_eq!(said, "");
    assert_snapshot!(told(&run), @r#"
    7 epochs, 0 skipped, 5 "went_on", 7 "reached_maximum"
    | Design | 5 to 7 blocks, at most 7 epochs, 2 cells |
    | Look 1 | Went on after 5 blocks: the widest half-width was N % of \`ttft_mean\`, in \`CELL\`; at most N % was asked for |
    | Look 2 | Reached 7 blocks: the widest half-width was N % of \`ttft_mean\`, in \`CELL\`; at most N % was asked for |
    | Tests | Verdicts, comparisons and rules err at most 5 % of the time over the 2 looks that were planned; each look has N %. Each interval is one of N %, so that 95 % of them cover over all looks. |
    "#);
}

#[test]
fn a_plan_says_how_many_blocks_it_may_be() {
    let folder = Folder::with(ADAPTIVE);
    let plan = folder.runexp("plan x.toml --set design.repetitions=6 --set design.adaptive.max_repetitions=15");
    assert_snapshot!(plan.to_string().lines().find(|line| line.starts_with("seed")).unwrap(), @"seed 1 · 6 to 15 blocks · 1 treatment · at most 15 epochs · 30 measurements · at least 3s 600ms");
    let plan: serde_json::Value = serde_json::from_str(&folder.runexp("plan x.toml --format json").stdout).unwrap();
    assert_eq!(plan["looks"]["after"], serde_json::json!([5, 7]));
}

#[test]
fn what_an_adaptive_design_cannot_be_is_told_at_its_place() {
    let folder = Folder::with(ADAPTIVE);
    folder
        .write("y.toml", &ADAPTIVE.replace("max_repetitions = 7", "max_repetitions = 4, metric = \"output\", hlf = 1"));
    folder.write("z.toml", &ADAPTIVE.replace("repetitions = 2", "replicate = \"phase\"").replace("90%", "0%"));
    assert_snapshot!([folder.runexp("check y.toml").to_string(), folder.runexp("check z.toml").to_string()].join("\n"), @r#"
    exit 2

    stdout:

    stderr:
    error[E008]: `max_repetitions` is 4 but must be from 5 to 1000
     --> y.toml:8:52
      |
    8 | adaptive = { half_width = "90%", max_repetitions = 4, metric = "output", hlf = 1 }
      |                                                    ^

    error[E013]: there is no metric `output`
     --> y.toml:8:64
      |
    8 | adaptive = { half_width = "90%", max_repetitions = 4, metric = "output", hlf = 1 }
      |                                                                ^^^^^^^^
      |
      = help: 77 names are known here, these among them: `output_throughput`, `output_tokens_mean`, `output_throughput_steady`, `goodput`, `tpot_p50`, `tpot_p95`

    error[E005]: unknown key `hlf`
     --> y.toml:8:74
      |
    8 | adaptive = { half_width = "90%", max_repetitions = 4, metric = "output", hlf = 1 }
      |                                                                          ^^^
      |
      = help: known here: `half_width`, `max_repetitions`, `metric`
    checked 1 file: 3 errors, 0 warnings

    exit 2

    stdout:

    stderr:
    error[E009]: `adaptive` cannot stand beside `replicate = "phase"`
     --> z.toml:8:12
      |
    8 | adaptive = { half_width = "0%", max_repetitions = 7 }
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: the last treatment's servers start only when all others have all their blocks

    error[E008]: `half_width` is 0 but must be from 0.001 to 1
     --> z.toml:8:27
      |
    8 | adaptive = { half_width = "0%", max_repetitions = 7 }
      |                           ^^^^
    checked 1 file: 2 errors, 0 warnings
    "#);
}
