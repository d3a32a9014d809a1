//! Two keep the logs of a run: one cuts out the middle of what is too long, one
//! overwrites secrets. Both at once leave all other text as it is.
#![expect(clippy::disallowed_methods, reason = "writes a log, and waits for what becomes of it")]

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::names::{RunId, ScenarioName};
use crate::process::BoundedLog;
use crate::store::{LogRedactor, RunDirectory};
use crate::text::Redaction;

const SECRET: &str = "s3cr3t-7f3a-key";
const STARS: &str = "[hidden]*******";

#[test]
fn a_log_that_is_cut_while_secrets_are_overwritten_loses_no_other_text() {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, run) = (ScenarioName::new("x").unwrap(), RunId::new("r").unwrap());
    let directory = RunDirectory::create(folder.path(), &scenario, &run).unwrap();
    let directory = directory.hiding(Arc::new(Redaction::new([SECRET.to_owned()])));
    let path = directory.log(1, "flood");
    // Lines of many lengths, so that none is moved onto its like.
    let lines = (0..200_000).map(|number| format!("{} {SECRET}\n", ".".repeat(number * 7 % 90)));
    fs::write(&path, lines.collect::<String>()).unwrap();
    let redactor = LogRedactor::start(&directory).unwrap();
    let bounded = BoundedLog::watch(&path, 0).unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while !fs::read_to_string(&path).unwrap().starts_with(&format!(" {STARS}\n")) {
        assert!(Instant::now() < deadline, "nobody has begun to overwrite");
    }
    // It cuts once more, if it has not: in the midst of the other's work.
    drop(bounded);
    drop(redactor);
    let text = fs::read_to_string(&path).unwrap();
    let is_whole = |line: &str| {
        let words = line.split_once(' ');
        words.is_some_and(|(dots, hidden)| dots.chars().all(|c| c == '.') && hidden == STARS)
    };
    let others: Vec<&str> = text.lines().filter(|line| !is_whole(line)).collect();
    assert!(others.len() == 1 && others[0].starts_with("[runexp: "), "{} lines, {:?}", others.len(), others.get(..3));
}
