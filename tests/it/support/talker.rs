//! A server that talks as Ollama does, and can be made to count or serve wrongly.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::ollama::request;

/// How it talks. Functions are given how often it was asked that before.
#[derive(Clone, Copy)]
pub(crate) struct Talker {
    /// Tokens that it sends in a reply.
    pub(crate) sends: u64,
    /// Tokens that it says it sent.
    pub(crate) counts: u64,
    /// Tokens of the prompt, by its count.
    pub(crate) prompt: fn(u64) -> u64,
    /// Of these, from a cache.
    pub(crate) cached: Option<u64>,
    /// Between two tokens.
    pub(crate) pause: fn(u64) -> Duration,
    /// The digest of its model.
    pub(crate) digest: fn(u64) -> &'static str,
    /// What its loaded model takes.
    pub(crate) size: fn(u64) -> u64,
    /// Of this, so much is in device memory.
    pub(crate) on_device: u64,
    /// What it says that loading the model took.
    pub(crate) load: fn(u64) -> Duration,
    /// How many replies it has under way at once.
    pub(crate) slots: usize,
}

/// Nothing is wrong with it.
pub(crate) const HONEST: Talker = Talker {
    sends: 8,
    counts: 8,
    prompt: |_| 26,
    cached: None,
    pause: |_| Duration::from_millis(10),
    digest: |_| "46e0c10c039e",
    size: |_| 600,
    on_device: 600,
    load: |_| Duration::from_millis(1),
    slots: usize::MAX,
};

/// What was asked of a server, and the replies that are under way.
#[derive(Default)]
struct Asked {
    chats: AtomicU64,
    looks: AtomicU64,
    under_way: Mutex<usize>,
    is_free: Condvar,
}

impl Asked {
    /// Waits until fewer than so many replies are under way, and begins one.
    fn begin(&self, slots: usize) {
        let mut under_way = self.is_free.wait_while(self.under_way.lock().unwrap(), |count| *count >= slots).unwrap();
        *under_way += 1;
    }

    fn end(&self) {
        *self.under_way.lock().unwrap() -= 1;
        self.is_free.notify_one();
    }
}

impl Talker {
    /// Starts it for as long as the tests run; its URL.
    pub(crate) fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Asked::default());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = Arc::clone(&asked);
                std::thread::spawn(move || self.serve(&stream, &asked));
            }
        });
        url
    }

    fn serve(&self, mut stream: &TcpStream, asked: &Asked) {
        let Some((head, body)) = request(stream) else { return };
        let begin = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n";
        let _ = stream.write_all(begin.as_bytes());
        let whole = match head.as_str() {
            "POST /api/chat" => {
                asked.begin(self.slots);
                // A trial before the load asks for more tokens than any cell does.
                let tokens = body["options"]["num_predict"].as_u64().filter(|tokens| *tokens >= 48);
                self.talk(stream, tokens, asked.chats.fetch_add(1, Ordering::SeqCst));
                return asked.end();
            }
            "GET /api/ps" => self.loaded(asked.looks.fetch_add(1, Ordering::SeqCst)),
            _ => json!({ "version": "0.12.6" }),
        };
        let _ = stream.write_all(whole.to_string().as_bytes());
    }

    fn talk(&self, mut stream: &TcpStream, tokens: Option<u64>, before: u64) {
        let mut line = |line: Value| stream.write_all(format!("{line}\n").as_bytes());
        for _ in 0..tokens.unwrap_or(self.sends) {
            std::thread::sleep((self.pause)(before));
            let _ = line(json!({ "message": { "role": "assistant", "content": "sun " }, "done": false }));
        }
        let mut last = json!({
            "message": { "role": "assistant", "content": "" }, "done": true, "done_reason": "length",
            "eval_count": self.counts, "eval_duration": 1_000_000,
            "load_duration": u64::try_from((self.load)(before).as_nanos()).unwrap(), "prompt_eval_count": (self.prompt)(before),
        });
        if let Some(cached) = self.cached {
            last["prompt_eval_cached_count"] = cached.into();
        }
        let _ = line(last);
    }

    fn loaded(&self, before: u64) -> Value {
        let details = json!({ "quantization_level": "Q4_K_M" });
        json!({ "models": [{
            "name": "m:latest", "digest": (self.digest)(before), "size": (self.size)(before), "size_vram": self.on_device,
            "details": details,
        }] })
    }
}
