//! One treatment under two labels.

use insta::assert_snapshot;
use regex::Regex;

use super::folder::Folder;
use super::simulated::TINY;
use super::undisturbed::measured;

#[test]
fn the_noise_of_the_baseline_is_told_by_metric_and_kept() {
    let folder = Folder::with(TINY);
    let said = measured(&folder, "calibrate x.toml --simulate h100 --quiet --set design.repetitions=3");
    assert_eq!(said.code, Some(0), "{said}");
    let run = said.run();
    let noise = run.read("SIMULATED-noise.md");
    assert!(said.stdout.contains(&noise), "{said}");
    let (rows, words): (Vec<&str>, Vec<&str>) = noise.lines().partition(|line| line.starts_with("| label=A"));
    let row = r"^\| label=A,slots=1/concurrent/clients=\d \| [^|]+ \| \d+\.\d % \| \d+\.\d{3} \[\d+\.\d{3}, \d+\.\d{3}\] \| [23] \| \d+\.\d % \| [0-9a-z ]+ \|$";
    let row = Regex::new(row).unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|line| row.is_match(line)), "{noise}");
    assert_snapshot!(words.join("\n"), @r#"
    # Noise of A tiny experiment

    > **SIMULATED on h100: no figure in this document was measured on a real server.**
    > NVIDIA H100 80GB HBM3 with llama-server and Llama 3.1 8B Q4_K_M. Use these figures to plan an experiment, never to report one.

    One treatment was measured under two labels, in random order within 3 blocks: whatever differs between A and B is noise of this machine.

    | SIMULATED: Cell | Metric | Spread (CV) | B ÷ A | Blocks | Smallest difference | Blocks for 3 % |
    |---|---|---|---|---|---|---|

    "Spread" is that of a repetition. The "smallest difference" is what the 95 % interval of a ratio of two treatments would just tell from none, with so many blocks; "blocks for 3 %" is how many it takes for one of 3 %. B ÷ A should have 1 in its interval for about 19 of 20 metrics.
    "#);
    let plan = run.json("plan.json");
    assert_eq!(
        plan["cells"].as_object().unwrap().keys().collect::<Vec<_>>(),
        [
            "label=A,slots=1/concurrent/clients=1",
            "label=A,slots=1/concurrent/clients=2",
            "label=B,slots=1/concurrent/clients=1",
            "label=B,slots=1/concurrent/clients=2",
        ]
    );
    assert_eq!(plan["epochs"].as_array().unwrap().len(), 6);
    let again = folder.runexp(&format!("report {}", run.path("").display()));
    assert_eq!((again.code, run.read("SIMULATED-noise.md")), (Some(0), noise));
}

#[test]
fn a_choice_of_cells_chooses_the_treatment_and_one_block_tells_no_noise() {
    let folder = Folder::with(TINY);
    let said = folder.runexp("calibrate x.toml --simulate h100 --quiet --only slots=2*clients=1");
    let run = said.run();
    assert_snapshot!(run.read("SIMULATED-noise.md").lines().last().unwrap(), @"No metric has a value under both labels in two blocks or more: nothing can be said of the noise. It takes at least two `repetitions`; the report says what else was wrong.");
    let cells = run.json("plan.json")["cells"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(cells, ["label=A,slots=2/concurrent/clients=1", "label=B,slots=2/concurrent/clients=1"]);
    assert!(run.read("SIMULATED-summary.md").contains("runexp calibrate results/tiny/"));
}
