use super::{plan, record, repetition, spec, summed};
use crate::metric::examples::{ended, ms, reply};
use crate::plan::CellSpec;
use crate::record::{
    CellEnd, ClientHonesty, ClockSteps, CpuTaker, CpuTime, Event, MachineCpu, RequestOutcome, RequestRecord,
};
use crate::scenario::{Arrival, Load, PromptCache};
use crate::summary::{Repetition, Rule, ThroughputCourse, Validity};
use crate::units::{Nanos, Share};

/// Why the only repetition of a cell is invalid.
fn reasons(spec: CellSpec, client: ClientHonesty, requests: Vec<RequestRecord>) -> Vec<String> {
    let (mut event, requests) = repetition("cell", 0, (None, 1), CellEnd::Complete, requests);
    if let Event::CellFinished { client: recorded, .. } = &mut event {
        *recorded = client;
    }
    let summary = summed(record(vec![(event, requests)]), &plan(vec![("cell", spec)]));
    summary.cells[0].repetitions[0].validity.reasons().iter().map(|reason| reason.text.clone()).collect()
}

#[test]
fn each_rule_of_validity_names_its_reason() {
    let open = || spec(1, Load::Rate { per_second: 2.0, arrival: Arrival::Poisson });
    let good = || vec![reply(0, 0, &[100; 9])];
    let honest = ClientHonesty::default;
    assert_eq!(reasons(open(), honest(), good()), Vec::<String>::new());
    assert_eq!(reasons(open(), honest(), Vec::new()), ["no request succeeded"]);

    let with_failure = vec![reply(0, 0, &[100]), ended(reply(0, 0, &[100]), RequestOutcome::EarlyClose)];
    let failed = "50.0 % of the requests failed, more than 1 %: 1 of 2: 1 ×";
    assert_eq!(reasons(open(), honest(), with_failure), [format!("{failed} early close")]);

    let with_drop = vec![reply(0, 0, &[100]), ended(reply(0, 0, &[]), RequestOutcome::Dropped)];
    let dropped = "50.0 % of the requests were dropped at `max_in_flight`, more than 1 %";
    assert_eq!(reasons(open(), honest(), with_drop), [&*format!("{failed} dropped"), dropped]);

    let mut forced = open();
    forced.request.ignore_eos = true;
    let short = vec![reply(0, 0, &[100; 5])];
    let cut_short = "replies had 50.0 % of the asked tokens on average, less than 90.0 %";
    assert_eq!(reasons(forced.clone(), honest(), short), [cut_short]);
    assert_eq!(reasons(forced, honest(), good()), Vec::<String>::new());

    let mut cached = reply(0, 0, &[100; 9]);
    (cached.usage.prompt_tokens, cached.usage.cached_tokens) = (Some(100), Some(6));
    let from_cache = "6.0 % of the prompt tokens came from a prompt cache, more than 5 %";
    assert_eq!(reasons(open(), honest(), vec![cached.clone()]), [from_cache]);
    let mut reusing = open();
    reusing.request.prompt_cache = PromptCache::Allow;
    assert_eq!(reasons(reusing, honest(), vec![cached.clone()]), Vec::<String>::new());
    let mut absurd = cached;
    (absurd.usage.prompt_tokens, absurd.usage.cached_tokens) = (Some(u64::MAX), Some(u64::MAX));
    let all_from_cache = from_cache.replace("6.0", "100.0");
    assert_eq!(reasons(open(), honest(), vec![absurd.clone(), absurd]), [all_from_cache]);

    let stalled = ClientHonesty { loop_stall_max_ns: Some(ms(150)), ..honest() };
    assert_eq!(reasons(open(), stalled, good()), ["the driver stalled for 150.0 ms, more than 100.0 ms"]);
}

#[test]
fn a_stall_is_held_against_the_window_and_a_wait_against_the_first_token() {
    // The first token comes after 1 s.
    let verdict = |seconds, stall_ms, wait_ms| {
        let good = vec![reply(0, 0, &[1_000; 9])];
        let (mut event, requests) = repetition("cell", 0, (None, seconds), CellEnd::Complete, good);
        if let Event::CellFinished { client, .. } = &mut event {
            client.loop_stall_max_ns = Some(ms(stall_ms));
            client.loop_delay_mean_ns = Some(ms(wait_ms));
        }
        let summary = summed(record(vec![(event, requests)]), &plan(vec![("cell", spec(1, Load::Clients(1)))]));
        summary.cells[0].repetitions[0].validity.clone()
    };
    let invalid = |text| Validity::because(Rule::DriverStalled, text);
    assert_eq!(verdict(60, 150, 0), Validity::Valid);
    assert_eq!(verdict(60, 600, 30), Validity::Valid);
    assert_eq!(verdict(60, 700, 0), invalid("the driver stalled for 700.0 ms, more than 600.0 ms"));
    assert_eq!(verdict(2, 400, 40), invalid("the driver stalled for 400.0 ms, more than 100.0 ms"));
    let waited = "what arrived waited 31.0 ms for the driver on average, more than 30.0 ms";
    assert_eq!(verdict(5, 100, 31), invalid(waited));
    assert_eq!(verdict(4, 100, 31), Validity::Valid);
}

