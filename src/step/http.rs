//! `http`: one request, checked by its status.

use reqwest::{Method, Response, StatusCode};

use super::error::KindError;
use super::{Attempt, Effect, Performed, StepError};
use crate::host::NoAnswer;
use crate::record::Fact;
use crate::scenario::HttpStep;
use crate::text::{bounded_line, shown_url};
use crate::wire::web;

/// What is shown of an answer that was not the expected one.
const EXCERPT: usize = 300;

/// The request was none, or the answer not the one asked for.
#[derive(Debug, thiserror::Error)]
enum HttpError {
    /// The method is none.
    #[error("`{method}` is not an HTTP method")]
    Method {
        /// As written.
        method: String,
    },
    /// Another status than the one asked for.
    #[error("`{url}` answered {status} instead of {expected}{body}")]
    Status {
        /// Without user info.
        url: String,
        /// What came.
        status: u16,
        /// What was asked for, in words.
        expected: String,
        /// The start of the answer, after a colon; empty if there is none.
        body: String,
    },
}

impl KindError for HttpError {}

impl Effect for HttpStep {
    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        attempt.bounded(request(self)).await
    }
}

async fn request(http: &HttpStep) -> Result<Performed, StepError> {
    let url = shown_url(&http.url);
    let response = send(http).await.map_err(|error| match error {
        Failed::Step(error) => error,
        Failed::Request(error) => StepError::NoAnswer(NoAnswer::silent(&url, error)),
    })?;
    let status = response.status();
    if is_expected(http, status) {
        return Ok(Performed {
            facts: vec![Fact::new("http_status", status.as_u16().to_string())],
            ..Performed::default()
        });
    }
    let expected = http.status.map_or_else(|| "a 2xx status".to_owned(), |status| status.to_string());
    Err(HttpError::Status { url, status: status.as_u16(), expected, body: excerpt(response).await }.into())
}

enum Failed {
    Step(StepError),
    Request(reqwest::Error),
}

async fn send(http: &HttpStep) -> Result<Response, Failed> {
    let name = http.method();
    let method = Method::from_bytes(name.as_bytes())
        .map_err(|_| Failed::Step(HttpError::Method { method: name.to_owned() }.into()))?;
    let unasked = |error| Failed::Step(NoAnswer::unasked(&http.url, error).into());
    let (client, url) = web(&http.url, None).map_err(unasked)?;
    let mut request = client.request(method, url);
    if let Some(json) = &http.json {
        request = request.json(json);
    }
    request.send().await.map_err(Failed::Request)
}

fn is_expected(http: &HttpStep, status: StatusCode) -> bool {
    http.status.map_or_else(|| status.is_success(), |expected| status.as_u16() == expected)
}

/// The start of the answer; no more of it is even received.
async fn excerpt(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= EXCERPT {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let printable = bounded_line(&text, EXCERPT);
    if printable.is_empty() { printable } else { format!(": {printable}") }
}
