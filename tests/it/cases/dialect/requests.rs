//! Request bodies.

use insta::assert_snapshot;
use runexp::dialect::{Api, Ask, BodyField, Content, Dialect, FieldChanges, Refused, Route};
use serde_json::{Map, Value, json};

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
        content: Content::Prompt { text: "Say \"hi\"", images: &[] },
        max_tokens: 8,
        temperature: 0.0,
        seed: None,
        stream: false,
        ignore_eos: false,
        reuse_prefix: false,
        changes: FieldChanges::default(),
        extra: &none,
    };
    assert_snapshot!(requests(&plain), @r#"
    /api/chat {"messages":[{"role":"user","content":"Say \"hi\""}],"stream":false,"keep_alive":-1,"truncate":false,"options":{"num_predict":8,"temperature":0.0}}
    /api/generate {"prompt":"Say \"hi\"","stream":false,"keep_alive":-1,"truncate":false,"options":{"num_predict":8,"temperature":0.0}}
    /v1/chat/completions {"messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":8,"temperature":0.0,"stream":false}
    /v1/completions {"prompt":"Say \"hi\"","max_tokens":8,"temperature":0.0,"stream":false}
    /v1/chat/completions {"messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":8,"temperature":0.0,"stream":false,"cache_prompt":false}
    /completion {"prompt":"Say \"hi\"","n_predict":8,"temperature":0.0,"stream":false,"cache_prompt":false}
    "#);
    let full = Ask { model: Some("m"), seed: Some(7), stream: true, ignore_eos: true, extra, ..plain };
    assert_snapshot!(requests(&full), @r#"
    /api/chat {"model":"m","messages":[{"role":"user","content":"Say \"hi\""}],"stream":true,"keep_alive":-1,"truncate":false,"options":{"num_predict":8,"temperature":0.0,"seed":7,"num_ctx":4096},"stream_options":{"continuous_usage_stats":true},"seed":9}
    /api/generate {"model":"m","prompt":"Say \"hi\"","stream":true,"keep_alive":-1,"truncate":false,"options":{"num_predict":8,"temperature":0.0,"seed":7,"num_ctx":4096},"stream_options":{"continuous_usage_stats":true},"seed":9}
    /v1/chat/completions {"model":"m","messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":8,"temperature":0.0,"seed":9,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"ignore_eos":true,"options":{"num_ctx":4096}}
    /v1/completions {"model":"m","prompt":"Say \"hi\"","max_tokens":8,"temperature":0.0,"seed":9,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"ignore_eos":true,"options":{"num_ctx":4096}}
    /v1/chat/completions {"model":"m","messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":8,"temperature":0.0,"seed":9,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"ignore_eos":true,"cache_prompt":false,"options":{"num_ctx":4096}}
    /completion {"model":"m","prompt":"Say \"hi\"","n_predict":8,"temperature":0.0,"seed":9,"stream":true,"ignore_eos":true,"cache_prompt":false,"options":{"num_ctx":4096},"stream_options":{"continuous_usage_stats":true}}
    "#);
}

fn asking<'a>(content: Content<'a>, extra: &'a Map<String, Value>) -> Ask<'a> {
    Ask {
        model: None,
        content,
        max_tokens: 8,
        temperature: 0.0,
        seed: None,
        stream: false,
        ignore_eos: false,
        reuse_prefix: true,
        changes: FieldChanges::default(),
        extra,
    }
}

#[test]
fn images_stand_where_each_dialect_looks_for_them() {
    let (none, images) = (Map::new(), ["iVBORw0=".to_owned(), "/9j/4A==".to_owned()]);
    let content = Content::Prompt { text: "What is this?", images: &images };
    let taking: Vec<Dialect> = DIALECTS.into_iter().filter(|dialect| dialect.takes(content).is_ok()).collect();
    let bodies = taking.iter().map(|dialect| String::from_utf8(dialect.body(&asking(content, &none))).unwrap());
    assert_snapshot!(bodies.collect::<Vec<_>>().join("\n"), @r#"
    {"messages":[{"role":"user","content":"What is this?","images":["iVBORw0=","/9j/4A=="]}],"stream":false,"keep_alive":-1,"truncate":false,"options":{"num_predict":8,"temperature":0.0}}
    {"prompt":"What is this?","images":["iVBORw0=","/9j/4A=="],"stream":false,"keep_alive":-1,"truncate":false,"options":{"num_predict":8,"temperature":0.0}}
    {"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0="}},{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/4A=="}}]}],"max_tokens":8,"temperature":0.0,"stream":false}
    {"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0="}},{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/4A=="}}]}],"max_tokens":8,"temperature":0.0,"stream":false,"cache_prompt":true}
    "#);
    assert_eq!(Dialect::OpenAiCompletions.takes(content), Err(Refused::Images { path: "/v1/completions" }));
}

#[test]
fn messages_pass_through_chat_routes_and_are_refused_by_the_others() {
    let none = Map::new();
    let messages = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "name": "me", "content": [
            { "type": "text", "text": "What is this?" },
            { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0=" } },
        ] },
    ]);
    let content = Content::Messages(messages.as_array().unwrap());
    let body = |dialect: Dialect| String::from_utf8(dialect.body(&asking(content, &none))).unwrap();
    assert_snapshot!([body(Dialect::OllamaChat), body(Dialect::OpenAiChat)].join("\n"), @r#"
    {"messages":[{"role":"system","content":"Be brief."},{"role":"user","name":"me","content":"What is this?","images":["iVBORw0="]}],"stream":false,"keep_alive":-1,"truncate":false,"options":{"num_predict":8,"temperature":0.0}}
    {"messages":[{"role":"system","content":"Be brief."},{"role":"user","name":"me","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0="}}]}],"max_tokens":8,"temperature":0.0,"stream":false}
    "#);
    let refused = DIALECTS
        .map(|dialect| dialect.takes(content).map_or_else(|refused| refused.to_string(), |()| "taken".to_owned()));
    assert_snapshot!(refused.join("\n"), @r"
    taken
    `/api/generate` takes a text, not messages
    taken
    `/v1/completions` takes a text, not messages
    taken
    `/completion` takes a text, not messages
    ");
}

