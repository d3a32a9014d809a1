//! What a run needs: asked before the first effect, and told all at once.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use insta::assert_snapshot;
use regex::Regex;
use runexp::host::free_ports;

use super::folder::{Folder, Said};
use super::real;
use super::undisturbed::measured;
use crate::support::ollama::{Ollama, State};

/// A setup that leaves a trace, these parts, and a load on them.
fn scenario(parts: &str) -> String {
    let head = "schema = 1\nname = \"real\"\ntitle = \"Needs\"\n[design]\nrepetitions = 1\nrerun = 0\n\
                [[setup]]\nshell = \"touch trace\"\n";
    let load = "[[phase]]\nname = \"load\"\nclients = 1\nduration = \"400ms\"\ndrain = \"1s\"\n\
                request = { prompt = \"hello\", max_tokens = 3 }\n";
    format!("{head}{parts}\n{load}")
}

/// An executable of the folder's own `bin`.
fn program(folder: &Folder, name: &str, text: &str) {
    std::fs::create_dir_all(folder.path("bin")).unwrap();
    let path = folder.path("bin").join(name);
    // Written by a child: no descriptor of ours may be open for writing when
    // another test's child is forked.
    let script = r#"printf %s "$1" > "$2""#;
    assert!(Command::new("sh").args(["-c", script, "sh", text]).arg(&path).status().unwrap().success());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn run(folder: &Folder) -> Said {
    let mut command = folder.command("x.toml --quiet");
    let path = format!("{}:{}", folder.path("bin").display(), std::env::var("PATH").unwrap());
    command.env("PATH", path).env("WORLD", folder.path("world"));
    Said::of(folder, &command.output().unwrap())
}

/// Without what differs from run to run: this test's own process among it.
fn told(said: &Said, port: u16) -> String {
    let text = said.to_string().replace(&port.to_string(), "TAKEN");
    let own = format!(r"`[^`]*` \(pid {}\)", std::process::id());
    Regex::new(&own).unwrap().replace_all(&text, "`PROGRAM` (pid PID)").into_owned()
}

/// The server of `real`, which somebody else has started at this port.
fn already_there(port: u16) -> String {
    let url = format!("url = \"http://127.0.0.1:{port}\"");
    let scenario = real::scenario("good");
    let lines = scenario.lines().map(|line| if line.starts_with("run =") { url.as_str() } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// A folder with Docker's shim, and what Compose makes of its file.
fn composed(scenario: &str, config: &str) -> Folder {
    let folder = Folder::with(scenario);
    for part in ["world/docker/containers", "world/docker/networks"] {
        std::fs::create_dir_all(folder.path(part)).unwrap();
    }
    program(&folder, "docker", include_str!("shims/docker"));
    folder.write("compose.yaml", "services: {}\n");
    folder.write("world/config", config);
    folder
}

const COMPOSE: &str = r#"
[[server]]
name = "web"
api = "openai"
model = "m"
compose = { file = "compose.yaml", service = "web" }
env = { PORT = "{{ port }}" }
ready = { http = "/v1/models", within = "20s" }
"#;

#[test]
fn all_that_is_missing_is_told_at_once_and_nothing_is_done() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (_ollama, url) = Ollama::start(State { models: vec!["other:latest".to_owned()], ..State::default() });
    let parts = include_str!("needs/lacking.toml").replace("TAKEN", &port.to_string()).replace("URL", &url);
    let folder = Folder::with(&scenario(&parts));
    program(&folder, "ollama", "#!/bin/sh\nexec sleep 1000\n");
    let manifest = "models/manifests/registry.ollama.ai/library/smollm2";
    std::fs::create_dir_all(folder.path(manifest)).unwrap();
    folder.write(&format!("{manifest}/latest"), "{}");
    assert_snapshot!(told(&run(&folder), port), @r#"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    error: nothing has been changed, because what the run needs is not there:
      step `mps` (default): `mps-control-that-is-not-there` was not found in any folder of `PATH`
      help: install it or write its whole path; if a step brings it, name it in that step: a comment in its script will do
      step `run` (teardown): `tool-of-the-teardown` was not found in any folder of `PATH`
      server `fixed[0]`: there is no `FOLDER/venv/bin/vllm`
      server `other[0]`: there is no folder `FOLDER/gone`
      help: make it, or name it in the step that does: a comment in its script will do
      server `ollama[0]`, server `ollama[1]`, server `ollama[2]` and 2 more: the model "m:1b" is not in `FOLDER/models`, where there is smollm2:latest
      help: ollama pull m:1b  (by an `ollama serve` that keeps its models in that folder; if they are kept elsewhere, let `env` of the server name that folder as OLLAMA_MODELS)
      server `service[0]`: `http://127.0.0.1:PORT` does not have the model "m:1b": there is other:latest
      help: ollama pull m:1b  (with OLLAMA_HOST=http://127.0.0.1:PORT), or a step `pull = { model = "m:1b", server = "http://127.0.0.1:PORT" }`
      server `fixed[0]`: port TAKEN is taken: `PROGRAM` (pid PID) listens there
      help: to measure what listens there, as it is: `url = "http://127.0.0.1:PORT"` instead of `run` or `compose`; else stop it, or leave `port` out and a free one is taken
    "#);
    assert!(!folder.path("trace").exists());
    assert!(std::fs::read_dir(folder.path("state/runs")).unwrap().next().is_none(), "a journal is left");
}

#[test]
fn what_a_step_may_bring_is_not_missing() {
    let folder = real::folder("good");
    let command = r#"["./tool", "server.py","#;
    let scenario = real::scenario("good").replace(r#"["python3", "server.py","#, command);
    folder.write("x.toml", &scenario);
    let said = folder.runexp("x.toml --quiet").to_string();
    assert!(said.contains("there is no `FOLDER/tool`") && said.starts_with("exit 3"), "{said}");
    let script = r#"printf '#!/bin/sh\nexec python3 "$@"\n' > tool && chmod +x tool"#;
    let build = format!("[[setup]]\nshell = {{ script = {script:?}, undo = \"rm tool\" }}\n");
    folder.write("x.toml", &format!("{scenario}\n{build}"));
    let said = measured(&folder, "x.toml --quiet");
    assert_eq!(said.code, Some(0), "{said}");
    assert!(!folder.path("tool").exists());
}

#[test]
fn a_server_that_nobody_starts_must_be_there() {
    let port = free_ports(1).unwrap()[0];
    let folder = Folder::with(&already_there(port).replace("20s", "1s"));
    assert_snapshot!(folder.runexp("x.toml --quiet"), @r"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    error: nothing has been changed, because what the run needs is not there:
      server `python[0]`: `127.0.0.1:PORT` does not answer: Connection refused (os error 111)
      help: start it before the run, or let a step start it, or wait for it by a step `wait`
    ");
    folder.write("x.toml", &format!("{}\n[[setup]]\nshell = \"true\"\n", folder.read("x.toml")));
    let said = folder.runexp("x.toml --quiet").to_string();
    assert!(said.contains("was not ready within 1s"), "{said}");
}

#[test]
fn an_ollama_that_pulls_its_model_first_does_not_lack_it() {
    let (_ollama, url) = Ollama::start(State::default());
    let server = format!(
        "[[server]]\nname = \"ollama\"\napi = \"ollama\"\nmodel = \"M\"\nurl = \"{url}\"\n\
         [[setup]]\npull = {{ model = \"m:latest\", server = \"{url}\", remove_after = true }}\n"
    );
    let folder = Folder::with(&scenario(&server));
    let said = run(&folder).to_string();
    assert!(!said.contains("what the run needs"), "{said}");
    assert!(folder.path("trace").exists());
}

#[test]
fn a_compose_file_is_asked_where_its_services_are_met() {
    let refused = |services: &str, parts: &str| {
        let folder = composed(&scenario(parts), &format!("{{\"services\": {services}}}"));
        let said = run(&folder).to_string();
        assert!(said.starts_with("exit 3") && !folder.path("trace").exists(), "{said}");
        let lacks = said.lines().filter(|line| line.starts_with("  ")).collect::<Vec<_>>();
        lacks.join("\n")
    };
    let two = COMPOSE.replace("model = \"m\"", "model = \"m\"\ncount = 2");
    let port = free_ports(1).unwrap()[0];
    let fixed = format!(r#"{{"web": {{"container_name": "x", "ports": [{{"target": 80, "published": "{port}"}}]}}}}"#);
    let several = r#"{"web": {"ports": [{"target": 80, "published": "90"}, {"target": 81, "published": "91"}]}}"#;
    let found = [
        refused(r#"{"web": {}}"#, COMPOSE),
        refused(several, COMPOSE),
        refused(&fixed, &two).replace(&port.to_string(), "FIXED"),
    ];
    assert_snapshot!(found.join("\n"), @r#"
    server `web[0]`: the service `web` publishes no port at which it could be met
    help: write `ports: ["127.0.0.1:${PORT}:11434"]` in the file, for 11434 the port that it listens on inside, and `env = { PORT = "{{ port }}" }` in the scenario
    server `web[0]`: the service `web` publishes several ports, 90:80, 91:81: which is its own?
    help: give the server the one that clients shall use as its `port`
    server `web[1]`: its Compose file fixes port FIXED, and server `web[0]` has it already
    help: write `ports: ["127.0.0.1:${PORT}:11434"]` in the file, for 11434 the port that it listens on inside, and `env = { PORT = "{{ port }}" }` in the scenario
    server `web[1]`: its Compose file fixes the container's name `x`, and server `web[0]` has it already
    help: leave `container_name` out of the file: a host has each name only once
    "#);
}

#[test]
fn a_compose_file_that_compose_does_not_take_is_found_before_the_first_effect() {
    let step = "[[epoch.setup]]\ncompose = { file = \"compose.yaml\" }\n";
    let folder = composed(&scenario(&(COMPOSE.to_owned() + step)), "");
    folder.write("world/config-fails", "time=x level=warning msg=obsolete\nenv file /srv/gone.env not found\n");
    assert_snapshot!(run(&folder), @"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    error: nothing has been changed, because what the run needs is not there:
      step `compose` (default), server `web[0]`: Compose does not take `compose.yaml`: env file /srv/gone.env not found
      help: `docker compose -f FILE config` must succeed; if a step makes what is missing, name it in that step: a comment in its script will do
    ");
    folder.write(
        "x.toml",
        &scenario(&COMPOSE.replace("[[server]]", "[[setup]]\nshell = \"true > gone.env\"\n[[server]]")),
    );
    assert!(!run(&folder).to_string().contains("Compose does not take"));
    std::fs::remove_file(folder.path("world/config-fails")).unwrap();
    folder.write("world/docker-gone", "");
    folder.write("x.toml", &scenario(COMPOSE));
    let said = run(&folder).to_string();
    assert!(said.contains("`docker version --format '{{.Server.Version}}'` ended with exit status: 1"), "{said}");
}

#[test]
fn a_service_is_met_at_the_port_that_its_file_fixes() {
    let port = free_ports(1).unwrap()[0];
    let config = format!(r#"{{"services": {{"web": {{"ports": [{{"target": 80, "published": "{port}"}}]}}}}}}"#);
    let folder = composed(&scenario(COMPOSE), &config);
    folder.write("server.py", include_str!("server.py"));
    folder.write("world/up", &format!("setsid python3 server.py {port} good > /dev/null 2>&1 < /dev/null &\n"));
    folder.write("world/down", "kill $(cat server.pid)\n");
    let said = run(&folder);
    assert_eq!(said.code, Some(0), "{said}");
    let ready =
        said.run().records("events.jsonl").into_iter().find_map(|event| event["url"].as_str().map(str::to_owned));
    assert_eq!(ready, Some(format!("http://127.0.0.1:{port}")));
}

#[test]
fn a_server_that_is_there_is_neither_fresh_nor_credited_with_memory() {
    let folder = real::folder("good");
    let port = free_ports(1).unwrap()[0];
    let mut server = Command::new("python3");
    let mut server =
        server.args(["server.py", &port.to_string(), "good"]).current_dir(folder.path("")).spawn().unwrap();
    folder.write(
        "x.toml",
        &format!("{}\n[[setup]]\nwait = {{ http = \"http://127.0.0.1:{port}/v1/models\" }}\n", already_there(port)),
    );
    let said = measured(&folder, "x.toml --quiet");
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(said.code, Some(0), "{said}");
    let summary = said.run().read("summary.md");
    let page = summary + &said.run().read("guide.md") + &said.run().read("decision.md");
    assert!(!page.contains("fresh"), "{page}");
    let there = page.lines().filter(|line| line.contains("lready there")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(there, @r#"
    A figure reads `mean [lower, upper]`: the ends of its 95 % interval over repetitions on servers that were already there and were not restarted, never over requests. "Single run" means one repetition: nobody knows how far another would be off. What is the same in every repetition has no interval. A figure that lacks repetitions says so, "3 of 5 blocks". Where of all that was counted nothing was hit, or everything, it says of how many, and the bound that this leaves (one-sided, 95 %). "≈" marks percentiles over the requests of all repetitions, whose intervals are approximations (`runexp explain estimators`). What has no figure says why: "invalid" and "–" by a number whose reason stands below the table, "too few" by the values there are and the values that such a percentile needs.
    | Already there | python[0], not restarted: python3 listens there, what it was started with could not be read |
    This is the guide of October 2, 2025, written again by a run. Its sections and its published figures are the original's; beside each figure stands what this run measured, or "not measured here" with the reason. In a table of cells the reason stands below the table, under its number. A measured figure reads `mean [lower, upper]`: a 95 % interval over repetitions on servers that were already there and were not restarted; what is the same in all of them has none, and "≈" marks an interval that is an approximation. The published figures are for a DGX Spark (GB10), an RTX 5090 and a Mac M4 Pro; this run's machine stands under "Performance Results Summary". On another machine a published figure is not comparable, however close it looks.
    "#);
    let values: serde_json::Value = serde_json::from_str(&said.run().read("summary.json")).unwrap();
    let cell = values["cells"].as_object().unwrap().values().next().unwrap();
    let values = &cell["repetitions"][0]["values"];
    assert_snapshot!(format!("{}\n{}", values["memory_per_instance"], values["time_to_ready"]), @r#"
    {"gap":{"why":"not_measured","reason":"servers were there before the run, with what memory they take"}}
    {"gap":{"why":"not_measured","reason":"no server was started for it alone"}}
    "#);
}
