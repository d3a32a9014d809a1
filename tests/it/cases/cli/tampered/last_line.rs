//! Last lines that were lost, or not written to their end: what they may have
//! belonged to is in doubt, and nothing else.

use insta::assert_snapshot;

use super::super::folder::RunFolder;
use super::super::simulated;
use super::untouched::unsealed;
use super::{edit, folder, told};

const FILES: [&str; 4] = ["steps.jsonl", "requests.jsonl", "telemetry.jsonl", "events.jsonl"];

fn cut(run: &RunFolder, name: &str, bytes: usize) {
    let text = run.read(name);
    std::fs::write(run.path(name), &text[..text.len() - bytes]).unwrap();
}

fn without_last(run: &RunFolder, name: &str, lines: usize) {
    edit(run, name, |mut all| {
        all.truncate(all.len() - lines);
        all
    });
}

#[test]
fn a_last_line_that_is_cut_off_puts_in_doubt_what_it_belonged_to_and_nothing_else() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let told = |what: &str, tamper: &dyn Fn(&RunFolder)| told(&folder, &run, what, |run| tamper(run));
    let cut_off = FILES.map(|name| told(&format!("the last line of {name} cut off"), &|run| cut(run, name, 20)));
    let endless = FILES.map(|name| told(&format!("no end of {name}"), &|run| cut(run, name, 1)));
    let lost = FILES.map(|name| told(&format!("the last line of {name} lost"), &|run| without_last(run, name, 1)));
    assert_snapshot!([cut_off, endless, lost].concat().join("\n"));
}

/// As a copy leaves it that ran out of space.
#[test]
fn of_a_file_that_ends_early_what_was_sealed_before_stands() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let half = |name: &'static str| {
        told(&folder, &run, &format!("the second half of {name} lost"), |run| {
            let text = run.read(name);
            // Which is within a line.
            let half = text[..text.len() * 6 / 10].trim_end().len() - 1;
            std::fs::write(run.path(name), &text[..half]).unwrap();
        })
    };
    assert_snapshot!(["requests.jsonl", "telemetry.jsonl", "events.jsonl"].map(half).join("\n"));
}

#[test]
fn a_last_line_that_is_cut_off_in_an_unsealed_run_may_be_of_its_last_epoch() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let cut_off = FILES.map(|name| {
        told(&folder, &run, &format!("old, the last line of {name} cut off"), |run| {
            unsealed(run);
            cut(run, name, 20);
        })
    });
    assert_snapshot!(cut_off.join("\n"));
}
