//! What a server tells of itself: engine, model, memory, slots.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::dialect::Api;
use crate::host::{http_json, http_json_for};
use crate::record::{ModelState, ServerAbout, SlotsSeen, SlotsSource};
use crate::scenario::{Header, ServerSpec, url_of};
use crate::units::Bytes;

/// Characters of a digest that tell two texts apart.
const DIGITS: usize = 12;

/// Asks a server that has loaded its model what it is. What it does not answer
/// stays open: that is no reason not to measure it.
pub async fn about(spec: &ServerSpec, url: &str, headers: &[Header]) -> ServerAbout {
    let headers: Vec<_> = headers.iter().map(|header| (header.name(), header.value())).collect();
    let ask = |path: &str| {
        let (url, headers) = (url_of(url, path), headers.clone());
        async move { http_json(&url, &headers).await.unwrap_or_default() }
    };
    match spec.api {
        Api::Ollama => {
            let model = spec.model.as_deref();
            let shown = match model {
                Some(model) => http_json_for(&url_of(url, "/api/show"), &headers, &json!({ "model": model }))
                    .await
                    .unwrap_or_default(),
                None => Value::Null,
            };
            let (version, stored) = (ask("/api/version").await, ask("/api/tags").await);
            ollama(model, &Told { version, stored, shown, loaded: ask("/api/ps").await })
        }
        Api::LlamaServer => llama_server(&ask("/props").await, &ask("/v1/models").await),
        Api::OpenAi => openai(spec.model.as_deref(), &ask("/version").await, &ask("/v1/models").await),
    }
}

/// What Ollama says.
struct Told {
    /// `/api/version`.
    version: Value,
    /// `/api/tags`: every model that it has.
    stored: Value,
    /// `/api/show`: of the model that is asked for.
    shown: Value,
    /// `/api/ps`: every model that is loaded.
    loaded: Value,
}

/// The model's entry among those loaded, and what is stored of it.
fn ollama(model: Option<&str>, told: &Told) -> ServerAbout {
    let loaded = entry(&told.loaded, model);
    let stored = entry(&told.stored, loaded["name"].as_str().or(model));
    ServerAbout {
        engine: text(&told.version["version"]).map(|version| format!("Ollama {version}")),
        model: text(&loaded["name"]),
        digest: text(&loaded["digest"]),
        quantisation: text(&loaded["details"]["quantization_level"]),
        template: text(&told.shown["template"]).map(|template| digest(&template)),
        parameters: text(&told.shown["parameters"]).map(|parameters| digest(&sorted(&parameters))),
        weights: stored["size"].as_u64().map(Bytes),
        state: model_state(loaded),
        slots: None,
    }
}

/// How a model is loaded, from its entry in Ollama's `/api/ps`.
pub(super) fn model_state(loaded: &Value) -> ModelState {
    ModelState {
        bytes: loaded["size"].as_u64().map(Bytes),
        device_bytes: loaded["size"].as_u64().and(loaded["size_vram"].as_u64()).map(Bytes),
        context_tokens: loaded["context_length"].as_u64(),
        expires_at: text(&loaded["expires_at"]),
    }
}

/// The entry of a model, or the first if none is asked for, in a list of
/// Ollama's. A name without a tag means `latest`.
pub(super) fn entry<'v>(list: &'v Value, model: Option<&str>) -> &'v Value {
    let models = list["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_it = |name: &str| {
        model.is_none_or(|model| name == model || name.strip_suffix(":latest").is_some_and(|name| name == model))
    };
    models.iter().find(|entry| entry["name"].as_str().is_some_and(is_it)).unwrap_or(&Value::Null)
}

/// From `/props` and `/v1/models` of llama.cpp's server, which has one model.
fn llama_server(props: &Value, models: &Value) -> ServerAbout {
    let path = text(&props["model_path"]);
    let slots = props["total_slots"].as_u64().and_then(|count| u32::try_from(count).ok());
    ServerAbout {
        engine: text(&props["build_info"]).map(|build| format!("llama.cpp {build}")),
        model: path.map(|path| path.rsplit('/').next().unwrap_or_default().to_owned()),
        template: text(&props["chat_template"]).map(|template| digest(&template)),
        weights: models["data"][0]["meta"]["size"].as_u64().map(Bytes),
        state: ModelState {
            context_tokens: props["default_generation_settings"]["n_ctx"].as_u64(),
            ..ModelState::default()
        },
        slots: slots.map(|count| SlotsSeen { count, by: SlotsSource::Server }),
        ..ServerAbout::default()
    }
}

