use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::text::shown_url;
use crate::wire::{WebError, tls_trouble, web};

/// A healthy endpoint answers at once; one that hangs is asked again.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a server tells of itself is shorter.
const MOST_JSON: usize = 1024 * 1024;

/// Something does not answer (yet).
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The address is none.
    #[error("`{address}` is not a valid address")]
    Address {
        /// As given, without user info.
        address: String,
    },
    /// No connection, or no answer on it.
    #[error("`{address}` does not answer: {reason}")]
    Silent {
        /// Without user info.
        address: String,
        /// Why.
        reason: String,
    },
    /// An answer, but not a good one.
    #[error("`{address}` answered {status}")]
    Status {
        /// Without user info.
        address: String,
        /// What it answered.
        status: StatusCode,
    },
}

impl NoAnswer {
    /// From an error of the HTTP client, without the URL that it may quote.
    pub fn silent(address: &str, error: reqwest::Error) -> Self {
        Self::Silent { address: shown_url(address), reason: innermost(&error.without_url()) }
    }

    /// Of a URL that cannot be asked.
    pub fn unasked(address: &str, error: WebError) -> Self {
        match error {
            WebError::NotUrl => Self::Address { address: shown_url(address) },
            WebError::Client(error) => Self::silent(address, error),
            WebError::Trust(reason) => Self::Silent { address: shown_url(address), reason },
        }
    }
}

/// Asks once whether `url` answers a GET with these headers, pairs of name and
/// value, with a 2xx status.
///
/// # Errors
/// If it does not.
pub async fn http_answers(url: &str, headers: &[(&str, &str)]) -> Result<(), NoAnswer> {
    ask(url, headers, None).await.map(drop)
}

/// The JSON by which `url` answers a GET with these headers; `None` if it
/// answers in any other way, or says more than a megabyte.
pub async fn http_json(url: &str, headers: &[(&str, &str)]) -> Option<serde_json::Value> {
    json_of(ask(url, headers, None).await.ok()?).await
}

/// The same for a POST of `body`.
pub async fn http_json_for(url: &str, headers: &[(&str, &str)], body: &serde_json::Value) -> Option<serde_json::Value> {
    json_of(ask(url, headers, Some(body)).await.ok()?).await
}

async fn json_of(mut response: reqwest::Response) -> Option<serde_json::Value> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.ok()? {
        body.extend_from_slice(&piece);
        if body.len() > MOST_JSON {
            return None;
        }
    }
    serde_json::from_slice(&body).ok()
}

/// The JSON by which `url` refuses a POST of `body`; `None` if it takes it, or
/// refuses in any other way.
pub async fn http_refusal(url: &str, headers: &[(&str, &str)], body: &serde_json::Value) -> Option<serde_json::Value> {
    let (client, asked) = web(url, Some(PATIENCE)).ok()?;
    let request = headers.iter().fold(client.post(asked), |request, (name, value)| request.header(*name, *value));
    let response = request.json(body).send().await.ok()?;
    if response.status().is_success() { None } else { json_of(response).await }
}

/// A GET, or a POST where there is a body.
async fn ask(
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&serde_json::Value>,
) -> Result<reqwest::Response, NoAnswer> {
    let address = shown_url(url);
    let (client, asked) = web(url, Some(PATIENCE)).map_err(|error| NoAnswer::unasked(url, error))?;
    let request = match body {
        Some(body) => client.post(asked).json(body),
        None => client.get(asked),
    };
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    match request.send().await {
        Ok(response) if response.status().is_success() => Ok(response),
        Ok(response) => Err(NoAnswer::Status { address, status: response.status() }),
        Err(error) => Err(NoAnswer::silent(&address, error)),
    }
}

/// Asks once whether `host:port` accepts a TCP connection.
///
/// # Errors
/// If it does not.
pub async fn tcp_answers(address: &str) -> Result<(), NoAnswer> {
    accepts(address, TcpStream::connect(address)).await
}

/// Asks once whether somebody listens at a socket in the file system.
///
/// # Errors
/// If nobody does.
pub async fn socket_answers(path: &str) -> Result<(), NoAnswer> {
    accepts(path, UnixStream::connect(path)).await
}

async fn accepts<T>(address: &str, connecting: impl Future<Output = io::Result<T>>) -> Result<(), NoAnswer> {
    let silent = |reason: String| NoAnswer::Silent { address: address.to_owned(), reason };
    match timeout(PATIENCE, connecting).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(silent(error.to_string())),
        Err(_) => Err(silent(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}

/// reqwest's own text says only that the request failed; the cause knows why.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(trouble) = tls_trouble(error) {
        return trouble;
    }
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
