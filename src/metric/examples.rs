//! Requests made by hand, for the tests of this room and of `summary`.

use std::collections::BTreeMap;

use crate::names::{CellId, ServerName};
use crate::record::{
    CellKey, Chunks, ClientHonesty, RequestOutcome, RequestRecord, ServerKey, TokenSource, UsageRecord,
};
use crate::units::Nanos;

use super::{MemoryBaseline, Objectives, Window};

pub(crate) const fn ms(milliseconds: u64) -> Nanos {
    Nanos(milliseconds * 1_000_000)
}

pub(crate) fn server(index: u32) -> ServerKey {
    ServerKey { name: ServerName::new("ollama").unwrap(), index }
}

pub(crate) fn key(cell: &str, block: u32) -> CellKey {
    CellKey { cell: CellId::new(cell).unwrap(), block, epoch: block, probe: None }
}

/// A whole reply of one token per chunk, which arrive `gaps_ms` apart; the
/// server counts as many tokens as there are chunks.
pub(crate) fn reply(client: u32, sent_ms: u64, gaps_ms: &[u64]) -> RequestRecord {
    let at = |count: usize| ms(sent_ms + gaps_ms.iter().take(count).sum::<u64>());
    let (first, last) = (Some(at(1)), at(gaps_ms.len()));
    RequestRecord {
        cell: key("cell", 0),
        server: server(0),
        client,
        sequence: 0,
        turn: None,
        scheduled_ns: ms(sent_ms),
        started_ns: ms(sent_ms),
        sent_ns: ms(sent_ms),
        headers_ns: first,
        first_token_ns: first,
        first_output_token_ns: first,
        last_token_ns: Some(last),
        finished_ns: last,
        outcome: RequestOutcome::Success { finish: "stop".to_owned() },
        asked_tokens: u32::try_from(gaps_ms.len()).unwrap().max(10),
        asked_prompt_tokens: None,
        prompt_bytes: None,
        chunks: Chunks { gaps_ns: gaps_ms.iter().map(|gap| ms(*gap).0).collect(), ..Chunks::default() },
        not_streamed: false,
        choices: None,
        calls_tool: false,
        wide_bytes: None,
        passed_over: BTreeMap::new(),
        usage: UsageRecord {
            hidden_tokens: None,
            output_tokens: Some(gaps_ms.len() as u64),
            source: TokenSource::Server,
            ..UsageRecord::default()
        },
        unexpected: None,
        resent: false,
        stamp_error_ns: None,
    }
}

/// The same request, but it ended like this, and the server counted nothing.
pub(crate) fn ended(mut request: RequestRecord, outcome: RequestOutcome) -> RequestRecord {
    request.outcome = outcome;
    request.usage = UsageRecord::default();
    request
}

/// A request that never got a byte and failed after `after_ms`.
pub(crate) fn failed(client: u32, sent_ms: u64, after_ms: u64) -> RequestRecord {
    let mut request = ended(reply(client, sent_ms, &[]), RequestOutcome::EarlyClose);
    (request.first_token_ns, request.first_output_token_ns, request.last_token_ns) = (None, None, None);
    request.finished_ns = ms(sent_ms + after_ms);
    request
}

/// Three clients of a server that works on one request at a time, 10 tokens a
/// second: request k is sent when the client's last one ends and waits for the
/// two before it. The server is never idle in the 30 s.
pub(crate) fn queueing() -> Vec<RequestRecord> {
    let nth = |k: u32| {
        let sent_ms = 1_000 * u64::from(k.saturating_sub(2));
        let waiting = 1_000 * u64::from(k) - sent_ms;
        let mut request = reply(k % 3, sent_ms, &[waiting + 100, 100, 100, 100, 100, 100, 100, 100, 100, 100]);
        request.usage.decode_ns = Some(ms(1_000));
        request
    };
    (0..30).map(nth).collect()
}

/// A window over requests of a closed loop.
pub(crate) fn window<'a>(
    (start_ms, end_ms): (u64, u64),
    clients: u32,
    client: &'a ClientHonesty,
    requests: &'a [RequestRecord],
) -> Window<'a> {
    Window {
        start: ms(start_ms),
        end: ms(end_ms),
        clients: Some(clients),
        servers: 1,
        client,
        requests: requests.iter().collect(),
        telemetry: Vec::new(),
        rest: Vec::new(),
        foreign_processes: Vec::new(),
        objectives: Objectives::default(),
        kill: None,
        memory: MemoryBaseline::default(),
        upkeep: None,
        seen: None,
        contexts: BTreeMap::new(),
        mps: None,
    }
}
