use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::super::{Address, Client, Connector, Request, Trust, WireError};
use super::{HELLO, STALL, ask, hello, request};

/// A TLS server for `localhost` that answers every request, and the
/// certificate that it signed itself.
fn server() -> (String, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], signing_key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            while !request(&mut stream).is_empty() {
                assert_eq!(stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
                stream.write_all(HELLO).unwrap();
            }
        }
    });
    (format!("https://localhost:{port}"), certificate)
}

fn client(url: &str, trust: &Trust) -> Client {
    let address = Address::parse(url).unwrap();
    let request = Request::post(&address, "/ask", &[]);
    Client::new(Connector::new(address, Vec::new(), trust).unwrap(), request, STALL)
}

#[tokio::test]
async fn a_server_whose_certificate_is_trusted_is_asked_over_tls() {
    let (url, certificate) = server();
    let client = client(&url, &Trust::Only(vec![certificate]));
    for _ in 0..2 {
        assert_eq!(ask(&client, &"x".repeat(100_000)).await.unwrap(), hello());
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (url, _) = server();
    let (_, other) = server();
    let refused = ask(&client(&url, &Trust::Only(vec![other])), "").await.unwrap_err();
    let WireError::Tls { host, source } = refused else { panic!("{refused:?}") };
    assert_eq!(host, "localhost");
    assert!(source.to_string().starts_with("its certificate is signed by nobody"), "{source}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (url, certificate) = server();
    let client = client(&url.replace("localhost", "127.0.0.1"), &Trust::Only(vec![certificate]));
    let refused = ask(&client, "").await.unwrap_err();
    let WireError::Tls { source, .. } = refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains("not for `127.0.0.1`"), "{source}");
}
