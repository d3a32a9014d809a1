//! Tokens, chunks and streaming are three things.

use super::super::reply::tpot;
use super::super::{Basis, all};
use super::{Gap, HONEST, Objectives, Window, assert_values, find, ms, reply, value};
use crate::record::{RequestRecord, TokenSource};

fn window(requests: &[RequestRecord], end_ms: u64) -> Window<'_> {
    super::window((0, end_ms), 1, &HONEST, requests)
}

/// The time per token of the first request.
fn pace(window: &Window<'_>) -> f64 {
    tpot(&window.requests.iter().next().unwrap()).unwrap()
}

/// A reply whose chunks arrive 30, 200 and 200 ms apart, of 41 tokens.
fn several_a_chunk(change: impl FnOnce(&mut RequestRecord)) -> RequestRecord {
    let mut request = reply(0, 0, &[30, 200, 200]);
    request.usage.output_tokens = Some(41);
    change(&mut request);
    request
}

fn concerned(basis: Basis) -> Vec<&'static str> {
    let ids = all().iter().filter(|metric| basis.concerns(metric));
    ids.map(|metric| metric.id).collect()
}

#[test]
fn times_between_tokens_are_by_the_counts_of_the_chunks_where_the_server_tells_them() {
    let counted = [several_a_chunk(|request| request.chunks.tokens = vec![1, 20, 19])];
    let window = window(&counted, 1000);
    assert!((pace(&window) - 0.4 / 39.0).abs() < 1e-9, "{}", pace(&window));
    assert_eq!(Basis::of(&window), None);
}

#[test]
fn where_nobody_tells_them_the_text_says_how_tokens_lie() {
    let guessed = [several_a_chunk(|request| request.chunks.text = vec![2, 40, 40])];
    let window = window(&guessed, 1000);
    assert!((pace(&window) - 0.010).abs() < 1e-9, "{}", pace(&window));
    assert_eq!(Basis::of(&window), Some(Basis::Chunks));
    assert_eq!(concerned(Basis::Chunks), ["tpot_p50", "tpot_p95"]);
}

#[test]
fn without_a_count_all_figures_of_tokens_are_by_events() {
    let uncounted = [several_a_chunk(|request| {
        (request.usage.output_tokens, request.usage.source) = (Some(3), TokenSource::Events);
    })];
    assert_eq!(Basis::of(&window(&uncounted, 1000)), Some(Basis::Events));
    insta::assert_snapshot!(concerned(Basis::Events).join(" "), @"output_throughput output_throughput_steady output_tokens_mean scaling_efficiency context_switch_overhead overlap_error tpot_p50 tpot_p95 fairness_clients fairness_servers energy_per_token energy_per_token_net");
}

/// A reply that came as one body after 60 ms.
fn whole(sent_ms: u64) -> RequestRecord {
    let mut request = reply(0, sent_ms, &[60]);
    (request.first_token_ns, request.first_output_token_ns) = (None, None);
    (request.not_streamed, request.usage.output_tokens) = (true, Some(8));
    request
}

#[test]
fn a_reply_in_one_body_has_an_end_and_no_first_token() {
    let bodies: Vec<RequestRecord> = (0..20).map(|k| whole(100 * k)).collect();
    let window = window(&bodies, 3000);
    for metric in ["ttft_p50", "ttft_mean", "ttfo_p50", "ttft_p95_incl_failures", "tpot_p50", "inter_chunk_p50"] {
        assert_eq!(value(metric, &window), Err(Gap::NotStreamed), "{metric}");
    }
    assert_values(&window, &[("e2e_p50", 0.060), ("output_tokens_mean", 8.0)]);
}

#[test]
fn an_objective_on_the_first_token_cannot_be_kept_by_a_body() {
    let bodies = [whole(0)];
    let asking = |objectives| Window { objectives, ..window(&bodies, 1000) };
    let first = asking(Objectives { ttft: Some(ms(100)), ..Objectives::default() });
    assert_eq!(value("goodput", &first), Err(Gap::NotStreamed));
    let end = asking(Objectives { e2e: Some(ms(100)), ..Objectives::default() });
    assert_values(&end, &[("attainment", 1.0)]);
}

#[test]
fn a_success_without_a_token_as_older_records_have_it_has_no_time() {
    let mut empty = reply(0, 0, &[]);
    (empty.first_token_ns, empty.first_output_token_ns, empty.last_token_ns) = (None, None, None);
    let requests = [empty];
    let asking = Objectives { ttft: Some(ms(100)), e2e: Some(ms(100)), ..Objectives::default() };
    let window = Window { objectives: asking, ..window(&requests, 1000) };
    assert_values(&window, &[("attainment", 0.0), ("request_throughput", 0.0)]);
    assert!(find("ttft_mean").unwrap().in_window(&window).is_err());
}
