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

/// A guide as it could be: MPS on and off at the same load, overheads, shares and
/// counts that go together.
const CONTROL: &str = "tests/it/cases/audit/control.toml";

#[test]
fn a_consistent_guide_raises_nothing() {
    let (code, stdout, stderr) = audit(CONTROL);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_snapshot!("control", stdout);
}

#[test]
fn numbers_that_agree_pass() {
    let (code, stdout, stderr) = audit("tests/it/cases/audit/sound.toml");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_snapshot!("sound", stdout);
}

#[test]
fn claims_alone_suffice_and_what_cannot_be_checked_is_told() {
    let (code, stdout, stderr) = audit("tests/it/cases/audit/alone.toml");
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    assert_snapshot!("alone", stdout);
}

const PUBLISHED: [(&str, i32); 4] =
    [("chimeraforge_two_ollamas", 1), ("llama_cpp_dgx_spark", 0), ("llmfit_community", 0), ("spark_arena", 0)];

#[test]
fn every_other_published_source_is_audited() {
    for (name, code) in PUBLISHED {
        let (ended, stdout, stderr) = audit(&format!("scenarios/published/{name}.toml"));
        assert_snapshot!(name, stdout);
        assert_eq!((ended, stderr.as_str()), (Some(code), ""), "{name}");
    }
}

#[test]
fn all_published_sources_together_contradict_each_other() {
    let others = PUBLISHED.map(|(name, _)| format!("scenarios/published/{name}.toml"));
    let (code, stdout, stderr) = audit(&format!("{GUIDE} {}", others.join(" ")));
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    // What each says by itself is in the other snapshots.
    let (together, first) = stdout.split_once("# Audit of scenarios/").unwrap();
    assert_snapshot!("together", together);
    assert!(first.starts_with("published/nvidia_mps_guide.toml"), "{first}");
    for name in others {
        let (_, alone, _) = audit(&name);
        let alone = alone.split("\n## Sources against each other").next().unwrap().to_owned();
        assert!(stdout.contains(alone.trim_end()), "{name}");
    }
}

#[test]
fn no_line_is_longer_than_a_terminal() {
    for name in
        PUBLISHED.map(|(name, _)| format!("scenarios/published/{name}.toml")).into_iter().chain([GUIDE.to_owned()])
    {
        let (_, stdout, _) = audit(&name);
        let is_one_word = |line: &str| line.trim_start_matches([' ', '*']).split(' ').count() == 1;
        let long: Vec<&str> = stdout.lines().filter(|line| line.chars().count() > 100 && !is_one_word(line)).collect();
        assert_eq!(long, Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn programs_get_every_finding_with_its_numbers() {
    let (code, stdout, _) = audit(&format!("{GUIDE} --format json"));
    assert_eq!(code, Some(1));
    let audits: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(audits["version"], 2);
    let findings = audits["files"][0]["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["claim"] == "spark-over-rtx5090");
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
            "verdict": "inconsistent",
            "checks": [{
                "basis": "figures",
                "verdict": "inconsistent",
                "arithmetic": "spark / rtx5090 = 99.4 / 300 = 0.331 (0.3306 to 0.3321), published 2.2x (2.150 to 2.250)",
                "published": { "least": 2.2 - 0.05, "most": 2.25 },
                "computed": { "least": 99.35 / 300.5, "most": 99.45 / 299.5 },
                "assumes": null,
                "experts": null,
                "notes": ["with `m4pro-single-aggregate` for `rtx5090` it would be 99.4 / 45 = 2.21"],
            }],
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
