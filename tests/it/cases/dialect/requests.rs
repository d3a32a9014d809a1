//! Request bodies.

use insta::assert_snapshot;
use runexp::dialect::{Api, Ask, Dialect, Route};
use serde_json::{Map, json};

const DIALECTS: [Dialect; 6] = [
    Dialect::of(Api::Ollama, Route::Chat),
    Dialect::of(Api::Ollama, Route::Completion),
    Dialect::of(Api::OpenAi, Route::Chat),
    Dialect::of(Api::OpenAi, Route::Completion),
    Dialect::of(Api::LlamaServer, Route::Chat),
    Dialect::of(Api::LlamaServer, Route::Completion),
];

fn requests(ask: &Ask<'_>) -> String {
    let request = |dialect: Dialect| format!("{} {}\n", dialect.path(), String::from_utf8_lossy(&dialect.body(ask)));
    DIALECTS.map(request).concat()
}

#[test]
fn each_dialect_asks_in_its_own_words() {
    let extra =
        json!({ "options": { "num_ctx": 4096 }, "stream_options": { "continuous_usage_stats": true }, "seed": 9 });
    let (none, extra) = (Map::new(), extra.as_object().unwrap());
    let plain = Ask {
        model: None,
        prompt: "Say \"hi\"",
        max_tokens: 8,
        temperature: 0.0,
        seed: None,
        stream: false,
        ignore_eos: false,
        extra: &none,
    };
    assert_snapshot!(requests(&plain), @r#"
    /api/chat {"messages":[{"role":"user","content":"Say \"hi\""}],"stream":false,"keep_alive":-1,"options":{"num_predict":8,"temperature":0.0}}
    /api/generate {"prompt":"Say \"hi\"","stream":false,"keep_alive":-1,"options":{"num_predict":8,"temperature":0.0}}
    /v1/chat/completions {"messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":8,"temperature":0.0,"stream":false}
    /v1/completions {"prompt":"Say \"hi\"","max_tokens":8,"temperature":0.0,"stream":false}
    /v1/chat/completions {"messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":8,"temperature":0.0,"stream":false,"cache_prompt":false}
    /completion {"prompt":"Say \"hi\"","n_predict":8,"temperature":0.0,"stream":false,"cache_prompt":false}
    "#);
    let full = Ask { model: Some("m"), seed: Some(7), stream: true, ignore_eos: true, extra, ..plain };
    assert_snapshot!(requests(&full), @r#"
    /api/chat {"model":"m","messages":[{"role":"user","content":"Say \"hi\""}],"stream":true,"keep_alive":-1,"options":{"num_predict":8,"temperature":0.0,"seed":7,"num_ctx":4096},"stream_options":{"continuous_usage_stats":true},"seed":9}
    /api/generate {"model":"m","prompt":"Say \"hi\"","stream":true,"keep_alive":-1,"options":{"num_predict":8,"temperature":0.0,"seed":7,"num_ctx":4096},"stream_options":{"continuous_usage_stats":true},"seed":9}
    /v1/chat/completions {"model":"m","messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":8,"temperature":0.0,"seed":9,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"ignore_eos":true,"options":{"num_ctx":4096}}
    /v1/completions {"model":"m","prompt":"Say \"hi\"","max_tokens":8,"temperature":0.0,"seed":9,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"ignore_eos":true,"options":{"num_ctx":4096}}
    /v1/chat/completions {"model":"m","messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":8,"temperature":0.0,"seed":9,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"ignore_eos":true,"cache_prompt":false,"options":{"num_ctx":4096}}
    /completion {"model":"m","prompt":"Say \"hi\"","n_predict":8,"temperature":0.0,"seed":9,"stream":true,"ignore_eos":true,"cache_prompt":false,"options":{"num_ctx":4096},"stream_options":{"continuous_usage_stats":true}}
    "#);
}
