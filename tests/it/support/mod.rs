//! Real parts for tests: a server that answers exactly the bytes it is told.

pub(crate) mod chat;
pub(crate) mod driven;
pub(crate) mod ollama;
pub(crate) mod other_addresses;
pub(crate) mod talker;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A real server on a real socket whose replies are written out byte by byte.
pub(crate) struct ScriptedServer {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl ScriptedServer {
    /// Answers every request by calling `answer` with its number (from 0) and
    /// the connection, which is closed afterwards.
    pub(crate) fn start(answer: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::listening(move |number, _, stream| answer(number, stream))
    }

    fn listening(answer: impl Fn(usize, &str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (answer, counter, ears) = (Arc::new(answer), Arc::clone(&requests), Arc::clone(&heard));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, counter, ears) = (Arc::clone(&answer), Arc::clone(&counter), Arc::clone(&ears));
                thread::spawn(move || serve(stream, answer.as_ref(), &counter, &ears));
            }
        });
        Self { address, requests, heard }
    }

    /// Answers every request by calling `answer` with what was asked, head and
    /// body, and the connection, which is closed afterwards.
    pub(crate) fn start_hearing(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::listening(move |_, heard, stream| answer(heard, stream))
    }

    /// Answers the first request of every connection, and closes it without a
    /// word when a second one comes over it.
    pub(crate) fn closing_on_the_second_request(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::start(move |_, stream| {
            answer(stream);
            read_request(stream);
        })
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests read so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// The requests read so far, head and body, in order.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(usize, &str, &mut TcpStream) + Send + Sync),
    counter: &AtomicUsize,
    heard: &Mutex<Vec<String>>,
) {
    if let Some(request) = read_request(&mut stream) {
        heard.lock().unwrap().push(request.clone());
        let number = counter.fetch_add(1, Ordering::SeqCst);
        answer(number, &request, &mut stream);
    }
}

/// Reads one request's head and body.
pub(crate) fn read_request(stream: impl Read) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        head.push_str(&line);
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}

/// Writes a streamed answer's head.
pub(crate) fn stream_head(stream: &mut TcpStream) {
    let _ =
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
}

/// Writes one HTTP chunk.
pub(crate) fn chunk(stream: &mut TcpStream, text: &str) {
    let _ = write!(stream, "{:x}\r\n{text}\r\n", text.len());
    let _ = stream.flush();
}

/// Ends a streamed answer.
pub(crate) fn end(stream: &mut TcpStream) {
    let _ = stream.write_all(b"0\r\n\r\n");
}

/// A chat token as OpenAI streams it.
pub(crate) fn token(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n")
}

/// The end of an OpenAI stream.
pub(crate) const FINISH: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";

/// A whole streamed answer on a connection that stays open.
pub(crate) fn answer_keeping_alive(stream: &mut TcpStream) {
    stream_head(stream);
    chunk(stream, &token("a"));
    chunk(stream, FINISH);
    end(stream);
}

/// A whole answer with a status.
pub(crate) fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}
