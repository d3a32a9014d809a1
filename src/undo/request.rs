use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::process::Haste;

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
pub(super) async fn send_in_time(method: &str, url: &str, json: &Value, haste: &Haste) -> Result<(), RequestError> {
    let sent = haste.bound(async |cancel| {
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
    let sent = async {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        client.request(parsed, url).json(json).send().await
    };
    let response = sent.await.map_err(|source| RequestError::Silent { url: url.to_owned(), source })?;
    match response.status() {
        StatusCode::NOT_FOUND => Ok(()),
        status if status.is_success() => Ok(()),
        status => Err(RequestError::Status { url: url.to_owned(), status }),
    }
}
