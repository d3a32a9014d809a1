//! Against real sockets.
#![expect(clippy::disallowed_methods, reason = "servers on threads of their own")]

use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::{Address, Client, Connector, Request, Trust, WireError};
use crate::clock::Clock;
use crate::units::Nanos;

mod tls;

const STALL: Duration = Duration::from_secs(10);
const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

fn client_with(url: &str, sources: Vec<IpAddr>, stall: Duration) -> Client {
    let address = Address::parse(url).unwrap();
    let request = Request::post(&address, "/ask", &[]);
    Client::new(Connector::new(address, sources, &Trust::Machine).unwrap(), request, stall)
}

fn client(url: &str) -> Client {
    client_with(url, Vec::new(), STALL)
}

/// Status and body of one reply.
async fn ask(client: &Client, body: &str) -> Result<(u16, String), WireError> {
    whole(client.send(body.as_bytes(), Clock::start(), None).await?).await
}

async fn whole(mut reply: super::Reply<'_>) -> Result<(u16, String), WireError> {
    let mut body = Vec::new();
    while let Some(arrived) = reply.read().await? {
        for piece in arrived {
            body.extend_from_slice(piece?);
        }
    }
    Ok((reply.status, String::from_utf8(body).unwrap()))
}

fn hello() -> (u16, String) {
    (200, "hello".to_owned())
}

/// Reads one request; empty at the end of the connection.
fn request(stream: &mut impl Read) -> String {
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !read.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return String::new();
        }
        read.push(byte[0]);
    }
    let head = String::from_utf8(read).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    head + str::from_utf8(&body).unwrap()
}

/// A server that gives each connection, with its number, to `serve`.
fn server(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let serve = &serve;
        thread::scope(|scope| {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                scope.spawn(move || serve(number, stream));
            }
        });
    });
    url
}

/// One that answers every request of every connection with these bytes, and
/// tells by number over which connection each came.
fn answering(reply: &'static [u8]) -> (String, Receiver<usize>) {
    let (tell, told) = mpsc::channel();
    let url = server(move |number, mut stream| {
        while !request(&mut stream).is_empty() {
            tell.send(number).unwrap();
            stream.write_all(reply).unwrap();
        }
    });
    (url, told)
}

