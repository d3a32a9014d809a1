//! A driver that gets too little of the CPU.

use std::process::{Child, Command};

use regex::Regex;
use runexp::clock::Clock;
use runexp::loopback::{Pace, Server};
use rustix::thread::{CpuSet, sched_getaffinity};

use super::folder::{Folder, Said};

/// More than any driver can take: the server answers at once.
const LOAD: &str = r#"
schema = 1
name = "starved"
title = "A driver that shares its only CPU"

[design]
repetitions = 1
rerun = 0

[[server]]
name = "loopback"
api = "openai"
url = "URL"
model = "m"

[[phase]]
name = "load"
clients = 32
duration = "1500ms"
warmup = "200ms"
drain = "2s"
request = { prompt = "hello", max_tokens = 128 }
"#;

/// A process that does nothing but use a CPU.
struct Busy(Child);

impl Busy {
    fn on(cpu: &str) -> Self {
        Self(Command::new("taskset").args(["-c", cpu, "sh", "-c", "while :; do :; done"]).spawn().unwrap())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The first CPU that this process may use.
fn cpu() -> String {
    let allowed = sched_getaffinity(None).unwrap();
    (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).unwrap().to_string()
}

/// Runs the command on one CPU.
fn pinned(folder: &Folder, words: &str, cpu: &str) -> Said {
    let whole = folder.command(words);
    let mut pinned = Command::new("taskset");
    pinned.args(["-c", cpu]).arg(whole.get_program()).args(whole.get_args());
    pinned.current_dir(whole.get_current_dir().unwrap());
    pinned.envs(whole.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Said::of(folder, &pinned.output().unwrap())
}

#[test]
fn a_driver_starved_on_a_busy_cpu_has_measured_nothing() {
    let server = Server::start(Clock::start(), Pace::AtOnce, 128).unwrap();
    let folder = Folder::with(&LOAD.replace("URL", &server.url()));
    let cpu = cpu();
    let busy = [Busy::on(&cpu), Busy::on(&cpu), Busy::on(&cpu)];
    let said = pinned(&folder, "x.toml", &cpu);
    drop(busy);
    assert_eq!(said.code, Some(4), "{said}");
    let run = said.run();
    let events = run.records("events.jsonl");
    let client = &events.iter().find(|event| event["event"] == "cell_finished").unwrap()["client"]["cpu"];
    let waited = client["run_delay_ns"].as_f64().unwrap() / client["over_ns"].as_f64().unwrap();
    assert!(client["cpus"] == 1 && waited > 0.3, "{client}");
    let summary = run.read("summary.md");
    let reason = r"the driver had no CPU to spare: ran on \d\.\d\d and waited for \d\.\d\d of 1 \(cpu_short\)";
    assert!(Regex::new(reason).unwrap().is_match(&summary), "{summary}");
}
