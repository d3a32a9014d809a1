//! Which models a server has loaded, as far as it tells.

use serde_json::Value;

use super::about::model_state;
use crate::dialect::Api;
use crate::host::http_json;
use crate::record::{LoadedModel, ModelState};
use crate::scenario::{Header, ServerSpec, url_of};

/// No server has more models loaded than a reader wants to see.
const MOST_MODELS: usize = 16;

/// Finds the loaded models in what a server tells.
type Reader = fn(&Value) -> Option<Vec<LoadedModel>>;

/// The models that a server says are loaded; `None` if it does not say.
pub async fn loaded_models(spec: &ServerSpec, url: &str, headers: &[Header]) -> Option<Vec<LoadedModel>> {
    let headers: Vec<_> = headers.iter().map(|header| (header.name(), header.value())).collect();
    let (path, read): (_, Reader) = match spec.api {
        Api::Ollama => ("/api/ps", of_ollama),
        Api::LlamaServer => ("/models", of_router),
        Api::OpenAi => return None,
    };
    read(&http_json(&url_of(url, path), &headers).await?)
}

/// From `/api/ps`.
fn of_ollama(told: &Value) -> Option<Vec<LoadedModel>> {
    let model = |entry: &Value| {
        let name = entry["name"].as_str()?.to_owned();
        Some(LoadedModel { name, digest: entry["digest"].as_str().map(str::to_owned), state: model_state(entry) })
    };
    Some(told["models"].as_array()?.iter().filter_map(model).take(MOST_MODELS).collect())
}

/// From `/models` of llama.cpp's router, which tells each model's status. A
/// server of one model tells none, and cannot load another.
fn of_router(told: &Value) -> Option<Vec<LoadedModel>> {
    let entries = told["data"].as_array()?;
    let status = |entry: &'_ Value| entry["status"]["value"].as_str().map(str::to_owned);
    entries.iter().find_map(status)?;
    let loaded = entries.iter().filter(|entry| status(entry).is_some_and(|status| status != "unloaded"));
    let model = |entry: &Value| {
        let name = entry["id"].as_str()?.to_owned();
        Some(LoadedModel { name, digest: None, state: ModelState::default() })
    };
    Some(loaded.filter_map(model).take(MOST_MODELS).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_router_tells_what_is_loaded_and_a_server_of_one_model_tells_nothing() {
        let names =
            |told: Option<Vec<LoadedModel>>| told.map(|all| all.into_iter().map(|one| one.name).collect::<Vec<_>>());
        let router = json!({ "data": [
            { "id": "a", "status": { "value": "loaded" } }, { "id": "b", "status": { "value": "unloaded" } },
        ] });
        assert_eq!(names(of_router(&router)), Some(vec!["a".to_owned()]));
        assert_eq!(names(of_router(&json!({ "data": [{ "id": "a" }] }))), None);
        assert_eq!(names(of_router(&json!("nonsense"))), None);
        assert_eq!(names(of_ollama(&json!({ "models": [] }))), Some(Vec::new()));
    }
}
