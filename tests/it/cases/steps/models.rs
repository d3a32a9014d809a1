//! `pull` and `unload` against a server that speaks Ollama's API.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use runexp::process::Undoing as _;
use runexp::record::{Fact, Undo};
use serde_json::{Value, json};

use super::world::{step, within, world};

/// What the server has, and what it was asked.
#[derive(Default)]
struct State {
    models: Vec<String>,
    loaded: Vec<String>,
    asked: Vec<String>,
    /// Its answer to `/api/pull`, if that is not a success.
    broken: Option<&'static str>,
    /// Whether a model stays loaded whatever it is told.
    stubborn: bool,
}

#[derive(Clone, Default)]
struct Ollama(Arc<Mutex<State>>);

impl Ollama {
    fn start(state: State) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self(Arc::new(Mutex::new(state)));
        let background = server.clone();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| background.serve(stream)));
        (server, url)
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some((head, body)) = request(&stream) else { return };
        let (status, answer) = self.answer(&head, &body);
        let head = "Content-Type: application/x-ndjson\r\nConnection: close";
        let _ = write!(stream, "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
    }

    fn answer(&self, head: &str, body: &Value) -> (&'static str, String) {
        let mut state = self.0.lock().unwrap();
        let model = body["model"].as_str().unwrap_or_default().to_owned();
        if !head.starts_with("GET") {
            state.asked.push(format!("{head} {body}"));
        }
        match head {
            "GET /api/tags" => ("200 OK", list(&state.models)),
            "GET /api/ps" => ("200 OK", list(&state.loaded)),
            "POST /api/pull" => {
                let broken = state.broken;
                state.models.extend(broken.is_none().then_some(model));
                ("200 OK", broken.unwrap_or(PULLED).to_owned())
            }
            "POST /api/generate" if state.models.contains(&model) => {
                let stubborn = state.stubborn;
                state.loaded.retain(|_| stubborn);
                ("200 OK", json!({"done": true, "done_reason": "unload"}).to_string())
            }
            "DELETE /api/delete" if state.models.contains(&model) => {
                state.models.retain(|known| *known != model);
                ("200 OK", String::new())
            }
            _ => ("404 Not Found", json!({"error": format!("model '{model}' not found")}).to_string()),
        }
    }

    fn asked(&self) -> String {
        self.0.lock().unwrap().asked.join("\n")
    }
}

fn list(models: &[String]) -> String {
    let models: Vec<Value> =
        models.iter().map(|name| json!({"name": name, "digest": "46e0c10c039e", "size": 4_920_753_328_u64})).collect();
    json!({ "models": models }).to_string()
}

/// The first line of a request without its version, and its body.
fn request(stream: &TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    reader.read_line(&mut head).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().to_ascii_lowercase().strip_prefix("content-length: ") {
            Some(value) => length = value.parse().ok()?,
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head.trim_end().trim_end_matches(" HTTP/1.1").to_owned(), serde_json::from_slice(&body).unwrap_or_default()))
}

const PULLED: &str = r#"{"status":"pulling manifest"}
{"status":"pulling 667b0c1932bc","digest":"sha256:667b0c1932bc","total":1000,"completed":10}
{"status":"pulling 667b0c1932bc","digest":"sha256:667b0c1932bc","total":1000,"completed":20}
{"status":"pulling 667b0c1932bc","digest":"sha256:667b0c1932bc","total":1000,"completed":1000}
{"status":"verifying sha256 digest"}
{"status":"success"}
"#;

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
    assert_eq!(server.0.lock().unwrap().models, ["old:latest"]);
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
        errors.push(world().perform(&pull).await.unwrap_err().to_string().replace(&url, "URL"));
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
    let told: Vec<String> = failures.iter().map(|failure| format!("{failure}\nhelp: {}", failure.help())).collect();
    assert_snapshot!(told.join("\n").replace(&url, "URL"), @r#"
    `pull` was not undone: `URL` answered 500 Internal Server Error
    help: curl -fsS -X DELETE -d '{"model":"m"}' URL
    "#);
}
