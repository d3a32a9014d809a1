use insta::assert_snapshot;

use super::*;
use crate::text::with_causes;
use crate::units::Nanos;

const TIMING: Timing = Timing { prefill: Nanos(20_000_000), decode: Nanos(10_000_000), total: Nanos(90_000_000) };

fn reply(form: Form, timings: bool, include_usage: bool) -> Reply {
    Reply {
        form,
        asked: Asked { model: None, prompt_tokens: 4, output_tokens: 2, stream: true, include_usage },
        model: "llama3.1:8b".to_owned(),
        number: 7,
        created: "2026-11-22T16:00:00.000000Z".to_owned(),
        created_unix: 1_795_363_200,
        timings,
    }
}

fn stream(reply: &Reply) -> String {
    reply.token(0, Nanos(11)) + &reply.token(1, Nanos(12)) + &reply.end(TIMING, Nanos(13))
}

fn parsed(form: Form, body: &str) -> String {
    match parse(form, body.as_bytes()) {
        Ok(request) => format!("{request:?}"),
        Err(error) => format!("refused: {}", with_causes(&error)),
    }
}

#[test]
fn ollama_chat_streams_lines_and_ends_with_counts() {
    assert_snapshot!(stream(&reply(Form::OllamaChat, false, false)), @r#"
    {"model":"llama3.1:8b","created_at":"2026-11-22T16:00:00.000000Z","message":{"role":"assistant","content":"(sun"},"done":false,"runexp_sent_ns":11}
    {"model":"llama3.1:8b","created_at":"2026-11-22T16:00:00.000000Z","message":{"role":"assistant","content":", "},"done":false,"runexp_sent_ns":12}
    {"model":"llama3.1:8b","created_at":"2026-11-22T16:00:00.000000Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"length","total_duration":90000000,"prompt_eval_count":4,"prompt_eval_duration":20000000,"eval_count":2,"eval_duration":10000000,"runexp_sent_ns":13}
    "#);
}

#[test]
fn ollama_generate_streams_lines_and_ends_with_counts() {
    assert_snapshot!(stream(&reply(Form::OllamaGenerate, false, false)), @r#"
    {"model":"llama3.1:8b","created_at":"2026-11-22T16:00:00.000000Z","response":"(sun","done":false,"runexp_sent_ns":11}
    {"model":"llama3.1:8b","created_at":"2026-11-22T16:00:00.000000Z","response":", ","done":false,"runexp_sent_ns":12}
    {"model":"llama3.1:8b","created_at":"2026-11-22T16:00:00.000000Z","response":"","done":true,"done_reason":"length","total_duration":90000000,"prompt_eval_count":4,"prompt_eval_duration":20000000,"eval_count":2,"eval_duration":10000000,"runexp_sent_ns":13}
    "#);
}

#[test]
fn chat_streams_a_role_then_tokens_and_usage_if_asked() {
    assert_snapshot!(stream(&reply(Form::Chat, false, true)), @r#"
    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"finish_reason":null,"delta":{"role":"assistant","content":null}}],"runexp_sent_ns":11}

    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"finish_reason":null,"delta":{"content":"(sun"}}],"runexp_sent_ns":11}

    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"finish_reason":null,"delta":{"content":", "}}],"runexp_sent_ns":12}

    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"finish_reason":"length","delta":{}}],"runexp_sent_ns":13}

    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":0}},"runexp_sent_ns":13}

    data: [DONE]
    "#);
}

#[test]
fn chat_without_usage_has_none() {
    assert_snapshot!(reply(Form::Chat, false, false).end(TIMING, Nanos(13)), @r#"
    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"finish_reason":"length","delta":{}}],"runexp_sent_ns":13}

    data: [DONE]
    "#);
}

