//! The simulated machine, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use runexp::clock::Clock;
use runexp::dialect::Api;
use runexp::names::ServerName;
use runexp::record::{ProcessOnGpu, Reading};
use runexp::scenario::{Ready, ServerOrigin, ServerSpec, Stop};
use runexp::sim::{SimHost, SimServer, find};
use runexp::units::{Bytes, Period};
use runexp::wire::web;
use serde_json::{Value, json};

fn host(machine: &str) -> SimHost {
    SimHost::start(find(machine, &[]).unwrap(), Clock::start()).unwrap()
}

fn spec(api: Api, slots: u32) -> ServerSpec {
    ServerSpec {
        name: ServerName::new("subject").unwrap(),
        index: 0,
        api,
        origin: ServerOrigin::Url { url: "http://127.0.0.1:1".to_owned() },
        ready: Ready { http: None, log: None, within: Period::from_secs(1) },
        preload: None,
        stop: Stop::default(),
        model: None,
        headers: Vec::new(),
        source_addresses: Vec::new(),
        slots: Some(slots),
    }
}

async fn serve(host: &SimHost, api: Api, slots: u32) -> SimServer {
    host.start_server(&spec(api, slots)).await.unwrap()
}

async fn post(server: &SimServer, path: &str, body: &str) -> reqwest::Response {
    let (client, url) = web(&format!("{}{path}", server.url()), None).unwrap();
    client.post(url).body(body.to_owned()).send().await.unwrap()
}

async fn get(server: &SimServer, path: &str) -> reqwest::Result<String> {
    let (client, url) = web(&format!("{}{path}", server.url()), None).unwrap();
    client.get(url).send().await?.text().await
}

/// The events of a stream. Each must carry the moment it was sent, and those
/// moments must not run backwards.
async fn events(server: &SimServer, path: &str, body: &str) -> Vec<Value> {
    let text = post(server, path, body).await.error_for_status().unwrap().text().await.unwrap();
    let payloads = text.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
    let events: Vec<Value> = payloads
        .filter(|line| !line.is_empty() && *line != "[DONE]")
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.is_sorted_by_key(|event| event["runexp_sent_ns"].as_u64().unwrap()));
    assert_eq!(text.ends_with("data: [DONE]\n\n"), path.starts_with("/v1/"));
    events
}

fn texts<'a>(events: &'a [Value], pointer: &str) -> Vec<&'a str> {
    let texts = events.iter().filter_map(|event| event.pointer(pointer)?.as_str());
    texts.filter(|text| !text.is_empty()).collect()
}

const SEVEN: [&str; 7] = ["(sun", ", ", "is a", ", ", "star", ")\n", "(sun"];

