//! What the simulated servers say, without sockets: routes, requests, replies.
//! Shapes follow what Ollama 0.30, vLLM 0.32 and llama.cpp's server (build
//! 11434) put on the wire.

mod info;
mod llama;
mod ollama;
mod openai;
mod reply;
mod request;

pub(super) use info::{Catalogue, error_body, info_body};
pub(super) use reply::{Reply, Timing};
pub(super) use request::{Asked, Request, parse};

use crate::dialect::Api;

/// Tokens that fit into a context: Llama 3.1's own limit.
pub(super) const CONTEXT_TOKENS: u32 = 131_072;

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Text is generated.
    Generate(Form),
    /// Something is told.
    Tell(Info),
}

/// The form of a generation request and its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `/api/chat`.
    OllamaChat,
    /// `/api/generate`.
    OllamaGenerate,
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`.
    Completion,
    /// llama.cpp's `/completion`.
    LlamaCompletion,
}

/// What a server tells about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Info {
    /// Ollama's `/api/version`.
    Version,
    /// Ollama's `/api/tags`.
    Tags,
    /// Ollama's `/api/ps`.
    Processes,
    /// `/v1/models`.
    Models,
    /// `/health`.
    Health,
    /// llama.cpp's `/props`.
    Props,
}

/// What `path` stands for on a server of `api`; `None` if there is no such path.
pub(super) fn route(api: Api, method: &str, path: &str) -> Option<Route> {
    let route = match (method, path) {
        ("POST", "/v1/chat/completions") => Route::Generate(Form::Chat),
        ("POST", "/v1/completions") => Route::Generate(Form::Completion),
        ("GET", "/v1/models") => Route::Tell(Info::Models),
        _ => match api {
            Api::Ollama => ollama_route(method, path)?,
            Api::OpenAi => match (method, path) {
                ("GET", "/health") => Route::Tell(Info::Health),
                _ => return None,
            },
            Api::LlamaServer => llama_route(method, path)?,
        },
    };
    Some(route)
}

fn ollama_route(method: &str, path: &str) -> Option<Route> {
    match (method, path) {
        ("POST", "/api/chat") => Some(Route::Generate(Form::OllamaChat)),
        ("POST", "/api/generate") => Some(Route::Generate(Form::OllamaGenerate)),
        ("GET", "/api/version") => Some(Route::Tell(Info::Version)),
        ("GET", "/api/tags") => Some(Route::Tell(Info::Tags)),
        ("GET", "/api/ps") => Some(Route::Tell(Info::Processes)),
        _ => None,
    }
}

fn llama_route(method: &str, path: &str) -> Option<Route> {
    match (method, path) {
        ("POST", "/completion") => Some(Route::Generate(Form::LlamaCompletion)),
        ("GET", "/health") => Some(Route::Tell(Info::Health)),
        ("GET", "/props") => Some(Route::Tell(Info::Props)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
