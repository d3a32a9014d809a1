//! The page of promises: each names the tests that hold it, and they exist.

use std::fs;
use std::path::Path;

use regex::Regex;

const PAGE: &str = "scenarios/reference/promises.md";

/// What every promise names, and what is named anywhere.
fn named(page: &str) -> (Vec<&str>, Vec<String>) {
    let (promises, _) = page.split_once("## What it cannot").unwrap();
    let evidence = Regex::new(r" \((`[^()]*`)\)$").unwrap();
    let promises: Vec<&str> = promises.lines().filter(|line| line.starts_with("* ")).collect();
    let without = promises.iter().filter(|line| !evidence.is_match(line)).copied().collect();
    let names = promises.iter().filter_map(|line| evidence.captures(line));
    let names =
        names.flat_map(|found| found[1].split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>());
    (without, names.collect())
}

fn all_code(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.map(|path| match path.extension() {
        _ if path.is_dir() => all_code(&path),
        Some(extension) if extension == "rs" => fs::read_to_string(&path).unwrap(),
        _ => String::new(),
    });
    texts.collect()
}

/// Those of which there is neither a test nor a check of `.ci/run`.
fn missing(names: &[String]) -> Vec<&String> {
    let code = all_code(Path::new("src")) + &all_code(Path::new("tests"));
    let checks = fs::read_to_string(".ci/run").unwrap();
    let is_test = |name: &str| {
        Regex::new(&format!(r"(#\[(tokio::)?test[^\n]*\]|#\[cfg[^\n]*\])\n\s*(async )?fn {name}\("))
            .unwrap()
            .is_match(&code)
    };
    let is_check = |name: &str| Path::new(name).is_file() && checks.contains(name);
    names.iter().filter(|name| if name.starts_with(".ci/") { !is_check(name) } else { !is_test(name) }).collect()
}

#[test]
fn every_promise_names_tests_that_exist() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (without, names) = named(&page);
    assert_eq!(without, Vec::<&str>::new());
    assert!(names.len() > 20, "{names:?}");
    assert_eq!(missing(&names), Vec::<&String>::new());
    assert!(fs::read_to_string("README.md").unwrap().contains(PAGE));
}

#[test]
fn a_promise_without_a_test_and_a_test_that_is_gone_are_noticed() {
    let page = "* Kept. (`every_promise_names_tests_that_exist`, `.ci/run`)\n* Gone. (`no_such_test`)\n* Empty words.\n\
                ## What it cannot\n* Fly.\n";
    let (without, names) = named(page);
    assert_eq!(without, ["* Empty words."]);
    assert_eq!(missing(&names), [".ci/run", "no_such_test"]);
}
