//! Ollama's API, as far as steps need it; see
//! <https://github.com/ollama/ollama/blob/main/docs/api.md>.

use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::KindError;
use crate::host::NoAnswer;
use crate::scenario::tagged_model;
use crate::text::{bounded_line, shown_url};
use crate::wire::web;

/// The most that is taken of one answer, and of one line of a stream.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// The server does not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum OllamaError {
    /// Nobody there.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// An error for an answer.
    #[error("`{url}` refused: {reason}")]
    Refused {
        /// What was asked.
        url: String,
        /// The server's words.
        reason: String,
    },
    /// An answer without end.
    #[error("`{url}` sent more than {ANSWER_LIMIT} bytes at once")]
    TooLong {
        /// What was asked.
        url: String,
    },
    /// Not what Ollama would answer.
    #[error("`{url}` did not answer like Ollama")]
    Garbled {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The stream broke off.
    #[error("`{url}` ended before the model was there")]
    Unfinished {
        /// What was asked.
        url: String,
    },
    /// It reports success, and does not have the model.
    #[error("the server does not list `{model}` although it was pulled")]
    Missing {
        /// The model.
        model: String,
    },
    /// It reports success, and still holds the model.
    #[error("`{model}` is still loaded")]
    StillLoaded {
        /// The model.
        model: String,
    },
}

impl KindError for OllamaError {
    fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoAnswer(_) => Some("start Ollama before this step, or set `server` to where it listens"),
            Self::Refused { .. } => Some("check the model's name on https://ollama.com/library"),
            Self::StillLoaded { .. } => Some("something still sends requests to it; stop that, or raise `timeout`"),
            Self::TooLong { .. } | Self::Garbled { .. } => Some("check that `server` is an Ollama server"),
            Self::Unfinished { .. } | Self::Missing { .. } => Some("try again; Ollama goes on where it stopped"),
        }
    }
}

/// A model as the server lists it.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    name: String,
    /// Of its manifest.
    #[serde(default)]
    pub(super) digest: String,
    #[serde(default)]
    pub(super) size: u64,
}

#[derive(Deserialize)]
struct Listed {
    models: Vec<Model>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Looks for a model in one of the server's lists.
pub(super) async fn listed(url: &str, model: &str) -> Result<Option<Model>, OllamaError> {
    let (client, asked) = client(url)?;
    let mut response = send(client.get(asked), url).await?;
    let list: Listed = read(&body(&mut response, url).await?, url)?;
    let name = tagged_model(model);
    Ok(list.models.into_iter().find(|listed| listed.name == name))
}

/// Sends JSON; an answer that is no success is an error with its words.
pub(super) async fn post(url: &str, json: &Value) -> Result<Response, OllamaError> {
    let (client, asked) = client(url)?;
    send(client.post(asked).json(json), url).await
}

/// Hands over every line of a stream, until one is the last.
pub(super) async fn each_line<T: DeserializeOwned>(
    mut response: Response,
    url: &str,
    mut is_last: impl FnMut(T) -> Result<bool, OllamaError>,
) -> Result<(), OllamaError> {
    let mut bytes: Vec<u8> = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| NoAnswer::silent(url, error))? {
        bytes.extend_from_slice(&chunk);
        while let Some(end) = memchr::memchr(b'\n', &bytes) {
            let line: Vec<u8> = bytes.drain(..=end).collect();
            if !line.trim_ascii().is_empty() && is_last(read(&line, url)?)? {
                return Ok(());
            }
        }
        if bytes.len() > ANSWER_LIMIT {
            return Err(OllamaError::TooLong { url: shown_url(url) });
        }
    }
    Err(OllamaError::Unfinished { url: shown_url(url) })
}

fn client(url: &str) -> Result<(Client, Url), OllamaError> {
    Ok(web(url, None).map_err(|error| NoAnswer::unasked(url, error))?)
}

async fn send(request: reqwest::RequestBuilder, url: &str) -> Result<Response, OllamaError> {
    let mut response = request.send().await.map_err(|error| NoAnswer::silent(url, error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let bytes = body(&mut response, url).await?;
    let reason =
        serde_json::from_slice(&bytes).map_or_else(|_| response.status().to_string(), |Refusal { error }| error);
    Err(refused(url, &reason))
}

/// The server's words, fit to be shown.
pub(super) fn refused(url: &str, reason: &str) -> OllamaError {
    OllamaError::Refused { url: shown_url(url), reason: bounded_line(reason, 300) }
}

async fn body(response: &mut Response, url: &str) -> Result<Vec<u8>, OllamaError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| NoAnswer::silent(url, error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_LIMIT {
            return Err(OllamaError::TooLong { url: shown_url(url) });
        }
    }
    Ok(bytes)
}

fn read<T: DeserializeOwned>(bytes: &[u8], url: &str) -> Result<T, OllamaError> {
    serde_json::from_slice(bytes).map_err(|source| OllamaError::Garbled { url: shown_url(url), source })
}
