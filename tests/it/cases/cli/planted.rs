//! Secrets planted wherever servers, commands and files can hold one, looked for
//! wherever a run leaves or shows something.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;

use super::folder::{Folder, Said, everything_in};
use crate::support::{ScriptedServer, answer};

/// What the variable that a header names holds.
const SECRET: &str = "pl4nted\"s3cr3t/7f3a";
/// What a variable holds that no header names.
const INHERITED: &str = "hf_inh3rit3d_0123456789";
/// Neither of them, nor a part of it, in any way that it could be written.
const TRACES: [&str; 5] = ["pl4nted", "s3cr3t", "3cr3t%2F7f3a", "hf_inh3r", "3d_012345"];

const SCENARIO: &str = r#"
schema = 1
name = "planted"
title = "A server that wants to know who asks"

[vars]
said = "hello"

[design]
repetitions = 1
rerun = 0

# SETUP

[[server]]
name = "guarded"
api = "openai"
url = "URL"
ready = { http = "/health", within = "5s" }
bearer = { env = "RUNEXP_TEST_KEY" }

[[phase]]
name = "load"
clients = 1
requests = 3
request = { prompt = "{{ said }}", max_tokens = 1, stall = "2s", timeout = "5s" }
"#;

/// A server of the run itself, in place of the one that is there.
const OWN: &str = r#"run = ["sh", "-c", "SCRIPT"]"#;

/// A place, what of the scenario is written otherwise there, and how the run
/// must end.
struct Place {
    name: &'static str,
    other: &'static [(&'static str, &'static str)],
    arguments: &'static str,
    code: i32,
}

const fn place(name: &'static str, other: &'static [(&'static str, &'static str)], code: i32) -> Place {
    Place { name, other, arguments: "", code }
}

const STEP: &str = "# SETUP";
const URL: &str = r#"url = "URL""#;
const SAYS: &str = r#"echo \"a $RUNEXP_TEST_KEY b $HF_TOKEN c\""#;

const PLACES: [Place; 17] = [
    place("the log of a step", &[(STEP, "[[setup]]\nshell = { script = \"SAYS\" }")], 4),
    place("the last lines of a step that failed", &[(STEP, "[[setup]]\nshell = { script = \"SAYS; exit 1\" }")], 3),
    place(
        "the last lines of a step that may fail",
        &[(STEP, "[[setup]]\non_error = \"warn\"\nshell = { script = \"SAYS; exit 1\" }")],
        4,
    ),
    place(
        "what an undo says that fails",
        &[(STEP, "[[setup]]\nshell = { script = \"true\", undo = \"SAYS >&2; exit 1\" }")],
        5,
    ),
    place("the log of a server", &[(URL, OWN), ("SCRIPT", "SAYS; exec python3 server.py {{ port }} good")], 0),
    place("the last lines of a server that does not start", &[(URL, OWN), ("SCRIPT", "SAYS; exit 3")], 3),
    place(
        "the last lines of a server that dies",
        &[(URL, OWN), ("SCRIPT", "SAYS; exec python3 server.py {{ port }} die")],
        3,
    ),
    place("the body of an error", &[("{{ said }}", "error")], 4),
    place("an error in a stream", &[("{{ said }}", "stream")], 4),
    place("something that is no protocol", &[("{{ said }}", "garbage")], 4),
    place("a header", &[("{{ said }}", "header")], 4),
    place("the answer to a step", &[(STEP, "[[setup]]\nhttp = { url = \"URL/echo?key=k\" }")], 3),
    place("what a server tells of itself", &[("name = \"load\"", "name = \"load\" # about")], 4),
    place("the scenario", &[("\"hello\"", "'pl4nted\"s3cr3t/7f3a'")], 3),
    place("a prompt file", &[("prompt = \"{{ said }}\"", "prompts = \"prompts.txt\"")], 3),
    place("a template of the scenario", &[("{{ said }}", "{{ 'pl4nted\\\"' ~ 's3cr3t/7f3a' }}")], 3),
    Place {
        name: "a change of the scenario",
        other: &[],
        arguments: "--set vars.said='pl4nted\"s3cr3t/7f3a'",
        code: 3,
    },
];