/// `count` requests of an open loop, the last `late` of them sent 3 ms late.
fn lately(count: usize, late: usize) -> Vec<RequestRecord> {
    let request = |position: usize| {
        let mut request = reply(0, 0, &[100; 9]);
        request.started_ns = request.scheduled_ns.plus(ms(if position < count - late { 0 } else { 3 }));
        request
    };
    (0..count).map(request).collect()
}

#[test]
fn lateness_counts_as_far_as_there_are_requests_to_tell_it() {
    let open = || spec(1, Load::Rate { per_second: 2.0, arrival: Arrival::Poisson });
    let told = |count, late| reasons(open(), ClientHonesty::default(), lately(count, late)).join("; ");
    let late = |at: &str| format!("the driver started requests {at}, more than 1.0 ms");
    assert_eq!([told(34, 1), told(34, 10), told(662, 6)], ["", "", ""]);
    assert_eq!(told(662, 8), late("3.0 ms late at p99"));
    assert_eq!(told(130, 8), late("3.0 ms late at p95"));
    assert_eq!(told(34, 12), late("1.1 ms late on average"));
    assert_eq!(told(1, 1), late("3.0 ms late on average"));
    // Clients of a closed loop are never late.
    assert!(reasons(spec(1, Load::Clients(1)), ClientHonesty::default(), lately(5, 5)).is_empty());
}

#[test]
fn who_always_has_work_and_no_cpu_for_it_sets_the_pace() {
    let cpu = |over_ms, ran_ms, waited_ms, cpus| {
        Some(CpuTime { over_ns: ms(over_ms), ran_ns: ms(ran_ms), run_delay_ns: ms(waited_ms), cpus })
    };
    let told = |cpu, serving_cpu| {
        let client = ClientHonesty { cpu, serving_cpu, ..ClientHonesty::default() };
        reasons(spec(1, Load::Clients(1)), client, vec![reply(0, 0, &[100; 9])]).join("; ")
    };
    assert_eq!(
        told(cpu(2_000, 960, 1_000, 1), None),
        "the driver had no CPU to spare: ran on 0.48 and waited for 0.50 of 1"
    );
    assert_eq!(told(cpu(2_000, 960, 1_000, 2), None), "");
    assert_eq!(told(cpu(900, 400, 450, 1), None), "");
    assert_eq!(
        told(cpu(2_000, 100, 0, 2), cpu(2_000, 1_900, 50, 1)),
        "the simulated servers had no CPU to spare: ran on 0.95 and waited for 0.03 of 1"
    );
    assert_eq!(told(None, None), "");
}

#[test]
fn a_machine_that_slept_or_a_clock_that_was_set_shows() {
    let with = |slept, set| {
        let clocks = Some(ClockSteps { slept_ns: ms(slept), set_ns: ms(set) });
        let client = ClientHonesty { clocks, ..ClientHonesty::default() };
        reasons(
            spec(1, Load::Rate { per_second: 2.0, arrival: Arrival::Poisson }),
            client,
            vec![reply(0, 0, &[100; 9])],
        )
    };
    assert_eq!(with(10, 10), Vec::<String>::new());
    assert_eq!(with(900, 0), ["the machine slept for 900.0 ms meanwhile, more than 10.0 ms"]);
    assert_eq!(with(0, 3_600_000), ["the wall clock was set by 3600.0 s meanwhile, more than 10.0 ms"]);
}

/// Of one client that gets a token every so many milliseconds, over 60 s.
fn paced(gap_ms: impl Fn(u64) -> u64) -> Repetition {
    let (mut gaps, mut now) = (Vec::new(), 0);
    while now < 60_000 {
        gaps.push(gap_ms(now));
        now += gap_ms(now);
    }
    let (event, requests) = repetition("cell", 0, (Some(1), 60), CellEnd::Complete, vec![reply(0, 0, &gaps)]);
    let spec = spec(1, Load::Clients(1));
    summed(record(vec![(event, requests)]), &plan(vec![("cell", spec)])).cells[0].repetitions.remove(0)
}