#[test]
fn ollama_refuses_parts_that_it_would_not_see() {
    let refused = |part: Value| {
        let message = [json!({ "role": "user", "content": [part] })];
        Dialect::OllamaChat.takes(Content::Messages(&message)).unwrap_err().to_string()
    };
    let remote = json!({ "type": "image_url", "image_url": { "url": "https://example.org/a.png" } });
    assert_snapshot!(refused(remote), @"`/api/chat` takes texts and images in base64, but no image that is elsewhere");
    assert_snapshot!(refused(json!({ "type": "input_audio", "input_audio": {} })), @"`/api/chat` takes texts and images in base64, but no part of type `input_audio`");
    assert_snapshot!(refused(json!("text")), @"`/api/chat` takes texts and images in base64, but no part without a type");
}

#[test]
fn extra_fields_complete_objects_however_deep_and_replace_the_rest() {
    let extra = json!({
        "options": { "num_ctx": 4096, "num_predict": 9 },
        "chat_template_kwargs": { "enable_thinking": false },
        "keep_alive": "5m",
    });
    let content = Content::Prompt { text: "hi", images: &[] };
    let body = Dialect::OllamaGenerate.body(&asking(content, extra.as_object().unwrap()));
    assert_snapshot!(String::from_utf8(body).unwrap(), @r#"{"prompt":"hi","stream":false,"keep_alive":"5m","truncate":false,"options":{"num_predict":9,"temperature":0.0,"num_ctx":4096},"chat_template_kwargs":{"enable_thinking":false}}"#);
}

#[test]
fn fields_are_left_out_and_renamed_where_each_dialect_has_them() {
    let (none, extra) = (Map::new(), json!({ "max_tokens": 9 }));
    let content = Content::Prompt { text: "hi", images: &[] };
    let full = Ask { model: Some("m"), seed: Some(7), stream: true, ignore_eos: true, ..asking(content, &none) };
    let renamed = [(BodyField::MaxTokens, "max_completion_tokens"), (BodyField::Seed, "random_seed")];
    let rename = renamed.map(|(field, name)| (field, name.to_owned())).into();
    let changes = FieldChanges { omit: &[BodyField::StreamOptions, BodyField::Temperature], rename: &rename };
    assert_snapshot!(requests(&Ask { changes, ..full.clone() }), @r#"
    /api/chat {"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"keep_alive":-1,"truncate":false,"options":{"max_completion_tokens":8,"random_seed":7}}
    /api/generate {"model":"m","prompt":"hi","stream":true,"keep_alive":-1,"truncate":false,"options":{"max_completion_tokens":8,"random_seed":7}}
    /v1/chat/completions {"model":"m","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":8,"random_seed":7,"stream":true,"ignore_eos":true}
    /v1/completions {"model":"m","prompt":"hi","max_completion_tokens":8,"random_seed":7,"stream":true,"ignore_eos":true}
    /v1/chat/completions {"model":"m","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":8,"random_seed":7,"stream":true,"ignore_eos":true,"cache_prompt":true}
    /completion {"model":"m","prompt":"hi","max_completion_tokens":8,"random_seed":7,"stream":true,"ignore_eos":true,"cache_prompt":true}
    "#);
    let changes = FieldChanges { omit: &BodyField::ALL, rename: &rename };
    assert_snapshot!(requests(&Ask { changes, ..full.clone() }), @r#"
    /api/chat {"messages":[{"role":"user","content":"hi"}]}
    /api/generate {"prompt":"hi"}
    /v1/chat/completions {"messages":[{"role":"user","content":"hi"}]}
    /v1/completions {"prompt":"hi"}
    /v1/chat/completions {"messages":[{"role":"user","content":"hi"}]}
    /completion {"prompt":"hi"}
    "#);
    let later = Ask { changes, extra: extra.as_object().unwrap(), ..full };
    assert_eq!(
        String::from_utf8(Dialect::OpenAiCompletions.body(&later)).unwrap(),
        r#"{"prompt":"hi","max_tokens":9}"#
    );
}

#[test]
fn an_empty_table_in_extra_takes_a_field_out_however_deep() {
    let extra = json!({ "stream_options": {}, "options": { "num_predict": {} }, "chat_template_kwargs": {} });
    let content = Content::Prompt { text: "hi", images: &[] };
    let ask = Ask { stream: true, ..asking(content, extra.as_object().unwrap()) };
    let bodies =
        [Dialect::OpenAiChat, Dialect::OllamaGenerate].map(|dialect| String::from_utf8(dialect.body(&ask)).unwrap());
    assert_snapshot!(bodies.join("\n"), @r#"
    {"messages":[{"role":"user","content":"hi"}],"max_tokens":8,"temperature":0.0,"stream":true,"options":{"num_predict":{}},"chat_template_kwargs":{}}
    {"prompt":"hi","stream":true,"keep_alive":-1,"truncate":false,"options":{"temperature":0.0},"stream_options":{},"chat_template_kwargs":{}}
    "#);
}