fn server() -> ScriptedServer {
    ScriptedServer::start_hearing(|heard, stream| {
        let path = heard.split(' ').nth(1).unwrap_or_default().to_owned();
        let escaped = "pl4nted%22s3cr3t%2F7f3a";
        match &*path {
            "/v1/models" => {
                answer(stream, "200 OK", &format!("{{\"data\":[{{\"id\":{SECRET:?},\"root\":{SECRET:?}}}]}}"));
            }
            "/version" => answer(stream, "200 OK", &format!("{{\"version\":{SECRET:?}}}")),
            "/echo?key=k" => answer(stream, "403 Forbidden", &format!("who is {escaped} or {SECRET} or {INHERITED}")),
            _ if heard.contains("\"error\"") => {
                answer(stream, "401 Unauthorized", &format!("{{\"error\":{SECRET:?}}}"));
            }
            _ if heard.contains("\"stream\"}") => {
                answer(stream, "200 OK", &format!("data: {{\"error\":{{\"message\":{SECRET:?}}}}}\n\n"));
            }
            _ if heard.contains("\"garbage\"") => answer(stream, "200 OK", &format!("data: {SECRET}\n\n")),
            _ if heard.contains("\"header\"") => {
                answer(stream, &format!("302 Found\r\nLocation: http://x/?key={escaped}"), "");
            }
            _ => answer(stream, "200 OK", "{}"),
        }
    })
}

fn folder(place: &Place, url: &str) -> Folder {
    let scenario = place.other.iter().fold(SCENARIO.to_owned(), |text, (from, to)| text.replace(from, to));
    let folder = Folder::with(&scenario.replace("SAYS", SAYS).replace("URL", url));
    folder.write("server.py", include_str!("server.py"));
    folder.write("prompts.txt", &format!("what is {SECRET}?\n"));
    folder
}

/// The command lines on this machine, of all but who was told the secret by a
/// person.
fn command_lines() -> String {
    let pids = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
    pids.filter_map(|path| std::fs::read(path).ok())
        .map(|line| String::from_utf8_lossy(&line).into_owned() + "\n")
        .collect()
}

fn with_secrets(command: &mut Command) -> &mut Command {
    command.env("RUNEXP_TEST_KEY", SECRET).env("HF_TOKEN", INHERITED)
}

/// Runs it, and tells which traces are left where, and how it ended if not as it
/// must.
fn leaks(place: &Place) -> Vec<String> {
    let server = server();
    let folder = folder(place, &server.url());
    let is_over = AtomicBool::new(false);
    let (said, seen) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut seen = String::new();
            while !is_over.load(Ordering::Relaxed) {
                seen += &command_lines();
                std::thread::sleep(Duration::from_millis(10));
            }
            seen
        });
        let said = Said::of(
            &folder,
            &with_secrets(&mut folder.command(&format!("run x.toml {}", place.arguments))).output().unwrap(),
        );
        is_over.store(true, Ordering::Relaxed);
        (said, watching.join().unwrap())
    });
    let results = folder.path("results");
    let run = if results.exists() { everything_in(&results) } else { String::new() };
    let command_lines = if place.arguments.is_empty() { seen } else { String::new() };
    let looked = [
        ("screen", said.to_string()),
        ("run directory", run),
        ("state folder", everything_in(&folder.path("state"))),
        ("command lines", command_lines),
    ];
    let found = |text: &str| TRACES.into_iter().filter(|trace| text.contains(trace)).collect::<Vec<_>>();
    let found = looked.iter().map(|(what, text)| (what, found(text))).filter(|(_, traces)| !traces.is_empty());
    let wrong_end = (said.code != Some(place.code)).then(|| format!("{} · {said}", place.name));
    found.map(|(what, traces)| format!("{} · {what}: {}", place.name, traces.join(" "))).chain(wrong_end).collect()
}