#[tokio::test]
async fn a_request_is_sent_as_it_was_prepared() {
    let (tell, told) = mpsc::channel();
    let url = server(move |_, mut stream| {
        tell.send(request(&mut stream)).unwrap();
        stream.write_all(HELLO).unwrap();
    });
    assert_eq!(ask(&client(&format!("{url}/prefix")), "{}").await.unwrap(), hello());
    let sent = told.recv().unwrap().replace(url.trim_start_matches("http://"), "HOST").replace('\r', "");
    insta::assert_snapshot!(sent, @r"
    POST /prefix/ask HTTP/1.1
    host: HOST
    content-type: application/json
    accept: */*
    user-agent: runexp/0.1.0
    content-length: 2

    {}
    ");
}

#[tokio::test]
async fn a_connection_is_kept_and_the_one_used_last_is_used_first() {
    let (url, told) = answering(HELLO);
    let client = client(&url);
    let clock = Clock::start();
    let first = client.send(b"", clock, None).await.unwrap();
    let second = client.send(b"", clock, None).await.unwrap();
    assert_eq!((whole(first).await.unwrap(), whole(second).await.unwrap()), (hello(), hello()));
    for _ in 0..3 {
        assert_eq!(ask(&client, "").await.unwrap(), hello());
    }
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [0, 1, 1, 1, 1]);
}

#[tokio::test]
async fn a_connection_is_not_kept_where_it_must_not_be() {
    let replies: [&[u8]; 5] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello and more",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n ",
    ];
    for reply in replies {
        let (url, told) = answering(reply);
        let client = client(&url);
        assert_eq!([ask(&client, "").await.unwrap(), ask(&client, "").await.unwrap()], [hello(), hello()]);
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [0, 1], "{}", reply.escape_ascii());
    }
}

#[tokio::test]
async fn a_body_may_end_with_its_connection() {
    let url = server(|_, mut stream| {
        request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello").unwrap();
    });
    assert_eq!(ask(&client(&url), "").await.unwrap(), hello());
}

#[tokio::test]
async fn a_reply_that_is_dropped_takes_its_connection_along() {
    let (url, told) = answering(HELLO);
    let client = client(&url);
    drop(client.send(b"", Clock::start(), None).await.unwrap());
    assert_eq!(ask(&client, "").await.unwrap(), hello());
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn what_one_read_brings_arrived_together_however_many_chunks_it_is() {
    let url = server(|_, mut stream| {
        request(&mut stream);
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}1\r\na\r\n1\r\nb\r\n0\r\n\r\n").as_bytes()).unwrap();
    });
    let client = client(&url);
    let mut reply = client.send(b"", Clock::start(), None).await.unwrap();
    let head_at = reply.head_at;
    let arrived = reply.read().await.unwrap().unwrap();
    assert_eq!(arrived.at, head_at);
    assert_eq!(arrived.map(Result::unwrap).collect::<Vec<_>>(), [b"a", b"b"]);
    assert!(reply.read().await.unwrap().is_none());
}

#[tokio::test]
async fn a_large_request_and_a_large_reply_go_through() {
    const LENGTH: usize = 5 << 20;
    let url = server(|_, mut stream| {
        let length = request(&mut stream).len();
        assert!(length > LENGTH);
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n").as_bytes()).unwrap();
        stream.write_all(&vec![b'x'; LENGTH]).unwrap();
    });
    let (status, body) = ask(&client(&url), &"y".repeat(LENGTH)).await.unwrap();
    assert_eq!((status, body.len()), (200, LENGTH));
}

/// What becomes of a request that the server answers so before it closes.
async fn end_of(reply: &'static [u8]) -> String {
    let url = server(move |_, mut stream| {
        request(&mut stream);
        stream.write_all(reply).unwrap();
    });
    format!("{:?}", ask(&client(&url), "").await)
}

#[tokio::test]
async fn every_way_to_fail_has_a_kind_of_its_own() {
    let long: &[u8] = [b"HTTP/1.1 200 OK\r\na: ".to_vec(), vec![b'x'; 70_000]].concat().leak();
    let mut ends = Vec::new();
    for reply in [
        b"".as_slice(),
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: five\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        long,
    ] {
        ends.push(end_of(reply).await);
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = ask(&client(&format!("http://{free}")), "").await;
    ends.push(format!("{refused:?}").replace(&free.to_string(), "HOST"));
    insta::assert_snapshot!(ends.join("\n"), @r#"
    Err(Unanswered { source: Kind(UnexpectedEof) })
    Err(Reset { source: Kind(UnexpectedEof) })
    Err(EarlyClose { source: Kind(UnexpectedEof) })
    Err(EarlyClose { source: Kind(UnexpectedEof) })
    Err(Chunk { byte: 104 })
    Err(Length { value: "five" })
    Err(Switch)
    Err(NotHttp { source: Version })
    Err(HeadTooLong { limit: 65536 })
    Err(Connect { place: "http://HOST", source: Os { code: 111, kind: ConnectionRefused, message: "Connection refused" } })
    "#);
}

#[tokio::test]
async fn silence_and_a_deadline_are_told_apart() {
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let url = server(move |_, mut stream| {
        request(&mut stream);
        let _ = released.lock().unwrap().recv();
    });
    let clock = Clock::start();
    let impatient = client_with(&url, Vec::new(), Duration::from_millis(20));
    let stalled = impatient.send(b"", clock, None).await.unwrap_err();
    assert!(matches!(stalled, WireError::Stall { limit: Nanos(20_000_000) }), "{stalled:?}");
    let deadline = clock.now().plus(Nanos(20_000_000));
    let late = client(&url).send(b"", clock, Some(deadline)).await.unwrap_err();
    assert!(matches!(late, WireError::Deadline), "{late:?}");
    assert!(clock.now() >= deadline);
    drop(release);
}

#[tokio::test]
async fn a_unix_socket_is_an_address_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        tell.send(request(&mut stream)).unwrap();
        stream.write_all(HELLO).unwrap();
    });
    let client = client(&format!("unix://{}:/engines", path.display()));
    assert_eq!(ask(&client, "").await.unwrap(), hello());
    assert!(told.recv().unwrap().starts_with("POST /engines/ask HTTP/1.1\r\nhost: localhost\r\n"));
}

#[tokio::test]
async fn connections_come_from_each_source_in_turn() {
    let (tell, told) = mpsc::channel();
    let url = server(move |_, mut stream| {
        request(&mut stream);
        tell.send(stream.peer_addr().unwrap().ip().to_string()).unwrap();
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nhello").unwrap();
    });
    let sources = ["127.0.0.2", "127.0.0.3"].map(|source| source.parse().unwrap()).to_vec();
    let client = client_with(&url, sources, STALL);
    for _ in 0..3 {
        assert_eq!(ask(&client, "").await.unwrap(), hello());
    }
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["127.0.0.2", "127.0.0.3", "127.0.0.2"]);
}
