//! Whether servers have, or will find, the models that they are asked for.

use serde_json::{Value, json};

use super::course::{Before, Course};
use super::programs::own_argv;
use super::{Lack, Missing, server_name};
use crate::dialect::Api;
use crate::host::{http_json, http_refusal};
use crate::run::runner::Runner;
use crate::scenario::{Header, ModelStep, ServerOrigin, ServerSpec, StepKind, tagged_model, url_of};
use crate::server::{OllamaStore, accepts};
use crate::text::{shown_url, with_causes};

impl Runner<'_> {
    pub(super) async fn require_models(&self, course: &Course<'_>, missing: &mut Missing) {
        let mut asked: Vec<&ServerSpec> = Vec::new();
        for (epoch, before) in &course.epochs {
            for server in &epoch.servers {
                // Treatments often differ in what a server that is there already
                // does not notice.
                if asked.iter().any(|known| known.origin == server.origin && known.model == server.model) {
                    continue;
                }
                asked.push(server);
                missing.add(self.models_lacking(server, before).await, &server_name(server));
            }
        }
    }

    async fn models_lacking(&self, server: &ServerSpec, before: &Before<'_>) -> Vec<Lack> {
        match &server.origin {
            ServerOrigin::Run { .. } => {
                models(server, before).into_iter().filter_map(|model| in_store(server, model)).collect()
            }
            ServerOrigin::Url { url } => match accepts(url).await {
                Ok(()) => self.not_served(server, url, before).await,
                Err(_) if before.may_start_servers() => Vec::new(),
                Err(error) => vec![Lack::Server { reason: with_causes(&error) }],
            },
            // Its models are in a volume or an image.
            ServerOrigin::Compose { .. } => Vec::new(),
        }
    }

    /// The models of a server that is there already are in its own list.
    async fn not_served(&self, server: &ServerSpec, url: &str, before: &Before<'_>) -> Vec<Lack> {
        let headers = self.context.secrets.headers(server);
        let mut lacks = Vec::new();
        for model in models(server, before) {
            match server.api {
                Api::Ollama => lacks.extend(not_in_ollama(url, model, &headers).await),
                Api::OpenAi => match not_in_openai(url, model, &headers).await {
                    Some(Unlisted::Fatal(lack)) => lacks.push(lack),
                    Some(Unlisted::Doubtful(lack)) => self.warn(format!("{}: {lack}", server_name(server))),
                    None => {}
                },
                // It takes every name for its one model's.
                Api::LlamaServer => {}
            }
        }
        lacks
    }
}

/// A model that a server does not list.
enum Unlisted {
    /// It will not have it.
    Fatal(Lack),
    /// It may know it by another name.
    Doubtful(Lack),
}

/// The models that a server is asked for, but for those that a step brings.
fn models<'s>(server: &'s ServerSpec, before: &Before<'_>) -> Vec<&'s str> {
    let preloaded = server.preload.as_ref().and_then(|preload| preload.model.as_deref());
    let mut models: Vec<&str> = [server.model.as_deref(), preloaded].into_iter().flatten().collect();
    models.dedup();
    models.retain(|model| !before.names(&[model]) && !is_pulled(model, before));
    models
}

fn is_pulled(model: &str, before: &Before<'_>) -> bool {
    before.iter().any(|step| match &step.kind {
        StepKind::Model(ModelStep::Pull(pull)) => tagged_model(&pull.model).eq_ignore_ascii_case(&tagged_model(model)),
        _ => false,
    })
}

/// Of an Ollama that the run starts itself, and not through another program
/// that may give it another folder.
fn in_store(server: &ServerSpec, model: &str) -> Option<Lack> {
    let ServerOrigin::Run { argv, env, dir, .. } = &server.origin else { return None };
    let is_serve = match own_argv(argv) {
        [program, serve, ..] => program.rsplit('/').next() == Some("ollama") && serve == "serve",
        _ => false,
    };
    if server.api != Api::Ollama || !is_serve {
        return None;
    }
    let store = OllamaStore::of(env, dir.as_deref().unwrap_or_else(|| std::path::Path::new("")))?;
    let is_missing = store.has(model) == Some(false);
    is_missing.then(|| Lack::Model { model: model.to_owned(), store: store.folder().to_owned(), there: store.models() })
}

/// Only a server that itself says that it does not know the model is believed:
/// others speak this API too, and some take every name for their one model's.
async fn not_in_ollama(url: &str, model: &str, headers: &[Header]) -> Option<Lack> {
    let pairs: Vec<_> = headers.iter().map(|header| (header.name(), header.value())).collect();
    let tags = http_json(&url_of(url, "/api/tags"), &pairs).await?;
    let there = names(&tags["models"], "name")?;
    let is_listed = there.iter().any(|name| name.eq_ignore_ascii_case(&tagged_model(model)));
    if is_listed {
        return None;
    }
    let refusal = http_refusal(&url_of(url, "/api/show"), &pairs, &json!({ "model": model })).await?;
    if !refusal["error"].as_str()?.ends_with("not found") {
        return None;
    }
    let url = shown_url(url);
    let help = format!(
        "ollama pull {model}  (with OLLAMA_HOST={url}), or a step `pull = {{ model = {model:?}, server = {url:?} }}`"
    );
    Some(Lack::ModelAt { model: model.to_owned(), url, help, there })
}

/// vLLM refuses what it does not list; what stands before other servers may
/// know names that it does not tell.
async fn not_in_openai(url: &str, model: &str, headers: &[Header]) -> Option<Unlisted> {
    let pairs: Vec<_> = headers.iter().map(|header| (header.name(), header.value())).collect();
    let listed = http_json(&url_of(url, "/v1/models"), &pairs).await?;
    let there = names(&listed["data"], "id")?;
    if there.iter().any(|name| name == model) {
        return None;
    }
    let is_vllm = names(&listed["data"], "owned_by").is_some_and(|owners| owners.iter().any(|owner| owner == "vllm"));
    let help = "let `model` be a name that the server lists".to_owned();
    let lack = Lack::ModelAt { model: model.to_owned(), url: shown_url(url), help, there };
    Some(if is_vllm { Unlisted::Fatal(lack) } else { Unlisted::Doubtful(lack) })
}

fn names(list: &Value, key: &str) -> Option<Vec<String>> {
    let entries = list.as_array()?.iter();
    Some(entries.filter_map(|entry| entry[key].as_str().map(str::to_owned)).collect())
}