/// From `/version`, which vLLM has, and `/v1/models`.
fn openai(model: Option<&str>, version: &Value, models: &Value) -> ServerAbout {
    let models = models["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_it = |entry: &&Value| model.is_none_or(|model| entry["id"].as_str() == Some(model));
    let entry = models.iter().find(is_it).unwrap_or(&Value::Null);
    ServerAbout {
        engine: text(&entry["owned_by"])
            .zip(text(&version["version"]))
            .map(|(who, version)| format!("{who} {version}")),
        model: text(&entry["root"]).or_else(|| text(&entry["id"])),
        state: ModelState { context_tokens: entry["max_model_len"].as_u64(), ..ModelState::default() },
        ..ServerAbout::default()
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Ollama tells parameters in another order every time.
fn sorted(lines: &str) -> String {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let hex = hash.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    hex.chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(about: &ServerAbout) -> Value {
        serde_json::to_value(about).unwrap()
    }

    #[test]
    fn ollama_tells_identity_and_state_apart() {
        let loaded = json!({ "models": [
            { "name": "other:8b", "digest": "1", "size": 1, "size_vram": 1 },
            { "name": "llama:latest", "digest": "46e0", "size": 600, "size_vram": 400, "context_length": 4096,
              "expires_at": "2318-01-01T00:00:00Z", "details": { "quantization_level": "Q4_K_M" } },
        ] });
        let stored = json!({ "models": [{ "name": "llama:latest", "size": 500 }] });
        let shown = json!({ "template": "{{ .Prompt }}", "parameters": "stop \"x\"" });
        let all = Told { version: json!({ "version": "0.12.6" }), stored, shown, loaded };
        insta::assert_snapshot!(told(&ollama(Some("llama"), &all)), @r#"{"engine":"Ollama 0.12.6","model":"llama:latest","digest":"46e0","quantisation":"Q4_K_M","template":"b507b9c2f6ca","parameters":"13e9e236b5c2","weights":500,"bytes":600,"device_bytes":400,"context_tokens":4096,"expires_at":"2318-01-01T00:00:00Z"}"#);
        let parameters = |parameters: &str| {
            let shown = json!({ "parameters": parameters });
            let told = Told { version: Value::Null, stored: Value::Null, shown, loaded: Value::Null };
            ollama(None, &told).parameters
        };
        assert_eq!(parameters("stop \"x\"\nnum_thread 1"), parameters("num_thread 1\nstop \"x\""));
        let nothing = Told { version: Value::Null, stored: Value::Null, shown: json!([]), loaded: json!("nonsense") };
        assert_eq!(told(&ollama(Some("llama"), &nothing)), json!({}));
    }

    #[test]
    fn llama_cpp_and_openai_servers_tell_what_they_can() {
        let props = json!({ "model_path": "/models/llama-8b-Q4_K_M.gguf", "build_info": "b11434-abc", "total_slots": 4,
                            "chat_template": "{{ messages }}", "default_generation_settings": { "n_ctx": 1024 } });
        insta::assert_snapshot!(
            told(&llama_server(&props, &json!({ "data": [{ "id": "x", "meta": { "size": 7 } }] }))), @r#"{"engine":"llama.cpp b11434-abc","model":"llama-8b-Q4_K_M.gguf","template":"f24189f08c85","weights":7,"context_tokens":1024,"slots":{"count":4,"by":"server"}}"#
        );
        let models = json!({ "data": [{ "id": "lora" }, { "id": "m", "root": "meta/m", "owned_by": "vllm", "max_model_len": 8192 }] });
        insta::assert_snapshot!(told(&openai(Some("m"), &json!({ "version": "0.32.0" }), &models)), @r#"{"engine":"vllm 0.32.0","model":"meta/m","context_tokens":8192}"#);
    }
}
