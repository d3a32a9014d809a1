//! A machine that others keep busy.

use std::process::{Child, Command};

use insta::assert_snapshot;
use regex::Regex;
use runexp::clock::Clock;
use runexp::loopback::{Pace, Server};
use serde_json::Value;

use super::folder::Folder;
use super::real;

/// A process that does nothing but use a CPU.
struct Busy(Child);

impl Busy {
    fn start() -> Self {
        Self(Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Rules broken by the only repetition of a scenario, each with its reason, and
/// what was seen of the CPUs.
fn run(scenario: &str) -> (Vec<(String, String)>, Value) {
    let folder = Folder::with(scenario);
    folder.write("server.py", include_str!("server.py"));
    let run = folder.runexp("x.toml --quiet").run();
    let summary = run.json("summary.json");
    let cell = summary["cells"].as_object().unwrap().values().next().unwrap();
    let reasons = cell["repetitions"][0]["validity"]["reasons"].as_array().cloned().unwrap_or_default();
    let words = |value: &Value| value.as_str().unwrap().to_owned();
    let told = reasons.iter().map(|reason| (words(&reason["rule"]), words(&reason["text"]))).collect();
    let events = run.records("events.jsonl");
    let finished = events.into_iter().find(|event| event["event"] == "cell_finished").unwrap();
    (told, finished["client"]["machine"].clone())
}

#[test]
fn a_window_beside_busy_loops_on_every_cpu_does_not_count_and_says_who_took_them() {
    let cpus = std::thread::available_parallelism().unwrap().get();
    let loops: Vec<Busy> = std::iter::repeat_with(Busy::start).take(cpus).collect();
    let (told, seen) = run(&real::scenario("good").replace("400ms", "1200ms"));
    drop(loops);
    let (_, text) = told.iter().find(|(rule, _)| rule == "cpu_contended").unwrap_or_else(|| panic!("{told:?}, {seen}"));
    // Other tests may take more than the loops.
    let numbers = Regex::new(r"\d+(\.\d+)?").unwrap().replace_all(text, "N");
    let named = Regex::new(r"`[^`]+` \(pid N\) N(, )?").unwrap().replace_all(&numbers, "TAKER ");
    let named = Regex::new(r"(TAKER )+").unwrap().replace_all(&named, "TAKERS, ");
    assert_snapshot!(named, @"others took N of this machine's N CPUs, of these TAKERS, and N % of their time was idle");
}

/// It may be on this machine, where nobody could tell it from others.
#[test]
fn nothing_is_said_of_others_beside_a_server_that_was_there_before() {
    let server = Server::start(Clock::start(), Pace::AtOnce, 3).unwrap();
    let start = r#"run = ["python3", "server.py", "{{ port }}", "good"]"#;
    let there = real::scenario("good").replace(start, &format!("url = \"{}\"", server.url()));
    let (told, seen) = run(&there.replace("400ms", "1200ms").replace("stop = ", "# ").replace("ready = ", "# "));
    assert!(seen.is_null() && told.iter().all(|(rule, _)| rule != "cpu_contended"), "{told:?}, {seen}");
}
