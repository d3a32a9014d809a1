//! What servers tell about themselves, and how they refuse.

use serde_json::{Value, json};

use super::{CONTEXT_TOKENS, Info};
use crate::dialect::Api;

/// What a server knows about itself.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Catalogue {
    /// The model's name.
    pub(in crate::sim) model: String,
    /// Its size in memory, bytes.
    pub(in crate::sim) weights_bytes: u64,
    /// Stands for a digest: the same for all servers of one machine.
    pub(in crate::sim) digest: String,
    /// Requests worked on at once.
    pub(in crate::sim) slots: u32,
}

/// The body of an informing reply; `None` if it is empty.
pub(in crate::sim) fn info_body(api: Api, info: Info, catalogue: &Catalogue) -> Option<Value> {
    let model = &catalogue.model;
    let body = match info {
        Info::Version => json!({ "version": "0.0.0-simulated" }),
        Info::Tags => json!({ "models": [ollama_model(catalogue)] }),
        Info::Processes => {
            let mut running = ollama_model(catalogue);
            running["size_vram"] = catalogue.weights_bytes.into();
            running["context_length"] = CONTEXT_TOKENS.into();
            running["expires_at"] = "2318-01-01T00:00:00Z".into();
            json!({ "models": [running] })
        }
        Info::Models if api == Api::LlamaServer => json!({
            "object": "list",
            "data": [{
                "id": model, "object": "model", "created": 0, "owned_by": "llamacpp",
                "meta": { "size": catalogue.weights_bytes },
            }],
        }),
        Info::Models => {
            json!({ "object": "list", "data": [{ "id": model, "object": "model", "created": 0, "owned_by": "runexp" }] })
        }
        Info::Health if api == Api::OpenAi => return None,
        Info::Health => json!({ "status": "ok" }),
        Info::Props => json!({
            "default_generation_settings": { "n_ctx": CONTEXT_TOKENS },
            "total_slots": catalogue.slots,
            "model_alias": model,
            "model_path": model,
            "build_info": "simulated",
        }),
    };
    Some(body)
}

fn ollama_model(catalogue: &Catalogue) -> Value {
    json!({
        "name": catalogue.model,
        "model": catalogue.model,
        "size": catalogue.weights_bytes,
        "digest": catalogue.digest,
        "details": { "format": "gguf", "quantization_level": "Q4_K_M" },
    })
}

/// The body of a refusal, in the shape of each API.
pub(in crate::sim) fn error_body(api: Api, status: u16, message: &str) -> Value {
    let kind = match status {
        404 => "not_found_error",
        503 => "unavailable_error",
        _ => "invalid_request_error",
    };
    match api {
        Api::Ollama => json!({ "error": message }),
        Api::OpenAi => json!({ "error": { "message": message, "type": kind, "param": null, "code": status } }),
        Api::LlamaServer => json!({ "error": { "code": status, "message": message, "type": kind } }),
    }
}