#[tokio::test]
async fn ollama_streams_exactly_the_tokens_that_were_asked_for() {
    let host = host("h100");
    let server = serve(&host, Api::Ollama, 1).await;
    let chat = r#"{"model":"m","messages":[{"content":"Name a star."}],"options":{"num_predict":7}}"#;
    let chat = events(&server, "/api/chat", chat).await;
    assert_eq!(texts(&chat, "/message/content"), SEVEN);
    let generate = events(&server, "/api/generate", r#"{"prompt":"Name a star.","options":{"num_predict":7}}"#).await;
    assert_eq!(texts(&generate, "/response"), SEVEN);
    for reply in [chat, generate] {
        let last = reply.last().unwrap();
        assert_eq!((&last["done"], &last["done_reason"]), (&json!(true), &json!("length")));
        assert_eq!((&last["prompt_eval_count"], &last["eval_count"]), (&json!(3), &json!(7)));
    }
}

#[tokio::test]
async fn openai_streams_exactly_the_tokens_that_were_asked_for() {
    let host = host("h100");
    let server = serve(&host, Api::OpenAi, 1).await;
    let asked = r#""max_tokens":7,"stream":true,"stream_options":{"include_usage":true}}"#;
    let chat = format!(r#"{{"messages":[{{"content":"Name a star."}}],{asked}"#);
    let chat = events(&server, "/v1/chat/completions", &chat).await;
    assert_eq!(texts(&chat, "/choices/0/delta/content"), SEVEN);
    let completion = events(&server, "/v1/completions", &format!(r#"{{"prompt":"Name a star.",{asked}"#)).await;
    assert_eq!(texts(&completion, "/choices/0/text"), SEVEN);
    for reply in [chat, completion] {
        assert_eq!(texts(&reply, "/choices/0/finish_reason"), ["length"]);
        assert_eq!(reply.last().unwrap()["usage"]["completion_tokens"], 7);
    }
}

#[tokio::test]
async fn llama_server_streams_exactly_the_tokens_that_were_asked_for() {
    let host = host("h100");
    let server = serve(&host, Api::LlamaServer, 1).await;
    let chat = r#"{"messages":[{"content":"Name a star."}],"max_tokens":7,"stream":true}"#;
    let chat = events(&server, "/v1/chat/completions", chat).await;
    assert_eq!(texts(&chat, "/choices/0/delta/content"), SEVEN);
    let own = events(&server, "/completion", r#"{"prompt":"Name a star.","n_predict":7,"stream":true}"#).await;
    assert_eq!(texts(&own, "/content"), SEVEN);
    for reply in [chat, own] {
        let timings = &reply.last().unwrap()["timings"];
        assert_eq!((&timings["prompt_n"], &timings["predicted_n"]), (&json!(3), &json!(7)));
    }
}

#[tokio::test]
async fn a_reply_in_one_piece_has_the_whole_text() {
    let host = host("h100");
    let ollama = serve(&host, Api::Ollama, 1).await;
    let body = r#"{"prompt":"Name a star.","stream":false,"options":{"num_predict":7}}"#;
    let reply: Value = post(&ollama, "/api/generate", body).await.json().await.unwrap();
    assert_eq!(reply["response"], SEVEN.concat());
    let openai = serve(&host, Api::OpenAi, 1).await;
    let reply: Value = post(&openai, "/v1/completions", r#"{"prompt":"x","max_tokens":7}"#).await.json().await.unwrap();
    assert_eq!(reply["choices"][0]["text"], SEVEN.concat());
}

#[tokio::test]
async fn what_is_not_understood_is_refused_in_the_shape_of_the_api() {
    let host = host("h100");
    let mut seen = Vec::new();
    for (api, path) in [
        (Api::Ollama, "/api/chat"),
        (Api::OpenAi, "/v1/chat/completions"),
        (Api::LlamaServer, "/completion"),
        (Api::Ollama, "/completion"),
        (Api::OpenAi, "/api/chat"),
        (Api::LlamaServer, "/api/chat"),
    ] {
        let server = serve(&host, api, 1).await;
        let reply = post(&server, path, r#"{"messages":"#).await;
        seen.push(format!("{} {}", reply.status().as_u16(), reply.text().await.unwrap()));
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    400 {"error":"the request is not valid JSON: EOF while parsing a value at line 1 column 12"}
    400 {"error":{"message":"the request is not valid JSON: EOF while parsing a value at line 1 column 12","type":"invalid_request_error","param":null,"code":400}}
    400 {"error":{"code":400,"message":"the request is not valid JSON: EOF while parsing a value at line 1 column 12","type":"invalid_request_error"}}
    404 {"error":"File Not Found"}
    404 {"error":{"message":"File Not Found","type":"not_found_error","param":null,"code":404}}
    404 {"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}
    "#);
}

/// The mistake that a sum of per-request rates makes: on one slot three
/// clients wait for each other, each reply states the rate of one alone, and
/// the sum is three times what the machine does.
#[tokio::test]
async fn three_clients_on_one_slot_queue_and_their_stated_rates_add_up_to_three_times_the_truth() {
    let host = host("h100");
    let server = serve(&host, Api::Ollama, 1).await;
    let body = r#"{"prompt":"Name a star.","stream":false,"options":{"num_predict":60}}"#;
    let replies = futures_util::future::join_all([body; 3].map(|body| post(&server, "/api/generate", body))).await;
    let (mut stated, mut from_s, mut to_s) = (0.0, f64::INFINITY, 0.0_f64);
    for reply in replies {
        let reply: Value = reply.json().await.unwrap();
        let seconds = |name: &str| reply[name].as_f64().unwrap() / 1e9;
        stated += 60.0 / seconds("eval_duration");
        from_s = from_s.min(seconds("runexp_sent_ns") - seconds("total_duration"));
        to_s = to_s.max(seconds("runexp_sent_ns"));
    }
    let factor = stated / (180.0 / (to_s - from_s));
    assert!((2.7..3.7).contains(&factor), "{factor}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_slot_to_the_next() {
    let host = host("dgx-spark");
    let server = serve(&host, Api::LlamaServer, 1).await;
    let endless = r#"{"prompt":"x","n_predict":100000,"stream":true}"#;
    let mut reply = post(&server, "/completion", endless).await;
    reply.chunk().await.unwrap().unwrap();
    drop(reply);
    let next = events(&server, "/completion", r#"{"prompt":"x","n_predict":2,"stream":true}"#).await;
    assert_eq!(next.len(), 3);
}

#[tokio::test]
async fn a_kill_resets_the_open_stream_and_closes_the_port_and_a_restart_serves_there_again() {
    let host = host("h100");
    let (doomed, other) = (serve(&host, Api::Ollama, 1).await, serve(&host, Api::Ollama, 1).await);
    let endless = r#"{"prompt":"x","options":{"num_predict":100000}}"#;
    let mut stream = post(&doomed, "/api/generate", endless).await;
    let mut survivor = post(&other, "/api/generate", endless).await;
    stream.chunk().await.unwrap().unwrap();
    doomed.kill().await;
    let broken = loop {
        match stream.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(broken.is_some(), "the stream ended as if it were whole");
    assert!(get(&doomed, "/api/version").await.unwrap_err().is_connect());
    assert!(survivor.chunk().await.unwrap().is_some());
    doomed.restart().await.unwrap();
    assert_eq!(get(&doomed, "/api/version").await.unwrap(), r#"{"version":"0.0.0-simulated"}"#);
}

#[tokio::test]
async fn a_stop_lets_the_reply_under_way_end() {
    let host = host("h100");
    let server = serve(&host, Api::LlamaServer, 1).await;
    let mut reply = post(&server, "/completion", r#"{"prompt":"x","n_predict":40,"stream":true}"#).await;
    reply.chunk().await.unwrap().unwrap();
    let (rest, ()) = tokio::join!(reply.text(), server.stop());
    assert!(rest.unwrap().contains(r#""stop":true"#));
}

#[tokio::test]
async fn the_end_of_the_machine_is_the_end_of_its_servers() {
    let machine = host("h100");
    let server = serve(&machine, Api::Ollama, 1).await;
    drop(machine);
    assert!(get(&server, "/api/version").await.unwrap_err().is_connect());
    assert_eq!(server.restart().await.unwrap_err().to_string(), "the simulated machine has ended");
}

#[tokio::test]
async fn servers_take_device_memory_until_there_is_none() {
    let host = host("rtx-5090");
    let mut servers = Vec::new();
    let refusal = loop {
        match host.start_server(&spec(Api::Ollama, 1)).await {
            Ok(server) => servers.push(server),
            Err(error) => break error.to_string(),
        }
    };
    let full = "simulated server `subject[0]` needs 5.2 GiB of device memory, 351.0 MiB of 31.8 GiB are free";
    assert_eq!((servers.len(), refusal.as_str()), (6, full));
    assert_eq!(host.reading().memory_used_bytes, Reading::Value((6 * 5376) << 20));
    servers.truncate(1);
    assert_eq!(host.reading().memory_used_bytes, Reading::Value(5376 << 20));
}

#[tokio::test]
async fn mps_is_switched_only_between_servers_and_shows_its_clients() {
    let host = host("h100");
    host.set_mps(true).unwrap();
    let server = serve(&host, Api::Ollama, 1).await;
    let refusal = host.set_mps(false).unwrap_err().to_string();
    assert_eq!(refusal, "MPS cannot be switched while 1 simulated servers run; stop them first");
    let reading = host.reading();
    let client = ProcessOnGpu { pid: 1000, memory_bytes: Some(Bytes(5376 << 20)), is_mps: true };
    assert_eq!(reading.processes, Reading::Value(vec![client]));
    assert_eq!(reading.memory_used_bytes, Reading::Value((5376 + 66) << 20));
    server.stop().await;
    host.set_mps(false).unwrap();
    assert!(!host.mps());
}

#[test]
fn a_machine_without_mps_says_so() {
    let refusal = host("m4-pro").set_mps(true).unwrap_err().to_string();
    assert_eq!(refusal, "the simulated machine `m4-pro` has no MPS");
}

/// Deadlines are absolute, so the wall clock sees the rate that is stated.
#[tokio::test]
async fn tokens_come_at_the_rate_that_the_server_states() {
    let host = host("h100");
    let server = serve(&host, Api::LlamaServer, 1).await;
    let body = r#"{"prompt":"x","n_predict":200,"stream":true}"#;
    let events = events(&server, "/completion", body).await;
    let sent = |event: &Value| event["runexp_sent_ns"].as_f64().unwrap() / 1e6;
    let (first, last) = (events.first().unwrap(), events.last().unwrap());
    let ratio = (sent(last) - sent(first)) / last["timings"]["predicted_ms"].as_f64().unwrap();
    assert!((0.8..1.25).contains(&ratio), "{ratio}");
}
