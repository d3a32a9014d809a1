use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::process::ForcedShutdown;
use crate::wire::{WebError, web};

const PATIENCE: Duration = Duration::from_mins(1);

/// A request did not take its effect back.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The method is none.
    #[error("`{method}` is not an HTTP method")]
    Method {
        /// As registered.
        method: String,
    },
    /// It cannot be asked.
    #[error("`{url}` cannot be asked")]
    Unasked {
        /// Where to.
        url: String,
        /// Why.
        source: WebError,
    },
    /// No answer.
    #[error("`{url}` does not answer")]
    Silent {
        /// Where to.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// No answer, and there was haste.
    #[error("`{url}` did not answer at once")]
    Late {
        /// Where to.
        url: String,
    },
    /// An answer that is no success.
    #[error("`{url}` answered {status}")]
    Status {
        /// Where to.
        url: String,
        /// What came.
        status: StatusCode,
    },
}

/// Sends it as [`send`] does, with little patience once there is haste.
pub(super) async fn send_in_time(
    method: &str,
    url: &str,
    json: &Value,
    forced: &ForcedShutdown,
) -> Result<(), RequestError> {
    let sent = forced.bound(async |cancel| {
        tokio::select! {
            sent = send(method, url, json) => sent,
            () = cancel.cancelled() => Err(RequestError::Late { url: url.to_owned() }),
        }
    });
    sent.await
}

/// Sends it once. Where nothing is left to take back, the answer is 404.
async fn send(method: &str, url: &str, json: &Value) -> Result<(), RequestError> {
    let method_error = |_| RequestError::Method { method: method.to_owned() };
    let parsed = Method::from_bytes(method.as_bytes()).map_err(method_error)?;
    let unasked = |source| RequestError::Unasked { url: url.to_owned(), source };
    let (client, asked) = web(url, Some(PATIENCE)).map_err(unasked)?;
    let sent = client.request(parsed, asked).json(json).send().await;
    let response = sent.map_err(|source| RequestError::Silent { url: url.to_owned(), source: source.without_url() })?;
    match response.status() {
        StatusCode::NOT_FOUND => Ok(()),
        status if status.is_success() => Ok(()),
        status => Err(RequestError::Status { url: url.to_owned(), status }),
    }
}
