mod fault;
mod gpu;
mod tokens;

use std::collections::BTreeSet;

use super::examples::{ended, failed, ms, queueing, reply, server, window};
use super::{Bounded, Demand, Gap, Objectives, UnitValue, Window, find, ids, percentile_of};
use crate::names::MetricId;
use crate::record::{ClientHonesty, RequestOutcome, RequestRecord, Requests};
use crate::stats::Percentile;
use crate::units::Nanos;

const HONEST: ClientHonesty = ClientHonesty {
    schedule_lag_p50_ns: None,
    schedule_lag_p99_ns: None,
    schedule_lag_max_ns: None,
    driven_ns: None,
    loop_stall_max_ns: None,
    loop_stalls: None,
    loop_stalled_ns: None,
    loop_delay_mean_ns: None,
    cpu_cores: None,
    cpu: None,
    serving_cpu: None,
    machine: None,
    clocks: None,
    certified: None,
};

fn value(metric: &str, window: &Window<'_>) -> UnitValue {
    find(metric).unwrap().in_window(window)
}

#[track_caller]
fn assert_values(window: &Window<'_>, expected: &[(&str, f64)]) {
    for (metric, expected) in expected {
        let found = value(metric, window).unwrap_or_else(|gap| panic!("{metric}: {gap}"));
        assert!((found - expected).abs() < 1e-9, "{metric} is {found}, not {expected}");
    }
}

fn gap(reason: &str) -> UnitValue {
    Err(Gap::not_measured(reason))
}

/// `count` replies, the k-th with its first token after k + 1 ms.
fn rising(count: u64) -> Vec<RequestRecord> {
    (0..count).map(|k| reply(0, 10 * k, &[k + 1, 1])).collect()
}

