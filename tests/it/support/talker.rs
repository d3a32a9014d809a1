//! A server that talks as Ollama does, and can be made to count or serve wrongly.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// Of the 600 bytes of its model, so many are in device memory.
    pub(crate) on_device: u64,
}

/// Nothing is wrong with it.
pub(crate) const HONEST: Talker = Talker {
    sends: 8,
    counts: 8,
    prompt: |_| 26,
    cached: None,
    pause: |_| Duration::from_millis(10),
    digest: |_| "46e0c10c039e",
    on_device: 600,
};

impl Talker {
    /// Starts it for as long as the tests run; its URL.
    pub(crate) fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = Arc::clone(&asked);
                std::thread::spawn(move || self.serve(&stream, &asked));
            }
        });
        url
    }

    fn serve(&self, mut stream: &TcpStream, [chats, looks]: &[AtomicU64; 2]) {
        let Some((head, _)) = request(stream) else { return };
        let begin = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n";
        let _ = stream.write_all(begin.as_bytes());
        let whole = match head.as_str() {
            "POST /api/chat" => return self.talk(stream, chats.fetch_add(1, Ordering::SeqCst)),
            "GET /api/ps" => self.loaded(looks.fetch_add(1, Ordering::SeqCst)),
            _ => json!({ "version": "0.12.6" }),
        };
        let _ = stream.write_all(whole.to_string().as_bytes());
    }

    fn talk(&self, mut stream: &TcpStream, before: u64) {
        let mut line = |line: Value| stream.write_all(format!("{line}\n").as_bytes());
        for _ in 0..self.sends {
            std::thread::sleep((self.pause)(before));
            let _ = line(json!({ "message": { "role": "assistant", "content": "sun " }, "done": false }));
        }
        let mut last = json!({
            "message": { "role": "assistant", "content": "" }, "done": true, "done_reason": "length",
            "eval_count": self.counts, "eval_duration": 1_000_000, "prompt_eval_count": (self.prompt)(before),
        });
        if let Some(cached) = self.cached {
            last["prompt_eval_cached_count"] = cached.into();
        }
        let _ = line(last);
    }

    fn loaded(&self, before: u64) -> Value {
        let details = json!({ "quantization_level": "Q4_K_M" });
        json!({ "models": [{
            "name": "m:latest", "digest": (self.digest)(before), "size": 600, "size_vram": self.on_device,
            "details": details,
        }] })
    }
}
