//! What a server tells of itself: engine, model, memory.

use serde_json::Value;

use crate::dialect::Api;
use crate::host::http_json;
use crate::record::ServerAbout;
use crate::scenario::{Header, ServerSpec, url_of};
use crate::units::Bytes;

/// Asks a server that has loaded its model what it is. What it does not answer
/// stays open: that is no reason not to measure it.
pub async fn about(spec: &ServerSpec, url: &str, headers: &[Header]) -> ServerAbout {
    let headers: Vec<_> = headers.iter().map(|header| (header.name(), header.value())).collect();
    let ask = |path: &str| {
        let (url, headers) = (url_of(url, path), headers.clone());
        async move { http_json(&url, &headers).await.unwrap_or_default() }
    };
    match spec.api {
        Api::Ollama => ollama(spec.model.as_deref(), &ask("/api/version").await, &ask("/api/ps").await),
        Api::LlamaServer => llama_server(&ask("/props").await, &ask("/v1/models").await),
        Api::OpenAi => openai(spec.model.as_deref(), &ask("/version").await, &ask("/v1/models").await),
    }
}

/// From `/api/version`, and the model's entry among those loaded.
fn ollama(model: Option<&str>, version: &Value, loaded: &Value) -> ServerAbout {
    let models = loaded["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    // A name without a tag means `latest`.
    let is_it = |name: &str| {
        model.is_none_or(|model| name == model || name.strip_suffix(":latest").is_some_and(|name| name == model))
    };
    let entry = models.iter().find(|entry| entry["name"].as_str().is_some_and(is_it)).unwrap_or(&Value::Null);
    ServerAbout {
        engine: text(&version["version"]).map(|version| format!("Ollama {version}")),
        model: text(&entry["name"]),
        digest: text(&entry["digest"]),
        quantisation: text(&entry["details"]["quantization_level"]),
        bytes: entry["size"].as_u64().map(Bytes),
        device_bytes: entry["size"].as_u64().and(entry["size_vram"].as_u64()).map(Bytes),
    }
}

/// From `/props` and `/v1/models` of llama.cpp's server, which has one model.
fn llama_server(props: &Value, models: &Value) -> ServerAbout {
    let path = text(&props["model_path"]);
    ServerAbout {
        engine: text(&props["build_info"]).map(|build| format!("llama.cpp {build}")),
        model: path.map(|path| path.rsplit('/').next().unwrap_or_default().to_owned()),
        bytes: models["data"][0]["meta"]["size"].as_u64().map(Bytes),
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
        ..ServerAbout::default()
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_server_tells_what_it_is() {
        let ps = json!({ "models": [
            { "name": "other:8b", "digest": "1", "size": 1, "size_vram": 1 },
            { "name": "llama:latest", "digest": "46e0", "size": 600, "size_vram": 400,
              "details": { "quantization_level": "Q4_K_M" } },
        ] });
        let told = |about: &ServerAbout| serde_json::to_value(about).unwrap();
        assert_eq!(
            told(&ollama(Some("llama"), &json!({ "version": "0.12.6" }), &ps)),
            json!({ "engine": "Ollama 0.12.6", "model": "llama:latest", "digest": "46e0", "quantisation": "Q4_K_M",
                    "bytes": 600, "device_bytes": 400 })
        );
        let props = json!({ "model_path": "/models/llama-8b-Q4_K_M.gguf", "build_info": "b11434-abc" });
        assert_eq!(
            told(&llama_server(&props, &json!({ "data": [{ "id": "x", "meta": { "size": 7 } }] }))),
            json!({ "engine": "llama.cpp b11434-abc", "model": "llama-8b-Q4_K_M.gguf", "bytes": 7 })
        );
        let models = json!({ "data": [{ "id": "lora" }, { "id": "m", "root": "meta/m", "owned_by": "vllm" }] });
        assert_eq!(
            told(&openai(Some("m"), &json!({ "version": "0.32.0" }), &models)),
            json!({ "engine": "vllm 0.32.0", "model": "meta/m" })
        );
        assert_eq!(told(&ollama(Some("llama"), &Value::Null, &json!("nonsense"))), json!({}));
    }
}
