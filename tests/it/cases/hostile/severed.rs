//! A server that dies at each byte of its reply.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use insta::assert_snapshot;
use runexp::record::{RequestOutcome, RequestRecord};

use crate::support::driven::{Phase, runtime};
use crate::support::{FINISH, token};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const TOKENS: usize = 10;

/// How the connection ends.
#[derive(Clone, Copy)]
enum Death {
    /// The process ended well.
    Closed,
    /// The machine said that it knows no such connection.
    Reset,
}

/// A whole reply of about 1 kB.
fn reply() -> String {
    let events = (0..TOKENS).map(|number| token(&format!("word{number} "))).chain([FINISH.to_owned()]);
    let chunks = events.map(|event| format!("{:x}\r\n{event}\r\n", event.len()));
    HEAD.to_owned() + &chunks.collect::<String>() + "0\r\n\r\n"
}

/// How many tokens are whole in the first `length` bytes of the reply.
fn tokens_in(reply: &str, length: usize) -> usize {
    reply[..length].matches("null}]}\n\n").count()
}

/// Answers with the whole reply, but for the request of each model whose
/// number is `dying`: it gets as many bytes as the model's name says.
fn start(dying: usize, death: Death) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(HashMap::new()));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let asked = Arc::clone(&asked);
            std::thread::spawn(move || serve(&stream, dying, death, &asked));
        }
    });
    url
}

fn serve(mut stream: &TcpStream, dying: usize, death: Death, asked: &Mutex<HashMap<usize, usize>>) -> Option<()> {
    let reply = reply();
    for on_this_connection in 0.. {
        let length = model_asked(stream)?;
        let number = *asked.lock().unwrap().entry(length).and_modify(|number| *number += 1).or_insert(0);
        if number == dying && number == on_this_connection {
            stream.write_all(&reply.as_bytes()[..length]).ok()?;
            if let Death::Reset = death {
                socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)).ok()?;
            }
            return None;
        }
        stream.write_all(reply.as_bytes()).ok()?;
    }
    None
}

/// Reads a request whose model is a number.
fn model_asked(stream: &TcpStream) -> Option<usize> {
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
    body["model"].as_str()?.parse().ok()
}

/// What becomes of the last of `dying + 1` requests at each of the `lengths`.
fn deaths(dying: usize, death: Death, lengths: impl Iterator<Item = usize>) -> Vec<(usize, RequestRecord)> {
    let url = start(dying, death);
    let phase = Phase::of(&format!(
        "clients = 1\nrequests = {}\nrequest = {{ prompt = \"hello\", max_tokens = 10 }}",
        dying + 1
    ));
    let all = futures_util::stream::iter(lengths).map(|length| {
        let (phase, url) = (phase.asking(length.to_string()), url.clone());
        async move {
            let mut records = phase.drive(&url).await;
            assert_eq!(records.len(), dying + 1);
            (length, records.pop().unwrap())
        }
    });
    let mut told: Vec<_> = runtime().block_on(all.buffer_unordered(200).collect());
    told.sort_by_key(|(length, _)| *length);
    told
}

/// Stretches of lengths with the same end, one a line.
fn table(deaths: &[(usize, RequestRecord)]) -> String {
    let end = |(_, record): &(usize, RequestRecord)| (kind(&record.outcome), record.resent);
    let stretches = deaths.chunk_by(|a, b| end(a) == end(b)).map(|stretch| {
        let (kind, resent) = end(&stretch[0]);
        let resent = if resent { ", resent" } else { "" };
        format!("{:4} … {:4} {kind}{resent}", stretch[0].0, stretch[stretch.len() - 1].0)
    });
    stretches.collect::<Vec<_>>().join("\n")
}

fn kind(outcome: &RequestOutcome) -> String {
    let shown = format!("{outcome:?}");
    shown.split(' ').next().unwrap_or_default().to_owned()
}

/// The table of one kind of death, after a look at the number of tokens.
fn told(dying: usize, death: Death) -> String {
    let reply = reply();
    let deaths = deaths(dying, death, 0..=reply.len());
    for (length, record) in &deaths {
        let whole = if record.resent { reply.len() } else { *length };
        assert_eq!(record.chunks.total_events(), tokens_in(&reply, whole) as u64, "after {length} bytes");
    }
    table(&deaths)
}

#[test]
fn a_server_may_die_at_any_byte_of_its_reply_and_in_any_way() {
    let closed = told(0, Death::Closed);
    assert_snapshot!(closed, @r"
       0 …    0 Success, resent
       1 …   79 Reset
      80 … 1056 EarlyClose
    1057 … 1064 Success
    ");
    for (request, dying) in [("the first", 0), ("the second", 1)] {
        assert_eq!(told(dying, Death::Reset), closed, "{request} request of a connection that is reset");
    }
    assert_eq!(told(1, Death::Closed), closed, "the second request of a connection that is closed");
}
