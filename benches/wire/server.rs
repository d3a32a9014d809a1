//! A server that answers every request at once with the same bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::time::ClockId;

use crate::{Failure, cpu};

/// Events of a reply that are no tokens: the role, the usage, the end.
const OTHERS: u64 = 3;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Tokens of a reply.
    pub(crate) tokens: u64,
    stopping: Arc<AtomicBool>,
    accepting: JoinHandle<std::io::Result<Duration>>,
}

impl Server {
    /// One whose replies have so many tokens.
    pub(crate) fn start(tokens: u64) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let accepting = thread::spawn(move || accept(&listener, &reply(tokens), &stop));
        Ok(Self { address, tokens, stopping, accepting })
    }

    /// Events of a reply.
    pub(crate) fn events(&self) -> u64 {
        self.tokens + OTHERS
    }

    /// Waits for the connections' ends and tells the CPU time of all.
    pub(crate) fn finish(self) -> Result<Duration, Failure> {
        self.stopping.store(true, Ordering::Relaxed);
        TcpStream::connect(self.address)?;
        Ok(self.accepting.join().map_err(|_| "the server's thread panicked")??)
    }
}

/// A thread a connection, until a connection comes after the stop.
fn accept(listener: &TcpListener, reply: &[u8], stop: &AtomicBool) -> std::io::Result<Duration> {
    thread::scope(|scope| {
        let mut connections = Vec::new();
        loop {
            let (stream, _) = listener.accept()?;
            if stop.load(Ordering::Relaxed) {
                break;
            }
            connections.push(scope.spawn(|| serve(stream, reply)));
        }
        let spent: Duration = connections.into_iter().filter_map(|connection| connection.join().ok()).sum();
        Ok(spent + cpu(ClockId::ThreadCPUTime))
    })
}

/// Answers until the client closes the connection; the CPU time that took.
fn serve(mut stream: TcpStream, reply: &[u8]) -> Duration {
    let _ = stream.set_nodelay(true);
    let mut request = Vec::new();
    let mut room = vec![0; 16 << 10];
    loop {
        match stream.read(&mut room) {
            Ok(0) => break,
            Ok(read) => request.extend_from_slice(&room[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        if is_whole(&request) {
            request.clear();
            if stream.write_all(reply).is_err() {
                break;
            }
        }
    }
    cpu(ClockId::ThreadCPUTime)
}

/// Whether the head and as much body as it announces are there.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = memchr::memmem::find(request, b"\r\n\r\n") else { return false };
    let announced = String::from_utf8_lossy(&request[..end]).lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    request.len() >= end + 4 + announced.unwrap_or(0)
}

/// As vLLM sends it: the head, then every event a chunk of its own.
fn reply(tokens: u64) -> Vec<u8> {
    let delta = |delta: &str| {
        format!(
            r#"{{"id":"chatcmpl-9d37010354f1e666","object":"chat.completion.chunk","created":1795349107,"model":"tiny","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":null,"token_ids":null}}]}}"#
        )
    };
    let usage = format!(
        r#"{{"id":"chatcmpl-9d37010354f1e666","object":"chat.completion.chunk","created":1795349107,"model":"tiny","choices":[],"usage":{{"prompt_tokens":14,"total_tokens":{},"completion_tokens":{tokens}}}}}"#,
        tokens + 14
    );
    let tokens = (0..tokens).map(|n| delta(&format!(r#"{{"content":" token {n}"}}"#)));
    let events = std::iter::once(delta(r#"{"role":"assistant","content":""}"#)).chain(tokens);
    let finish = delta("{}").replace(r#""finish_reason":null"#, r#""finish_reason":"length""#);
    let events = events.chain([finish, usage, "[DONE]".to_owned()]).map(|data| format!("data: {data}\n\n"));
    let chunks = events.flat_map(|event| format!("{:x}\r\n{event}\r\n", event.len()).into_bytes());
    let head =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";
    head.iter().copied().chain(chunks).chain(*b"0\r\n\r\n").collect()
}
