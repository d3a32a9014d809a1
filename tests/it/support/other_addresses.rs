//! OpenAI servers that are reached over TLS and over a socket in the file
//! system.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{FINISH, read_request, token};

/// A reply that is not streamed.
const WHOLE: &str =
    r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"length"}]}"#;

/// The first line of every request, in order.
pub(crate) type Heard = Arc<Mutex<Vec<String>>>;

/// A server of `localhost` whose certificate nobody but itself has signed.
pub(crate) struct Secured {
    pub(crate) port: u16,
    /// Its certificate, as a file holds it.
    pub(crate) certificate: String,
    pub(crate) heard: Heard,
}

impl Secured {
    pub(crate) fn start() -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], signing_key.into())
            .unwrap();
        let (config, heard) = (Arc::new(config), Heard::default());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, ears) = (listener.local_addr().unwrap().port(), Arc::clone(&heard));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, ears) = (Arc::clone(&config), Arc::clone(&ears));
                thread::spawn(move || {
                    serve(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), &ears);
                });
            }
        });
        Self { port, certificate: cert.pem(), heard }
    }
}

/// Serves at a socket in the file system.
pub(crate) fn at_socket(path: &Path) -> Heard {
    let (listener, heard) = (UnixListener::bind(path).unwrap(), Heard::default());
    let ears = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let ears = Arc::clone(&ears);
            thread::spawn(move || serve(stream, &ears));
        }
    });
    heard
}

/// Answers every request of a connection: a `POST` to a chat by one token, in a
/// stream if that was asked for, any other by an empty object.
fn serve(mut stream: impl Read + Write, heard: &Mutex<Vec<String>>) {
    while let Some(request) = read_request(&mut stream) {
        let line = request.lines().next().unwrap_or_default().to_owned();
        let body = match (line.starts_with("POST /v1/chat"), request.contains("\"stream\":true")) {
            (false, _) => "{}".to_owned(),
            (true, true) => format!("{}{FINISH}", token("a")),
            (true, false) => WHOLE.to_owned(),
        };
        heard.lock().unwrap().push(line);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}