#[test]
fn a_secret_in_any_of_17_places_is_found_nowhere() {
    let leaks: Vec<String> = PLACES.iter().flat_map(leaks).collect();
    assert_eq!(leaks, Vec::<String>::new());
}

#[test]
fn a_template_that_repeats_a_secret_gives_a_document_without_it() {
    let server = server();
    let folder = folder(&place("", &[], 4), &server.url());
    let run = Said::of(&folder, &with_secrets(&mut folder.command("run x.toml")).output().unwrap()).run();
    folder.write("own.md.j2", &format!("key {SECRET} of {{{{ run.id }}}}\n"));
    let report = format!("report {} --template own.md.j2", run.path("").display());
    let said = Said::of(&folder, &with_secrets(&mut folder.command(&report)).output().unwrap());
    assert_eq!(said.code, Some(0), "{said}");
    assert!(run.read("own.md").starts_with("key [hidden] of "), "{}", run.read("own.md"));
}

/// What a server went on writing after the run was killed, its watcher hides.
#[test]
fn a_run_that_is_killed_leaves_no_secret_in_its_logs() {
    let script = "while :; do SAYS; sleep 0.001; done & exec python3 server.py {{ port }} good";
    let others = [(URL, OWN), ("SCRIPT", script), ("requests = 3", "duration = \"60s\"")];
    let scenario = others.iter().fold(SCENARIO.to_owned(), |text, (from, to)| text.replace(from, to));
    let folder = Folder::with(&scenario.replace("SAYS", SAYS));
    folder.write("server.py", include_str!("server.py"));
    let mut command = folder.command("run x.toml");
    with_secrets(&mut command);
    let started = super::folder::Started::of(&folder, command).until_file("asked", |text| !text.is_empty());
    let runner = started.children()[0];
    rustix::process::kill_process(runner, Signal::KILL).unwrap();
    let said = started.wait();
    assert_eq!(said.code, Some(3), "{said}");
    let logs = everything_in(&logs_in(&folder.path("results")));
    assert!(logs.contains("[hidden]"), "{logs}");
    assert_eq!(TRACES.map(|trace| logs.contains(trace)), [false; 5]);
}

/// What an undo says, and why it failed, is written by the watcher then: into the
/// journal, and beside it where the run's logs are gone.
#[test]
fn a_run_that_is_killed_leaves_no_secret_where_its_undo_is_written_down() {
    let step = r#"[[setup]]
shell = { script = "true", undo = "rm -rf results/planted/*/logs; SAYS >&2; exit 1" }

[[setup]]
shell = { script = "true", undo = "SAYS >&2; exit 1" }"#;
    let script = "echo > asked; exec python3 server.py {{ port }} good";
    let others = [(STEP, step), (URL, OWN), ("SCRIPT", script), ("requests = 3", "duration = \"60s\"")];
    let scenario = others.iter().fold(SCENARIO.to_owned(), |text, (from, to)| text.replace(from, to));
    let folder = Folder::with(&scenario.replace("SAYS", SAYS));
    folder.write("server.py", include_str!("server.py"));
    let mut command = folder.command("run x.toml --quiet");
    with_secrets(&mut command);
    let started = super::folder::Started::of(&folder, command).until_file("server.pid", |text| !text.is_empty());
    rustix::process::kill_process(started.children()[0], Signal::KILL).unwrap();
    let said = started.wait();
    assert_eq!(said.code, Some(5), "{said}");
    let state = everything_in(&folder.path("state"));
    // The first in the journal, the second beside it.
    assert!(state.contains(r"\n    a [hidden] b [hidden] c;"), "{state}");
    assert!(state.lines().any(|line| line == "a [hidden] b [hidden] c"), "{state}");
    let all = state + &everything_in(&folder.path("results")) + &said.to_string();
    assert_eq!(TRACES.map(|trace| all.contains(trace)), [false; 5], "{all}");
}

fn logs_in(results: &Path) -> std::path::PathBuf {
    let run = std::fs::read_dir(results.join("planted")).unwrap().next().unwrap().unwrap().path();
    run.join("logs")
}
