use proptest::prelude::*;

use super::pack::{Unpacked, apply, difference, put, width};
use super::*;
use crate::names::{CellId, ServerName};
use crate::record::{CellKey, Chunks};

/// All that a request may be, with numbers of every size.
fn any_request() -> impl Strategy<Value = RequestRecord> {
    let number = || prop_oneof![0..300_u64, any::<u64>(), Just(u64::MAX)];
    let numbers = || proptest::collection::vec(number(), 16);
    let there = proptest::collection::vec(any::<bool>(), 24);
    let gaps = proptest::collection::vec(number(), 0..5);
    let events = proptest::collection::vec(any::<u32>(), 0..5);
    (numbers(), numbers(), there, gaps, events, 0..4_u32).prop_map(request)
}

type Drawn = (Vec<u64>, Vec<u64>, Vec<bool>, Vec<u64>, Vec<u32>, u32);

fn request((plain, maybe, there, gaps_ns, events, which): Drawn) -> RequestRecord {
    let maybe = |at: usize| there[at].then_some(maybe[at]);
    let moment = |at: usize| maybe(at).map(Nanos);
    RequestRecord {
        cell: CellKey { cell: CellId::new("cell").unwrap(), block: 0, epoch: 0, probe: None },
        server: ServerKey { name: ServerName::new("ollama").unwrap(), index: which % 3 },
        client: small(plain[0]),
        sequence: plain[1],
        turn: maybe(0).map(small),
        scheduled_ns: Nanos(plain[2]),
        started_ns: Nanos(plain[3]),
        sent_ns: Nanos(plain[4]),
        headers_ns: moment(1),
        first_token_ns: moment(2),
        first_output_token_ns: moment(3),
        last_token_ns: moment(4),
        finished_ns: Nanos(plain[5]),
        outcome: match which {
            0 => RequestOutcome::Cut,
            1 => RequestOutcome::Success { finish: "stop".to_owned() },
            _ => RequestOutcome::Reset { message: format!("of {}", plain[6]) },
        },
        asked_tokens: small(plain[7]),
        asked_prompt_tokens: maybe(13).map(small),
        prompt_bytes: maybe(14).map(small),
        chunks: Chunks {
            tokens: if there[16] { vec![7; gaps_ns.len()] } else { Vec::new() },
            text: if there[17] { vec![9; gaps_ns.len()] } else { Vec::new() },
            gaps_ns,
            events,
        },
        not_streamed: there[18],
        choices: there[19].then_some(2),
        calls_tool: there[20],
        wide_bytes: maybe(15),
        passed_over: BTreeMap::new(),
        usage: UsageRecord {
            hidden_tokens: if there[14] { maybe(7) } else { None },
            prompt_tokens: maybe(5),
            cached_tokens: maybe(6),
            output_tokens: maybe(7),
            source: if there[8] { TokenSource::Server } else { TokenSource::Events },
            prefill_ns: moment(9),
            decode_ns: moment(10),
            load_ns: moment(11),
            total_ns: moment(12),
            decode_per_s: there[13].then_some(1.0 / 3.0),
        },
        unexpected: there[14].then(|| "too short".to_owned()),
        resent: there[15],
        stamp_error_ns: maybe(8).map(|mean| (mean, plain[8])),
    }
}

/// The record that it was, where that can be known.
fn unpacked(request: &Request<'_>, like: &RequestRecord) -> RequestRecord {
    let Request { chunks, unexpected, .. } = *request;
    assert_eq!(unexpected, like.unexpected.is_some());
    assert_eq!((chunks.count(), chunks.total_events()), (like.chunks.gaps_ns.len() as u64, like.chunks.total_events()));
    let seen = (0..).zip(chunks.iter()).map(|(position, (gap, events))| {
        assert_eq!(events, u64::from(like.chunks.events_at(position)));
        gap.0
    });
    RequestRecord {
        cell: like.cell.clone(),
        server: request.server.clone(),
        client: request.client,
        sequence: request.sequence,
        turn: request.turn,
        scheduled_ns: request.scheduled_ns,
        started_ns: request.started_ns,
        sent_ns: request.sent_ns,
        headers_ns: request.headers_ns,
        first_token_ns: request.first_token_ns,
        first_output_token_ns: request.first_output_token_ns,
        last_token_ns: request.last_token_ns,
        finished_ns: request.finished_ns,
        outcome: request.outcome.clone(),
        asked_tokens: request.asked_tokens,
        asked_prompt_tokens: request.asked_prompt_tokens,
        prompt_bytes: request.prompt_bytes,
        chunks: Chunks { gaps_ns: seen.collect(), ..like.chunks.clone() },
        not_streamed: request.not_streamed,
        choices: request.has_choices.then_some(2),
        calls_tool: request.calls_tool,
        wide_bytes: request.wide_bytes,
        passed_over: like.passed_over.clone(),
        usage: request.usage,
        unexpected: like.unexpected.clone(),
        resent: request.resent,
        stamp_error_ns: request.stamp_error_ns,
    }
}

proptest! {
    #[test]
    fn every_request_comes_back_as_it_was(records in proptest::collection::vec(any_request(), 0..8)) {
        let requests: Requests = records.iter().collect();
        let back: Vec<RequestRecord> = requests.iter().zip(&records).map(|(one, like)| unpacked(&one, like)).collect();
        prop_assert_eq!(requests.iter().count(), records.len());
        prop_assert_eq!(back, records);
    }

    #[test]
    fn numbers_and_differences_come_back_whatever_their_size(one: u64, other: u64) {
        let mut bytes = Vec::new();
        put(&mut bytes, one);
        prop_assert_eq!((Unpacked(&bytes).number(), width(one)), (one, bytes.len() as u64));
        prop_assert_eq!(apply(difference(one, other), other), one);
    }
}

#[test]
fn a_request_of_four_chunks_takes_some_fifty_bytes() {
    let at = |ms: u64| Nanos(1_000_000_000_000 + 1_000_000 * ms);
    let mut record = request((vec![0; 16], vec![0; 16], vec![false; 24], vec![1_000_000; 4], Vec::new(), 1));
    (record.scheduled_ns, record.started_ns, record.sent_ns, record.finished_ns) = (at(0), at(0), at(0), at(4));
    (record.headers_ns, record.first_token_ns, record.last_token_ns) = (Some(at(1)), Some(at(1)), Some(at(4)));
    (record.usage.prompt_tokens, record.usage.output_tokens) = (Some(20), Some(4));
    let requests: Requests = std::iter::repeat_n(&record, 1_000).collect();
    assert!(requests.bytes.len() < 50_000, "{}", requests.bytes.len());
}
