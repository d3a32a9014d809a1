//! `runexp audit`, from its words to its exit code.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};

const GUIDE: &str = "scenarios/published/nvidia_mps_guide.toml";

/// What the command says of a file of the repository.
fn audit(words: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runexp"));
    command.arg("audit").args(words.split_whitespace()).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    let output = command.output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), stdout, stderr)
}

#[test]
fn the_guide_contradicts_itself_its_machines_and_physics() {
    let (code, stdout, stderr) = audit(GUIDE);
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    assert_snapshot!("guide", stdout);
}

#[test]
fn the_scenario_that_includes_the_guide_has_the_same_audit() {
    let (code, stdout, _) = audit("scenarios/mps_vs_multi.toml");
    let (_, guide, _) = audit(GUIDE);
    assert_eq!(code, Some(1));
    assert_eq!(stdout, guide.replace(GUIDE, "scenarios/mps_vs_multi.toml"));
}

#[test]
fn numbers_that_agree_pass() {
    let (code, stdout, stderr) = audit("tests/it/cases/audit/sound.toml");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_snapshot!(stdout, @r"
    # Audit of tests/it/cases/audit/sound.toml

    4 claims, 3 checks: 0 inconsistent, 0 physically implausible, 0 only by rounding, 1 consistent, 2 plausible.

    ## Consistent or plausible

    | claim | verdict | arithmetic |
    |---|---|---|
    | `one` | plausible | 20.0 tok/s × 5.00 GB = 100 GB/s of 150 GB/s (Card, 67 %) |
    | `four` | plausible | 72 tok/s × 5.00 GB / 4 tokens a read = 90.0 GB/s of 150 GB/s (Card, 60 %) |
    | `efficiency` | consistent | aggregate / (4 × single) = 72 / (4 × 20.0) = 90.0 % (89.15 to 90.85 %), published 90% (89.50 to 90.50 %) |

    ## Not checked

    * an order without a figure: `order`
    ");
}

#[test]
fn programs_get_every_finding_with_its_numbers() {
    let (code, stdout, _) = audit(&format!("{GUIDE} --format json"));
    assert_eq!(code, Some(1));
    let audited: Value = serde_json::from_str(&stdout).unwrap();
    let finding =
        audited["findings"].as_array().unwrap().iter().find(|finding| finding["claim"] == "spark-over-rtx5090");
    assert_eq!(
        *finding.unwrap(),
        json!({
            "claim": "spark-over-rtx5090",
            "says": "DGX Spark + MPS delivers 2.2x higher aggregate throughput than RTX 5090 in multi-request scenarios!",
            "source": {
                "file": "NVIDIA_MPS_GUIDE.md",
                "section": "Performance Results Summary: Key Achievement",
                "date": "2025-10-02",
            },
            "basis": "figures",
            "verdict": "inconsistent",
            "arithmetic": "spark / rtx5090 = 99.4 / 300 = 0.331 (0.3306 to 0.3321), published 2.2x (2.150 to 2.250)",
            "published": { "least": 2.2 - 0.05, "most": 2.25 },
            "computed": { "least": 99.35 / 300.5, "most": 99.45 / 299.5 },
            "notes": ["with `m4pro-single-aggregate` for `rtx5090` it would be 99.4 / 45 = 2.21"],
        })
    );
}

#[test]
fn what_is_wrong_with_a_file_is_shown_at_its_place() {
    let (code, stdout, stderr) = audit("tests/it/cases/audit/wrong.toml");
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert_snapshot!("wrong", stderr);
}

#[test]
fn a_file_without_claims_has_nothing_to_audit() {
    let (code, _, stderr) = audit("scenarios/machines/h100.toml");
    assert_eq!(code, Some(2));
    assert!(stderr.contains("`claim` is missing"), "{stderr}");
}