#[test]
fn every_id_is_a_name_and_stands_once() {
    let ids = ids();
    assert!(ids.iter().all(|id| MetricId::new(*id).is_ok()));
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn a_queueing_server_makes_the_sum_of_rates_three_times_the_truth() {
    let requests = queueing();
    // 300 tokens in 30 s are 10 a second; each of the three clients is told
    // 10 tokens ÷ 1 s, which adds up to 30.
    assert_values(
        &window((0, 30_000), 3, &HONEST, &requests),
        &[
            ("output_throughput", 10.0),
            ("individual_rate", 10.0),
            ("decode_rate", 10.0),
            ("sum_of_request_rates", 30.0),
            ("overlap_error", 2.0),
            ("request_throughput", 1.0),
            ("fairness_clients", 1.0),
        ],
    );
}

#[test]
fn a_rate_of_one_choice_is_not_the_rate_of_a_reply_that_holds_two() {
    let mut request = reply(0, 0, &[500, 500]);
    request.choices = Some(2);
    let requests = [request.clone()];
    assert_eq!(
        value("individual_rate", &window((0, 1_000), 1, &HONEST, &requests)),
        gap("the servers report no decode time")
    );
    request.usage.decode_per_s = Some(19.2);
    let requests = [request];
    let window = window((0, 1_000), 1, &HONEST, &requests);
    let reason = "replies hold several choices (`n`), and the server's decode rate is of one";
    for metric in ["individual_rate", "decode_rate", "sum_of_request_rates", "overlap_error"] {
        assert_eq!(value(metric, &window), gap(reason), "{metric}");
    }
    assert_values(&window, &[("output_throughput", 2.0)]);
}

#[test]
fn only_tokens_that_arrive_inside_the_window_count() {
    // Tokens at 900, 1000 (start, outside), 1100, 2000 (end, inside), 2100 ms.
    let requests = [reply(0, 800, &[100, 100, 100, 900, 100])];
    assert_values(&window((1_000, 2_000), 1, &HONEST, &requests), &[("output_throughput", 2.0)]);
}

#[test]
fn a_chunk_brings_its_share_of_the_servers_count() {
    let mut request = reply(0, 0, &[500, 1_000]);
    request.chunks.events = vec![1, 3];
    request.usage.output_tokens = Some(8);
    let requests = [request];
    // Two tokens at 0.5 s, six at 1.5 s; 4 events against 8 tokens.
    let window = window((1_000, 2_000), 1, &HONEST, &requests);
    assert_values(&window, &[("output_throughput", 6.0)]);
    let whole = Window { start: ms(0), ..window };
    assert_values(&whole, &[("output_tokens_mean", 8.0), ("token_count_mismatch", 0.5)]);
}

#[test]
fn tokens_of_a_request_that_was_cut_off_count_as_events() {
    let requests = [ended(reply(0, 0, &[400, 400, 400]), RequestOutcome::Cut)];
    let window = window((0, 1_000), 1, &HONEST, &requests);
    assert_values(&window, &[("output_throughput", 2.0)]);
    assert_eq!(value("error_rate", &window), gap("no request ended by itself"));
}

#[test]
fn steady_throughput_leaves_out_the_time_below_full_load() {
    // Both clients are busy from 1 s to 2 s, in which three tokens arrive.
    let requests = [reply(0, 0, &[500, 1_000, 500]), reply(1, 1_000, &[500, 1_500])];
    let window = window((0, 4_000), 2, &HONEST, &requests);
    assert_values(&window, &[("output_throughput", 5.0 / 4.0), ("output_throughput_steady", 3.0)]);
}

#[test]
fn percentiles_interpolate_and_high_ones_are_silent_under_their_floor() {
    let requests = rising(11);
    assert_values(&window((0, 1_000), 1, &HONEST, &requests), &[("ttft_p50", 0.006), ("e2e_p50", 0.007)]);
    let ten = window((0, 1_000), 1, &HONEST, &requests[1..]);
    assert_eq!(value("ttft_p90", &ten), Err(Gap::TooFew { n: 10, floor: 64 }));
    // A median has no floor: its interval is over the repetitions' medians.
    assert_values(&ten, &[("ttft_p50", 0.0065)]);
    assert_eq!(value("ttft_p50", &window((0, 1_000), 1, &HONEST, &[])), gap("no request succeeded"));
}

#[test]
fn failures_never_answer_in_percentiles_that_include_them() {
    let mut requests = rising(125);
    requests.extend((0..5).map(|k| failed(0, 10 * k, 5)));
    // Rank 0.95 × 129 = 122.55 lies between the answers 123 ms and 124 ms.
    assert_values(&window((0, 10_000), 1, &HONEST, &requests), &[("ttft_p95_incl_failures", 0.12355)]);
    requests.extend((0..5).map(|k| failed(0, 10 * k, 5)));
    let among = Err(Gap::Unanswered);
    assert_eq!(value("ttft_p95_incl_failures", &window((0, 10_000), 1, &HONEST, &requests)), among);
}

#[test]
fn time_per_output_token_leaves_out_the_tokens_of_the_first_chunk() {
    let mut request = reply(0, 0, &[100, 200, 400]);
    request.chunks.events = vec![2, 1, 1];
    request.usage.output_tokens = Some(8);
    let tpot = |record: RequestRecord| super::reply::tpot(&Requests::from_iter([&record]).iter().next().unwrap());
    // Four tokens come with the first chunk, four in the 600 ms after it.
    assert_eq!(tpot(request), Some(0.15));
    assert_eq!(tpot(reply(0, 0, &[100])), None);
}

#[test]
fn goodput_counts_only_requests_that_meet_every_objective() {
    let mut unexpected = reply(0, 0, &[50, 50]);
    unexpected.unexpected = Some("too short".to_owned());
    let requests = [
        reply(0, 0, &[50, 50]),
        reply(0, 0, &[150, 50]),
        reply(0, 0, &[50, 500]),
        unexpected,
        failed(0, 0, 10),
        ended(reply(0, 0, &[150]), RequestOutcome::Cut),
        ended(reply(0, 0, &[50]), RequestOutcome::Cut),
    ];
    let objectives = Objectives { ttft: Some(ms(100)), e2e: Some(ms(400)), ..Objectives::default() };
    let window = Window { objectives, ..window((0, 2_000), 1, &HONEST, &requests) };
    // One of six: of the last one it is not known.
    assert_values(&window, &[("goodput", 0.5), ("attainment", 1.0 / 6.0), ("error_rate", 0.2), ("valid_rate", 0.8)]);
    let bare = Window { objectives: Objectives::default(), ..window };
    assert_eq!(value("goodput", &bare), gap("the phase declares neither `slo` nor `expect`"));
    let expecting = Window { objectives: Objectives { reply: Demand::Expected, ..Objectives::default() }, ..bare };
    // Three of the five that ended by themselves; of the two cut off nothing is known.
    assert_values(&expecting, &[("goodput", 1.5), ("attainment", 0.6)]);
}

#[test]
fn a_client_that_got_nothing_is_unfair() {
    let requests = [reply(0, 0, &[100, 100]), reply(1, 0, &[100, 100])];
    // (2 + 2 + 0 + 0)² ÷ (4 × 8)
    assert_values(&window((0, 1_000), 4, &HONEST, &requests), &[("fairness_clients", 0.5)]);
}

/// The median of a latency over these requests, against a limit of 100 ms.
fn median(bounded: Bounded, requests: &[RequestRecord]) -> UnitValue {
    percentile_of(&bounded.pool(&window((0, 1_000), 1, &HONEST, requests), ms(100))?, Percentile::P50)
}

#[test]
fn an_objective_counts_from_the_scheduled_moment_and_what_never_answered_as_never() {
    let mut late: Vec<RequestRecord> = (0..11).map(|k| reply(0, 10 + 10 * k, &[20, 30])).collect();
    for request in &mut late {
        request.scheduled_ns = Nanos(request.sent_ns.0 - 5_000_000);
    }
    assert_eq!(median(Bounded::Ttft, &late), Ok(0.025));
    assert_eq!(median(Bounded::E2e, &late), Ok(0.055));
    assert_eq!(median(Bounded::Tpot, &late), Ok(0.03));

    // Ten failures more: the median is still a reply's, if the slowest one's.
    let failures = |count| (0..count).map(|k| failed(0, 10 * k, 1));
    late.extend(failures(10));
    assert_eq!(median(Bounded::Ttft, &late), Ok(0.025));
    late.extend(failures(2));
    assert_eq!(median(Bounded::Ttft, &late), Err(Gap::Unanswered));
}

#[test]
fn a_request_that_was_cut_off_misses_an_objective_only_if_it_had_waited_for_longer() {
    let cut = |waited| RequestRecord { outcome: RequestOutcome::Cut, ..failed(0, 0, waited) };
    let whole = (0..11).map(|k| reply(0, 10 * k, &[20, 30]));
    let patient: Vec<RequestRecord> = whole.clone().chain((0..20).map(|_| cut(100))).collect();
    assert_eq!(median(Bounded::E2e, &patient), Ok(0.05));
    let waiting: Vec<RequestRecord> = whole.chain((0..20).map(|_| cut(101))).collect();
    assert_eq!(median(Bounded::E2e, &waiting), Err(Gap::Unanswered));
    assert_eq!(median(Bounded::Tpot, &waiting), Ok(0.03));
}