#[test]
fn llama_chat_puts_timings_on_its_last_event() {
    assert_snapshot!(reply(Form::Chat, true, true).end(TIMING, Nanos(13)), @r#"
    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"finish_reason":"length","delta":{}}],"runexp_sent_ns":13}

    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":0}},"timings":{"cache_n":0,"prompt_n":4,"prompt_ms":20.0,"prompt_per_token_ms":5.0,"prompt_per_second":200.0,"predicted_n":2,"predicted_ms":10.0,"predicted_per_token_ms":5.0,"predicted_per_second":100.0},"runexp_sent_ns":13}

    data: [DONE]
    "#);
    assert_snapshot!(reply(Form::Chat, true, false).end(TIMING, Nanos(13)), @r#"
    data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"finish_reason":"length","delta":{}}],"timings":{"cache_n":0,"prompt_n":4,"prompt_ms":20.0,"prompt_per_token_ms":5.0,"prompt_per_second":200.0,"predicted_n":2,"predicted_ms":10.0,"predicted_per_token_ms":5.0,"predicted_per_second":100.0},"runexp_sent_ns":13}

    data: [DONE]
    "#);
}

#[test]
fn completions_stream_text() {
    assert_snapshot!(stream(&reply(Form::Completion, false, true)), @r#"
    data: {"id":"cmpl-7","object":"text_completion","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"text":"(sun","logprobs":null,"finish_reason":null}],"runexp_sent_ns":11}

    data: {"id":"cmpl-7","object":"text_completion","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"text":", ","logprobs":null,"finish_reason":null}],"runexp_sent_ns":12}

    data: {"id":"cmpl-7","object":"text_completion","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"length"}],"runexp_sent_ns":13}

    data: {"id":"cmpl-7","object":"text_completion","created":1795363200,"model":"llama3.1:8b","choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":0}},"runexp_sent_ns":13}

    data: [DONE]
    "#);
}

#[test]
fn llama_completions_put_usage_and_timings_on_the_event_with_the_finish_reason() {
    assert_snapshot!(reply(Form::Completion, true, false).end(TIMING, Nanos(13)), @r#"
    data: {"id":"chatcmpl-7","object":"text_completion","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":0}},"timings":{"cache_n":0,"prompt_n":4,"prompt_ms":20.0,"prompt_per_token_ms":5.0,"prompt_per_second":200.0,"predicted_n":2,"predicted_ms":10.0,"predicted_per_token_ms":5.0,"predicted_per_second":100.0},"runexp_sent_ns":13}

    data: [DONE]
    "#);
}

#[test]
fn llama_completion_streams_without_a_done_line() {
    assert_snapshot!(stream(&reply(Form::LlamaCompletion, true, false)), @r#"
    data: {"index":0,"content":"(sun","tokens":[0],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":4,"runexp_sent_ns":11}

    data: {"index":0,"content":", ","tokens":[1],"stop":false,"id_slot":-1,"tokens_predicted":2,"tokens_evaluated":4,"runexp_sent_ns":12}

    data: {"index":0,"content":"","tokens":[],"id_slot":0,"stop":true,"model":"llama3.1:8b","tokens_predicted":2,"tokens_evaluated":4,"generation_settings":{"n_predict":2,"stream":true},"truncated":false,"stop_type":"limit","stopping_word":"","timings":{"cache_n":0,"prompt_n":4,"prompt_ms":20.0,"prompt_per_token_ms":5.0,"prompt_per_second":200.0,"predicted_n":2,"predicted_ms":10.0,"predicted_per_token_ms":5.0,"predicted_per_second":100.0},"runexp_sent_ns":13}
    "#);
}

#[test]
fn replies_in_one_piece_hold_the_text_and_the_counts() {
    let forms = [Form::OllamaChat, Form::OllamaGenerate, Form::Chat, Form::Completion, Form::LlamaCompletion];
    let bodies: Vec<String> =
        forms.into_iter().map(|form| reply(form, false, false).whole(TIMING, Nanos(13))).collect();
    assert_snapshot!(bodies.join("\n"), @r#"
    {"model":"llama3.1:8b","created_at":"2026-11-22T16:00:00.000000Z","message":{"role":"assistant","content":"(sun, "},"done":true,"done_reason":"length","total_duration":90000000,"prompt_eval_count":4,"prompt_eval_duration":20000000,"eval_count":2,"eval_duration":10000000,"runexp_sent_ns":13}
    {"model":"llama3.1:8b","created_at":"2026-11-22T16:00:00.000000Z","response":"(sun, ","done":true,"done_reason":"length","total_duration":90000000,"prompt_eval_count":4,"prompt_eval_duration":20000000,"eval_count":2,"eval_duration":10000000,"runexp_sent_ns":13}
    {"id":"chatcmpl-7","object":"chat.completion","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"message":{"role":"assistant","content":"(sun, "},"finish_reason":"length"}],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":0}},"runexp_sent_ns":13}
    {"id":"cmpl-7","object":"text_completion","created":1795363200,"model":"llama3.1:8b","choices":[{"index":0,"text":"(sun, ","logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":0}},"runexp_sent_ns":13}
    {"index":0,"content":"(sun, ","tokens":[],"id_slot":0,"stop":true,"model":"llama3.1:8b","tokens_predicted":2,"tokens_evaluated":4,"generation_settings":{"n_predict":2,"stream":true},"truncated":false,"stop_type":"limit","stopping_word":"","timings":{"cache_n":0,"prompt_n":4,"prompt_ms":20.0,"prompt_per_token_ms":5.0,"prompt_per_second":200.0,"predicted_n":2,"predicted_ms":10.0,"predicted_per_token_ms":5.0,"predicted_per_second":100.0},"runexp_sent_ns":13}
    "#);
}

#[test]
fn requests_are_read_in_the_words_of_each_api() {
    let requests = [
        parsed(
            Form::OllamaChat,
            r#"{"model":"m","messages":[{"role":"user","content":"12345678"}],"options":{"num_predict":5}}"#,
        ),
        parsed(Form::OllamaGenerate, r#"{"prompt":"12345","stream":false,"options":{"num_predict":-1}}"#),
        parsed(
            Form::Chat,
            r#"{"messages":[{"content":[{"type":"text","text":"1234"}]},{"content":null}],"max_tokens":3,"max_completion_tokens":4,"stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        parsed(Form::Completion, r#"{"prompt":["1234","5678"],"max_tokens":0}"#),
        parsed(Form::LlamaCompletion, r#"{"prompt":[1,2,3],"n_predict":9}"#),
        parsed(Form::OllamaGenerate, r#"{"model":"m","keep_alive":0}"#),
        parsed(Form::OllamaGenerate, r#"{"model":"m","keep_alive":-1}"#),
        parsed(Form::Chat, r#"{"messages":[],"max_tokens":99999999999}"#),
    ];
    assert_snapshot!(requests.join("\n"), @r#"
    Generate(Asked { model: Some("m"), prompt_tokens: 2, output_tokens: 5, stream: true, include_usage: false })
    Generate(Asked { model: None, prompt_tokens: 2, output_tokens: 128, stream: false, include_usage: false })
    Generate(Asked { model: None, prompt_tokens: 1, output_tokens: 4, stream: true, include_usage: true })
    Generate(Asked { model: None, prompt_tokens: 2, output_tokens: 1, stream: false, include_usage: false })
    Generate(Asked { model: None, prompt_tokens: 3, output_tokens: 9, stream: false, include_usage: false })
    Load { unload: true }
    Load { unload: false }
    Generate(Asked { model: None, prompt_tokens: 1, output_tokens: 131072, stream: false, include_usage: false })
    "#);
}

#[test]
fn what_cannot_be_answered_is_refused_with_the_reason() {
    let refusals = [
        parsed(Form::Chat, r#"{"messages":"#),
        parsed(Form::Chat, "[]"),
        parsed(Form::Chat, "{}"),
        parsed(Form::Chat, r#"{"messages":"hello"}"#),
        parsed(Form::Completion, r#"{"prompt":5}"#),
        parsed(Form::Chat, r#"{"messages":[],"max_tokens":"many"}"#),
        parsed(Form::Chat, r#"{"messages":[],"stream":1}"#),
    ];
    assert_snapshot!(refusals.join("\n"), @r"
    refused: the request is not valid JSON: EOF while parsing a value at line 1 column 12
    refused: the request is not valid JSON: invalid type: sequence, expected a map at line 1 column 0
    refused: `messages` is required
    refused: `messages` must be an array
    refused: `prompt` must be a text or an array
    refused: `max_tokens` must be a whole number
    refused: `stream` must be true or false
    ");
    let bodies = [Api::Ollama, Api::OpenAi, Api::LlamaServer].map(|api| error_body(api, 404, "File Not Found"));
    assert_snapshot!(bodies.map(|body| body.to_string()).join("\n"), @r#"
    {"error":"File Not Found"}
    {"error":{"message":"File Not Found","type":"not_found_error","param":null,"code":404}}
    {"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}
    "#);
}

#[test]
fn each_api_has_its_own_paths() {
    let paths = [
        ("POST", "/api/chat"),
        ("POST", "/api/generate"),
        ("GET", "/api/version"),
        ("GET", "/api/tags"),
        ("GET", "/api/ps"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/completions"),
        ("GET", "/v1/models"),
        ("POST", "/completion"),
        ("GET", "/health"),
        ("GET", "/props"),
        ("GET", "/v1/chat/completions"),
    ];
    let served = |api| {
        let there = paths.iter().filter(|(method, path)| route(api, method, path).is_some());
        there.map(|(method, path)| format!("{method} {path}")).collect::<Vec<_>>().join(", ")
    };
    assert_snapshot!([Api::Ollama, Api::OpenAi, Api::LlamaServer].map(served).join("\n"), @r"
    POST /api/chat, POST /api/generate, GET /api/version, GET /api/tags, GET /api/ps, POST /v1/chat/completions, POST /v1/completions, GET /v1/models
    POST /v1/chat/completions, POST /v1/completions, GET /v1/models, GET /health
    POST /v1/chat/completions, POST /v1/completions, GET /v1/models, POST /completion, GET /health, GET /props
    ");
}

#[test]
fn a_server_tells_what_it_serves() {
    let catalogue = Catalogue {
        model: "m".to_owned(),
        weights_bytes: 4_920_000_000,
        digest: "simulated-h100".to_owned(),
        slots: 8,
    };
    let infos = [Info::Version, Info::Tags, Info::Processes, Info::Models, Info::Health, Info::Props];
    let bodies = infos.map(|info| info_body(Api::LlamaServer, info, &catalogue).unwrap().to_string());
    assert_snapshot!(bodies.join("\n"), @r#"
    {"version":"0.0.0-simulated"}
    {"models":[{"name":"m","model":"m","size":4920000000,"digest":"simulated-h100","details":{"format":"gguf","quantization_level":"Q4_K_M"}}]}
    {"models":[{"name":"m","model":"m","size":4920000000,"digest":"simulated-h100","details":{"format":"gguf","quantization_level":"Q4_K_M"},"size_vram":4920000000,"context_length":131072,"expires_at":"2318-01-01T00:00:00Z"}]}
    {"object":"list","data":[{"id":"m","object":"model","created":0,"owned_by":"llamacpp","meta":{"size":4920000000}}]}
    {"status":"ok"}
    {"default_generation_settings":{"n_ctx":131072},"total_slots":8,"model_alias":"m","model_path":"m","build_info":"simulated"}
    "#);
    assert_eq!(info_body(Api::OpenAi, Info::Health, &catalogue), None);
}
