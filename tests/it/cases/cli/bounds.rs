//! What servers, templates and texts of others may take, and what they may not
//! reach: the memory, the time, the terminal, other files.

use std::fs::File;
use std::process::Stdio;

use super::folder::{Folder, Said};
use super::simulated::{TINY, run};

/// The scenario of one server of our own, whose log begins with these commands
/// of a shell.
fn with_log(commands: &str) -> Folder {
    let scenario = super::real::scenario("good");
    let argv = format!(r#"run = ["sh", "-c", "{commands}; exec python3 server.py {{{{ port }}}} good"]"#);
    let (before, rest) = scenario.split_once("run = [").unwrap();
    let folder = Folder::with(&format!("{before}{argv}\n{}", rest.split_once('\n').unwrap().1));
    folder.write("server.py", include_str!("server.py"));
    folder
}

#[test]
fn of_a_server_that_floods_its_log_the_start_and_the_end_are_kept() {
    let folder = with_log("echo first; yes flood | head -c 40000002; echo last");
    let said = folder.runexp("run x.toml");
    assert_eq!(said.code, Some(0), "{said}");
    let log = said.run().read("logs/001-python-0-.log");
    assert!(log.len() <= 8 * 1024 * 1024, "{}", log.len());
    assert!(log.starts_with("first\nflood\n"));
    let end = &log[log.len() - 100..];
    assert!(end.ends_with("flood\nlast\nloading the model\n"), "{end}");
    let told: Vec<&str> = log.lines().filter(|line| !matches!(*line, "first" | "last" | "flood")).collect();
    assert!(told[0].starts_with("[runexp: ") && told[0].ends_with(" bytes of this log were cut out here]"), "{told:?}");
}

#[test]
fn a_line_that_is_waited_for_is_found_behind_a_flood() {
    let folder = with_log("yes flood | head -c 40000002; echo up and running");
    let scenario = folder.read("x.toml");
    folder
        .write("x.toml", &scenario.replace("http = \"/v1/models\"", "log = \"up and running\", http = \"/v1/models\""));
    let said = folder.runexp("run x.toml");
    assert_eq!(said.code, Some(0), "{said}");
}

/// A file of a template of its own, and what is said of it.
fn rendered(name: &str, template: &str) -> (Said, Option<String>) {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    folder.write(name, template);
    let said = folder.runexp(&format!("report {} --template {name}", run.path("").display()));
    let document = run.path(&format!("SIMULATED-{}", name.rsplit_once('.').unwrap().0));
    (said, std::fs::read_to_string(document).ok())
}

#[test]
fn whatever_a_template_does_it_ends_and_says_why() {
    let nested = |levels: usize| format!("{}{}", "{{#each @root.cells}}".repeat(levels), "{{/each}}".repeat(levels));
    let doubling = "{% set ns = namespace(x='0123456789abcdef') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";
    let wild = [
        ("round.md.hbs", "{{#*inline \"a\"}}{{> b}}{{/inline}}{{#*inline \"b\"}}{{> a}}{{/inline}}{{> a}}".to_owned()),
        ("long.md.hbs", nested(60)),
        ("large.md.j2", doubling.to_owned()),
        ("wide.md.j2", format!("{{% for i in range(100000) %}}{}{{% endfor %}}", "x".repeat(4000))),
        ("deep.md.j2", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}".to_owned()),
        ("endless.md.j2", "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}".to_owned()),
    ];
    let told = wild.map(|(name, template)| {
        let (said, document) = rendered(name, &template);
        assert_eq!((said.code, document), (Some(2), None), "{name}: {said}");
        let said = said.to_string();
        format!("{name}: {}", said.split_once("error: ").unwrap().1.lines().next().unwrap())
    });
    insta::assert_snapshot!(told.join("\n"), @r"
        round.md.hbs: the templates could not be rendered: more than 1024 MiB of memory
        long.md.hbs: the templates could not be rendered: more than 10 s of computing
        large.md.j2: failed to render template `large.md.j2`, line 1: engine ran out of fuel
        wide.md.j2: failed to render template `wide.md.j2`, line 1: engine ran out of fuel
        deep.md.j2: failed to render template `deep.md.j2`, line 1: invalid operation: recursion limit exceeded
        endless.md.j2: failed to render template `endless.md.j2`, line 1: engine ran out of fuel
        ");
}

#[test]
fn a_template_reads_nothing_but_the_run() {
    for (name, template) in [
        ("one.md.j2", "{% include '/etc/passwd' %}"),
        ("two.md.j2", "{% import '../x.toml' as x %}{{ x }}"),
        ("three.md.hbs", "{{> /etc/passwd}}"),
        ("four.md.hbs", "{{> ../x.toml}}"),
        ("five.md.hbs", "{{> (lookup . \"title\")}}"),
    ] {
        let (said, document) = rendered(name, template);
        assert_eq!((said.code, document), (Some(2), None), "{name}: {said}");
    }
}

/// What a terminal would obey of what a command says, on both streams.
fn obeyed(folder: &Folder, words: &str) -> Vec<char> {
    let output = folder.command(words).output().unwrap();
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(!text.is_empty(), "{words}");
    text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\t')).collect()
}

#[test]
fn no_text_of_a_scenario_or_a_server_reaches_a_terminal_as_a_command() {
    const WILD: &str = r"\u001b[2J\u009b31m\u0007\u007f";
    let scenario = super::real::scenario("exit").replace("A real server", WILD);
    let step =
        format!("[[setup]]\nname = \"{WILD}\"\nshell = {{ script = \"printf '\\\\033[31m{WILD}'\" }}\n\n[[server]]");
    let folder = Folder::with(
        &scenario
            .replace("[[server]]", &step)
            .replace("\"python3\", ", &format!("\"env\", \"X={WILD}\", \"python3\", ")),
    );
    folder.write("server.py", &include_str!("server.py").replace("no such model", r"\x1b[31mno such model\x1b[0m"));
    folder.write("bad.toml", &format!("\"{WILD}\" = 1\nname = \"{WILD}\"\n"));
    for words in [
        "plan x.toml",
        "plan x.toml -v",
        "plan x.toml --format json",
        "check x.toml",
        "run x.toml",
        "check bad.toml",
        "check \u{1b}[31m.toml",
        "plan --\u{1b}[31m",
    ] {
        assert_eq!(obeyed(&folder, words), Vec::<char>::new(), "{words}");
    }
}

#[test]
fn a_command_that_cannot_print_does_not_say_that_it_succeeded() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    folder.write("sound.toml", include_str!("../audit/sound.toml"));
    let report = format!("report {}", run.path("").display());
    let commands = [
        "check x.toml",
        "check x.toml --format json",
        "plan x.toml",
        "plan x.toml --format json",
        "plan x.toml --script",
        "audit sound.toml",
        "schema",
        "explain",
        "explain E001",
        "init new.toml",
        "run x.toml --simulate dgx-spark",
        "run x.toml --simulate dgx-spark --format json",
        "calibrate x.toml --simulate dgx-spark",
        "cleanup --all",
        "cleanup --dry-run",
        "doctor --gpu",
        "--help",
        "--version",
        &report,
    ];
    let successes: Vec<&str> = commands
        .into_iter()
        .filter(|words| {
            let full = File::options().write(true).open("/dev/full").unwrap();
            let output = folder.command(words).stdout(full).stderr(Stdio::piped()).output().unwrap();
            output.status.code() == Some(0) || !String::from_utf8_lossy(&output.stderr).contains("No space left")
        })
        .collect();
    assert_eq!(successes, Vec::<&str>::new());
}
