//! The simulated machine, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use runexp::clock::Clock;
use runexp::dialect::Api;
use runexp::names::ServerName;
use runexp::scenario::{Ready, ServerOrigin, ServerSpec, Stop};
use runexp::sim::{SimHost, SimServer, find};
use runexp::units::Period;
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
        slots: Some(slots),
    }
}

async fn serve(host: &SimHost, api: Api, slots: u32) -> SimServer {
    host.start_server(&spec(api, slots)).await.unwrap()
}

async fn post(server: &SimServer, path: &str, body: Value) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.post(format!("{}{path}", server.url())).json(&body).send().await.unwrap()
}

/// The events of a stream, without the stamps, which must be there and grow.
async fn events(response: reqwest::Response) -> Vec<Value> {
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    let mut latest = 0;
    let mut parse = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let sent = event.as_object_mut().unwrap().shift_remove("runexp_sent_ns").unwrap().as_u64().unwrap();
        assert!(sent >= latest, "stamps go backwards");
        latest = sent;
        event
    };
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| line.strip_prefix("data: ").unwrap_or(line))
        .filter(|line| *line != "[DONE]")
        .map(&mut parse)
        .collect()
}

fn texts(events: &[Value], pointer: &str) -> Vec<String> {
    let texts = events.iter().filter_map(|event| event.pointer(pointer)?.as_str());
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

#[tokio::test]
async fn ollama_chat_streams_the_tokens_that_were_asked_for() {
    let host = host("h100");
    let server = serve(&host, Api::Ollama, 1).await;
    let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Name a star." }], "options": { "num_predict": 7 } });
    let events = events(post(&server, "/api/chat", body).await).await;
    assert_eq!(texts(&events, "/message/content"), ["(sun", ", ", "is a", ", ", "star", ")\n", "(sun"]);
    println!("{:#?}", events.last());
}
