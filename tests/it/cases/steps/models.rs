//! `pull` and `unload` against a server that speaks Ollama's API.

use std::io::Write as _;
use std::net::TcpListener;

use insta::assert_snapshot;
use runexp::process::Undoing as _;
use runexp::record::{Fact, Undo};
use runexp::text::with_causes;
use serde_json::json;

use super::world::{step, within, world};
use crate::support::ollama::{Ollama, State, request};

fn told(facts: &[Fact]) -> String {
    facts.iter().map(|fact| format!("{} = {}", fact.name, fact.value)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_model_is_pulled_once_and_stays() {
    let (server, url) = Ollama::start(State::default());
    let mut world = world();
    let pull = step(&json!({"pull": {"model": "llama3.1:8b", "server": url}}));
    let first = world.perform(&pull).await.unwrap();
    assert_snapshot!(told(&first.facts), @r"
    pulled = yes
    model_digest = 46e0c10c039e
    model_size_bytes = 4920753328
    ");
    assert_snapshot!(std::fs::read_to_string(world.path("step.log")).unwrap(), @r"
    pulling manifest
    pulling 667b0c1932bc: 0 % of 1000 B
    pulling 667b0c1932bc: 100 % of 1000 B
    verifying sha256 digest
    success
    ");
    let second = world.perform(&pull).await.unwrap();
    assert_eq!(second.facts[0], Fact::new("pulled", "no"));
    assert!(world.undo.unwind().await.is_empty());
    assert_snapshot!(server.asked(), @r#"POST /api/pull {"model":"llama3.1:8b","stream":true}"#);
}

#[tokio::test]
async fn only_a_model_that_was_not_there_before_is_removed_afterwards() {
    let (server, url) = Ollama::start(State { models: vec!["old:latest".to_owned()], ..State::default() });
    let mut world = world();
    for model in ["old", "new:1b"] {
        let pull = json!({"pull": {"model": model, "server": url, "remove_after": true}});
        world.perform(&step(&pull)).await.unwrap();
    }
    assert!(world.undo.unwind().await.is_empty());
    assert_eq!(server.models(), ["old:latest"]);
    assert_snapshot!(server.asked(), @r#"
    POST /api/pull {"model":"new:1b","stream":true}
    DELETE /api/delete {"model":"new:1b"}
    "#);
    assert_snapshot!(world.journal(), @r"
    0 request intent
    0 request done
    0 request undone
    ");
}

#[tokio::test]
async fn removing_a_model_that_never_came_is_no_failure() {
    let broken = Some("{\"error\":\"pull model manifest: file does not exist\"}\n");
    let (_server, url) = Ollama::start(State { broken, ..State::default() });
    let mut world = world();
    let pull = json!({"pull": {"model": "no-such", "server": url, "remove_after": true}});
    let error = world.perform(&step(&pull)).await.unwrap_err();
    assert_snapshot!(format!("{error}\nhelp: {}", error.help().unwrap()).replace(&url, "URL"), @r"
    `URL/api/pull` refused: pull model manifest: file does not exist
    help: check the model's name on https://ollama.com/library
    ");
    assert!(world.undo.unwind().await.is_empty());
    assert_snapshot!(world.journal(), @r"
    0 request intent
    0 request undone
    ");
}

#[tokio::test]
async fn a_pull_that_breaks_off_or_answers_nonsense_fails() {
    let mut errors = Vec::new();
    for broken in ["{\"status\":\"pulling manifest\"}\n", "<html>\n", "{\"status\":\"success\"}\n"] {
        let (_server, url) = Ollama::start(State { broken: Some(broken), ..State::default() });
        let pull = step(&json!({"pull": {"model": "m", "server": url}}));
        errors.push(with_causes(&world().perform(&pull).await.unwrap_err()).replace(&url, "URL"));
    }
    assert_snapshot!(errors.join("\n"), @r"
    `URL/api/pull` ended before the model was there
    `URL/api/pull` did not answer like Ollama: expected value at line 1 column 1
    the server does not list `m` although it was pulled
    ");
}

#[tokio::test]
async fn a_line_without_end_is_cut_off() {
    let endless: &'static str = "x".repeat(5 << 20).leak();
    let (_server, url) = Ollama::start(State { broken: Some(endless), ..State::default() });
    let error = world().perform(&step(&json!({"pull": {"model": "m", "server": url}}))).await.unwrap_err();
    assert_snapshot!(error.to_string().replace(&url, "URL"), @"`URL/api/pull` sent more than 4194304 bytes at once");
}

#[tokio::test]
async fn a_model_is_unloaded_and_seen_to_be_gone() {
    let models = vec!["m:latest".to_owned()];
    let (server, url) = Ollama::start(State { loaded: models.clone(), models, ..State::default() });
    let unload = step(&json!({"unload": {"model": "m:latest", "server": format!("{url}/")}}));
    let mut world = world();
    assert_eq!(world.perform(&unload).await.unwrap().facts, [Fact::new("was_loaded", "yes")]);
    assert_eq!(world.perform(&unload).await.unwrap().facts, [Fact::new("was_loaded", "no")]);
    assert_eq!(server.asked().lines().last(), Some(r#"POST /api/generate {"model":"m:latest","keep_alive":0}"#));
}

#[tokio::test]
async fn a_model_that_stays_loaded_or_is_unknown_fails() {
    let models = vec!["m:latest".to_owned()];
    let (_server, url) = Ollama::start(State { loaded: models.clone(), models, stubborn: true, ..State::default() });
    let mut errors = Vec::new();
    for (model, server) in [("m:latest", url.as_str()), ("other", &url), ("m", "http://127.0.0.1:1")] {
        let unload = step(&json!({"unload": {"model": model, "server": server}}));
        let error = world().perform(&within(500, unload)).await.unwrap_err();
        errors.push(format!("{error}\nhelp: {}", error.help().unwrap()).replace(&url, "URL"));
    }
    assert_snapshot!(errors.join("\n"), @r"
    `m:latest` is still loaded
    help: something still sends requests to it; stop that, or raise `timeout`
    `URL/api/generate` refused: model 'other' not found
    help: check the model's name on https://ollama.com/library
    `http://127.0.0.1:1/api/ps` does not answer: Connection refused (os error 111)
    help: start Ollama before this step, or set `server` to where it listens
    ");
}

#[tokio::test]
async fn a_removal_that_the_server_refuses_can_be_done_by_hand() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/delete", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = request(&stream);
            let _ = stream.write_all(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let mut world = world();
    let (label, method) = ("pull".to_owned(), "DELETE".to_owned());
    world.undo.register(Undo::Request { label, method, url: url.clone(), json: json!({"model": "m"}) }).unwrap();
    let failures = world.undo.unwind().await;
    let told: Vec<String> =
        failures.iter().map(|failure| format!("{}\nhelp: {}", failure.told(), failure.help())).collect();
    assert_snapshot!(told.join("\n").replace(&url, "URL"), @r#"
    `pull` was not undone: `URL` answered 500 Internal Server Error
    help: curl -fsS -X DELETE -d '{"model":"m"}' URL
    "#);
}
