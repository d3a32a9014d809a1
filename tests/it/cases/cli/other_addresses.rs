//! Servers that are not at a port of this machine's own address: behind TLS, at
//! a socket in the file system, and asked from many addresses.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;

use super::folder::{Folder, Said};
use crate::support::other_addresses::{Heard, Secured, at_socket};
use crate::support::{ScriptedServer, answer, answer_keeping_alive};

/// A scenario that looks at the server in every way before it asks.
fn scenario(url: &str, page: &str) -> String {
    format!(
        r#"
schema = 1
name = "elsewhere"
title = "A server elsewhere"

[design]
repetitions = 1
rerun = 0

[[setup]]
timeout = "10s"
wait = {{ http = "{page}/waited" }}

[[setup]]
timeout = "10s"
http = {{ url = "{page}/asked", json = {{ a = 1 }} }}

[[server]]
name = "distant"
api = "openai"
url = "{url}"
ready = {{ http = "/ready", within = "1s" }}
preload = true

[[phase]]
name = "load"
clients = 1
requests = 2
request = {{ prompt = "hello", max_tokens = 1, stall = "5s" }}
"#
    )
}

/// What was heard since the last time, each line once, in order.
fn heard(heard: &Heard) -> String {
    let mut lines = std::mem::take(&mut *heard.lock().unwrap());
    lines.dedup();
    lines.join("\n")
}

/// Whoever trusts this certificate, and no other.
fn trusting<'c>(command: &'c mut Command, certificate: &str) -> &'c mut Command {
    // What else the machine may say of whom to trust.
    command.env_remove("SSL_CERT_DIR").env_remove("CURL_CA_BUNDLE").env("SSL_CERT_FILE", certificate)
}

/// Runs the scenario, then the script of its plan; what the server heard.
fn both(folder: &Folder, ears: &Heard, certificate: &str) -> [String; 2] {
    let run = trusting(&mut folder.command("x.toml --quiet"), certificate).output().unwrap();
    let said = Said::of(folder, &run);
    // So short a load may be found too short: it is what was asked that counts.
    assert!(matches!(said.code, Some(0 | 4)), "{said}");
    let by_run = heard(ears);
    folder.write("by-hand.sh", &folder.runexp("plan x.toml --script").stdout);
    let mut shell = Command::new("sh");
    shell.arg("by-hand.sh").current_dir(folder.path(""));
    let done = trusting(&mut shell, certificate).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    [by_run, heard(ears)]
}

/// What it asks a server about itself comes after the preload.
const BY_RUN: &str = "GET /waited HTTP/1.1\nPOST /asked HTTP/1.1\nGET /ready HTTP/1.1\nPOST /v1/chat/completions HTTP/1.1\n\
    GET /version HTTP/1.1\nGET /v1/models HTTP/1.1\nPOST /v1/chat/completions HTTP/1.1";
const BY_HAND: &str = "GET /waited HTTP/1.1\nPOST /asked HTTP/1.1\nGET /ready HTTP/1.1";

#[test]
fn a_server_behind_tls_is_asked_as_any_other_once_its_certificate_is_trusted() {
    let server = Secured::start();
    let url = format!("https://localhost:{}", server.port);
    let folder = Folder::with(&scenario(&url, &url));
    folder.write("trusted.pem", &server.certificate);
    assert_eq!(both(&folder, &server.heard, "trusted.pem"), [BY_RUN, BY_HAND]);
}

#[test]
fn a_server_at_a_socket_is_asked_as_any_other() {
    let folder = Folder::new();
    let ears = at_socket(&folder.path("model.sock"));
    let url = format!("unix://{}", folder.path("model.sock").display());
    folder.write("x.toml", &scenario(&url, &format!("{url}:")));
    assert_eq!(both(&folder, &ears, "/dev/null"), [BY_RUN, BY_HAND]);
}

/// The last lines of a run that asks a server which it does not trust.
fn distrusted(url: &str, certificate: &str) -> String {
    let text = scenario(url, url);
    let (head, rest) = text.split_once("[[setup]]").unwrap();
    let folder = Folder::with(&format!("{head}{}", &rest[rest.find("[[server]]").unwrap()..]));
    folder.write("trusted.pem", certificate);
    let run = trusting(&mut folder.command("x.toml --quiet"), "trusted.pem").output().unwrap();
    assert_eq!(run.status.code(), Some(3));
    let said = folder.redacted(&String::from_utf8_lossy(&run.stderr));
    regex::Regex::new(r"localhost:\d+").unwrap().replace_all(&said, "localhost:PORT").trim_end().to_owned()
}

/// The port of a server that answers whatever it is told in plain HTTP.
fn plain() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            answer(&mut stream, "400 Bad Request", "{}");
        }
    });
    port
}

#[test]
fn a_certificate_that_is_not_to_be_trusted_is_told_in_words() {
    let (server, other) = (Secured::start(), Secured::start());
    let plain = plain();
    let said = [
        distrusted(&format!("https://localhost:{}", server.port), &other.certificate),
        distrusted(&format!("https://127.0.0.1:{}", server.port), &server.certificate),
        distrusted(&format!("https://localhost:{plain}"), &other.certificate),
    ];
    assert_snapshot!(said.join("\n\n"), @"
    error: server `distant[0]` could not be started: `distant[0]` was not ready within 1s: `https://localhost:PORT/ready` does not answer: its certificate is signed by nobody whom this machine trusts; name the certificate of who signed it, as a file, in `SSL_CERT_FILE`; its log is empty

    error: server `distant[0]` could not be started: `distant[0]` was not ready within 1s: `https://127.0.0.1:PORT/ready` does not answer: its certificate is for `localhost`, not for `127.0.0.1`; its log is empty

    error: server `distant[0]` could not be started: `distant[0]` was not ready within 1s: `https://localhost:PORT/ready` does not answer: it does not speak TLS there: `http` instead of `https`, or another port; its log is empty
    ");
}

#[test]
fn connections_come_from_every_address_that_the_scenario_names() {
    let peers = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&peers);
    // Every connection is closed after its reply, so each request needs one.
    let server = ScriptedServer::start(move |_, stream| {
        seen.lock().unwrap().insert(stream.peer_addr().unwrap().ip().to_string());
        answer_keeping_alive(stream);
    });
    let own = "url = \"URL\"\nsource_addresses = [\"127.0.0.2\", \"127.0.0.3\", \"127.0.0.5\"]";
    let text = scenario("URL", "URL").replace("url = \"URL\"\nready", &format!("{own}\nready"));
    let (head, rest) = text.split_once("[[setup]]").unwrap();
    let rest = &rest[rest.find("[[server]]").unwrap()..];
    let rest = rest.replace("ready = { http = \"/ready\", within = \"1s\" }\npreload = true\n", "");
    let text = format!("{head}{rest}").replace("URL", &server.url()).replace("requests = 2", "requests = 9");
    let folder = Folder::with(&text);
    let said = folder.runexp("x.toml --quiet");
    assert!(matches!(said.code, Some(0 | 4)), "{said}");
    let from = peers.lock().unwrap().iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    // From the first the server is asked what it tells of itself, which is no load.
    assert_eq!(from, "127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.5");

    folder.write("x.toml", &text.replace("127.0.0.5", "192.0.2.1"));
    assert_snapshot!(folder.runexp("x.toml --quiet"), @r"
    exit 3

    stdout:

    stderr:
    error: `192.0.2.1` in the `source_addresses` of `distant[0]` is not an address of this machine; `ip address` lists those it has
    ");
}
