//! One server, and one cell that asks it.

use std::collections::BTreeMap;
use std::time::Duration;

use runexp::dialect::Api;
use runexp::names::{PhaseName, ServerName};
use runexp::plan::CellSpec;
use runexp::scenario::{
    Endpoint, Expect, Length, Load, PromptCache, Ready, RequestSpec, ServerOrigin, ServerSpec, Slo, Stop, Treatment,
};
use runexp::units::Period;

pub(super) fn server(url: &str) -> ServerSpec {
    ServerSpec {
        name: ServerName::new("scripted").unwrap(),
        index: 0,
        api: Api::OpenAi,
        origin: ServerOrigin::Url { url: url.to_owned() },
        ready: Ready { http: None, log: None, within: Period::from_secs(5) },
        preload: None,
        stop: Stop::default(),
        model: Some("m".to_owned()),
        headers: Vec::new(),
        source_addresses: Vec::new(),
        slots: None,
    }
}

pub(super) fn cell(load: Load, length: Length) -> CellSpec {
    CellSpec {
        treatment: Treatment::default(),
        phase: PhaseName::new("test").unwrap(),
        load,
        find: None,
        max_in_flight: None,
        length,
        warmup: Period::default(),
        drain: Period::from_secs(5),
        request: RequestSpec {
            prompts: None,
            format: None,
            template: None,
            prompt: Some("hello".to_owned()),
            preamble: None,
            endpoint: Endpoint::Chat,
            max_tokens: Some(8),
            temperature: 0.0,
            seed: None,
            stream: true,
            ignore_eos: false,
            nonce: true,
            prompt_tokens: Vec::new(),
            prompt_cache: PromptCache::Refuse,
            think: None,
            servers: Vec::new(),
            omit: Vec::new(),
            rename: BTreeMap::new(),
            extra: serde_json::Map::new(),
            stall: Period::from(Duration::from_millis(300)),
            timeout: None,
        },
        expect: Expect::default(),
        slo: Slo::default(),
        fault: None,
        servers: 1,
    }
}
