//! A server that speaks as much of Ollama's API as steps need.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What the server has, and what it was asked.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) models: Vec<String>,
    pub(crate) loaded: Vec<String>,
    pub(crate) asked: Vec<String>,
    /// Its answer to `/api/pull`, if that is not a success.
    pub(crate) broken: Option<&'static str>,
    /// Whether a model stays loaded whatever it is told.
    pub(crate) stubborn: bool,
}

/// A real server with that state, which goes on until the tests end.
#[derive(Clone, Default)]
pub(crate) struct Ollama(Arc<Mutex<State>>);

impl Ollama {
    /// Starts it; returns it and its URL.
    pub(crate) fn start(state: State) -> (Self, String) {
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

    /// The models that it has.
    pub(crate) fn models(&self) -> Vec<String> {
        self.0.lock().unwrap().models.clone()
    }

    /// Everything it was asked but to list.
    pub(crate) fn asked(&self) -> String {
        self.0.lock().unwrap().asked.join("\n")
    }
}

fn list(models: &[String]) -> String {
    let models: Vec<Value> =
        models.iter().map(|name| json!({"name": name, "digest": "46e0c10c039e", "size": 4_920_753_328_u64})).collect();
    json!({ "models": models }).to_string()
}

/// The first line of a request without its version, and its body.
pub(crate) fn request(stream: &TcpStream) -> Option<(String, Value)> {
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
