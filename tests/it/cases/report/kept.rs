//! The kept H100 run against figures that an independent program computed from
//! its raw records. `.ci/results` holds that the records still give these
//! documents.

use std::fs;

const RUN: &str = "results/mps_vs_multi/20261126T152956Z-12e72e18";

/// The row of a table that begins so, in a document of the run.
fn row(document: &str, begins: &str) -> String {
    let text = fs::read_to_string(format!("{}/{RUN}/{document}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with(begins)).collect();
    rows.join("\n")
}

#[track_caller]
fn assert_says(document: &str, begins: &str, figure: &str) {
    let row = row(document, begins);
    assert!(row.contains(figure), "{document} says nothing of {figure}: {row}");
}

#[test]
fn medians_of_few_requests_are_given_over_all_blocks() {
    let ttft = |treatment: &str, figure: &str| {
        assert_says("summary.md", &format!("| {treatment} | concurrent | clients=3 | {figure}"), figure);
    };
    ttft("mps=off, servers=1, slots=3", "94.8 [92.8, 96.8] ms");
    ttft("mps=on, servers=3, slots=1", "51.7 [49.3, 54.2] ms");
    ttft("mps=off, servers=1, slots=1", "1233 [1198, 1270] ms");
    ttft("mps=off, servers=3, slots=1", "58 [51, 66] ms");
}

#[test]
fn a_share_of_everything_or_nothing_says_of_how_many() {
    let kills = "0 % (0 of 30 requests in 5 kills: at most 45 %)";
    for mps in ["off", "on"] {
        assert_says("summary.md", &format!("| mps={mps}, servers=3, slots=1 | one server dies"), kills);
    }
}

#[test]
fn the_readme_quotes_the_first_screen_of_the_decision() {
    let root = env!("CARGO_MANIFEST_DIR");
    let decision = fs::read_to_string(format!("{root}/{RUN}/decision.md")).unwrap();
    let (screen, _) = decision.split_once("\n\nNext: ").unwrap();
    assert!(fs::read_to_string(format!("{root}/README.md")).unwrap().contains(screen));
}