#[test]
fn a_window_that_holds_a_warm_up_or_a_slowdown_does_not_count_if_its_mean_is_off() {
    let steady = paced(|_| 20);
    assert_eq!((steady.validity, steady.course), (Validity::Valid, Some(ThroughputCourse::Steady)));
    let told =
        |repetition: Repetition| repetition.validity.reasons().iter().map(|one| one.text.clone()).collect::<String>();
    let warm = told(paced(|now| if now < 10_000 { 40 } else { 20 }));
    assert_eq!(
        warm,
        "the server warmed up for 10.0 s of the window: its mean is 8.3 % below what it settled at, more than 3 %, \
         and a warm-up of 10.0 s would do"
    );
    let hot = told(paced(|now| if now < 10_000 { 10 } else { 20 }));
    assert_eq!(
        hot,
        "the server slowed down for 10.0 s of the window: its mean is 16.7 % above what it settled at, more than 3 %, \
         and a warm-up of 10.0 s would do"
    );
    // Off by 1.7 %: shown only.
    let short = paced(|now| if now < 2_000 { 40 } else { 20 });
    assert!(matches!(short.course, Some(ThroughputCourse::WarmUp { .. })), "{:?}", short.course);
    assert_eq!(short.validity, Validity::Valid);
    // As is what never settles.
    let falling = paced(|now| 20 + now / 4_000);
    assert_eq!((falling.validity, falling.course), (Validity::Valid, Some(ThroughputCourse::Unsettled)));
    assert_eq!(paced(|_| 1_000).course, Some(ThroughputCourse::TooFewTokens));
}

/// A reply that the server counts as so many tokens, of three events.
fn counted(tokens: u64, change: impl FnOnce(&mut RequestRecord)) -> Vec<RequestRecord> {
    let mut request = reply(0, 0, &[100; 3]);
    (request.usage.output_tokens, request.asked_tokens) = (Some(tokens), 20);
    change(&mut request);
    vec![request]
}

#[test]
fn only_replies_whose_counts_can_be_held_against_their_events_are_judged_by_them() {
    let more = "in 1 replies the server counted 1 tokens and the stream had 3 token events: it does not count all that it \
                sends";
    let open = || spec(1, Load::Rate { per_second: 2.0, arrival: Arrival::Poisson });
    let told = |requests| reasons(open(), ClientHonesty::default(), requests);
    assert_eq!(told(counted(1, |_| ())), [more]);
    for change in [
        |request: &mut RequestRecord| request.calls_tool = true,
        |request: &mut RequestRecord| request.choices = Some(2),
        |request: &mut RequestRecord| request.chunks.tokens = vec![1, 0, 0],
    ] {
        assert_eq!(told(counted(1, change)), Vec::<String>::new());
    }
}

#[test]
fn a_scenario_says_how_many_of_the_counted_tokens_it_expects_to_see() {
    let asking = |share: f64, change: fn(&mut RequestRecord)| {
        let mut spec = spec(1, Load::Rate { per_second: 2.0, arrival: Arrival::Poisson });
        spec.expect.token_events_at_least = Share::from_fraction(share);
        reasons(spec, ClientHonesty::default(), counted(20, change))
    };
    let fewer = "in 1 replies the server counted 20 tokens and the stream had 3 token events: it does not send all that it \
                 counts";
    assert_eq!(asking(0.9, |_| ()), [fewer]);
    assert_eq!(asking(0.2, |_| ()), Vec::<String>::new());
    assert_eq!(asking(0.9, |request| request.wide_bytes = Some(16)), Vec::<String>::new(), "of bytes");
}

/// Why others on this machine's CPUs spoil a window of 2 s.
fn contended(cpus: u32, idle_s: f64, others_s: f64) -> Vec<String> {
    let seconds = Nanos::from_seconds;
    let machine = MachineCpu {
        over_ns: seconds(2.0),
        cpus,
        idle_ns: seconds(idle_s),
        others_ns: seconds(others_s),
        most: vec![CpuTaker { pid: 7, program: "sh".to_owned(), ran_ns: seconds(others_s / 2.0) }],
    };
    let client = ClientHonesty { machine: Some(machine), ..ClientHonesty::default() };
    reasons(spec(1, Load::Rate { per_second: 2.0, arrival: Arrival::Poisson }), client, vec![reply(0, 0, &[100; 9])])
}

#[test]
fn others_on_the_cpus_spoil_a_window_where_nobody_can_get_out_of_their_way() {
    assert_eq!(
        contended(2, 0.0, 3.0),
        ["others took 1.50 of this machine's 2 CPUs, of these `sh` (pid 7) 0.75, and 0.0 % of their time was idle"]
    );
    // On two of many CPUs, most of which are idle, they are in nobody's way.
    assert_eq!(contended(16, 20.0, 4.0), Vec::<String>::new());
    assert_eq!(contended(16, 15.9, 4.0).len(), 1);
    // Where a server computes on all of them, what is taken of one is missing.
    assert_eq!(
        [contended(64, 2.0, 0.6).len(), contended(64, 2.0, 0.4).len(), contended(64, 10.0, 0.6).len()],
        [1, 0, 0]
    );
    // The little that goes on on any machine.
    assert_eq!([contended(2, 0.1, 0.35).len(), contended(1, 0.0, 0.15).len(), contended(1, 0.0, 0.3).len()], [0, 0, 1]);
}
