use super::super::{NextAnswer, next_answer};
use super::*;
use crate::metric::Kill;
use crate::record::ServerKey;

/// Of `server`, at 1 s; ready again 0.1 s later.
fn kill(server: &ServerKey) -> Kill<'_> {
    Kill { at: ms(1_000), server, ready: Some(ms(100)), probed: None, silent: None }
}

fn of_the_killed() -> ServerKey {
    server(0)
}

fn elsewhere(mut request: RequestRecord) -> RequestRecord {
    request.server = server(1);
    request
}

fn window_of<'a>(kill: Kill<'a>, requests: &'a [RequestRecord]) -> Window<'a> {
    Window { kill: Some(kill), ..window((0, 2_000), 3, &HONEST, requests) }
}

/// Four requests of the other server overlap the time from 1.0 s to 1.5 s, and
/// two more all the time until the records end.
fn bystanders() -> Vec<RequestRecord> {
    let requests = [
        failed(1, 900, 200),
        reply(2, 900, &[50, 200]),
        reply(2, 1_400, &[50]),
        reply(2, 1_450, &[100]),
        failed(1, 1_600, 100),
        failed(1, 1_800, 100),
    ];
    requests.into_iter().map(elsewhere).collect()
}

#[test]
fn recovery_ends_with_the_first_token_of_the_next_good_answer() {
    let killed = of_the_killed();
    let own = [
        // Sent before the kill, whatever came of it.
        failed(0, 900, 200),
        reply(0, 990, &[50, 50]),
        // Ready, but with its model still to load.
        failed(0, 1_200, 20),
        reply(0, 1_300, &[200, 400]),
        reply(0, 1_950, &[10]),
    ];
    let requests: Vec<RequestRecord> = own.into_iter().chain(bystanders()).collect();
    let window = window_of(kill(&killed), &requests);
    assert_eq!(next_answer(kill(&killed), &window), NextAnswer::ToTheLoad(ms(500)));
    assert_values(&window, &[("fault_reach", 0.25), ("recovery_time", 0.5)]);
}

#[test]
fn a_whole_reply_without_a_token_or_against_expect_is_no_good_answer() {
    let killed = of_the_killed();
    let mut empty = reply(0, 1_100, &[]);
    (empty.first_token_ns, empty.last_token_ns) = (None, None);
    let mut unexpected = reply(0, 1_200, &[10]);
    unexpected.unexpected = Some("too short".to_owned());
    let requests = [empty, unexpected, reply(0, 1_700, &[30])];
    assert_values(&window_of(kill(&killed), &requests), &[("recovery_time", 0.73)]);
}

#[test]
fn the_run_asks_too_and_who_was_answered_first_counts() {
    let killed = of_the_killed();
    let requests = [reply(0, 1_300, &[200, 400])];
    let asked =
        |probed| next_answer(Kill { probed: Some(probed), ..kill(&killed) }, &window_of(kill(&killed), &requests));
    assert_eq!(asked(ms(1_400)), NextAnswer::ToTheRun(ms(400)));
    assert_eq!(asked(ms(1_600)), NextAnswer::ToTheLoad(ms(500)));
}

#[test]
fn a_server_that_never_answers_has_a_bound_and_all_later_bystanders_count() {
    let killed = of_the_killed();
    let requests: Vec<RequestRecord> = [failed(0, 1_200, 20)].into_iter().chain(bystanders()).collect();
    let silent = Kill { silent: Some((ms(62_000), "status 500")), ..kill(&killed) };
    let bound = |kill| value("recovery_time", &window_of(kill, &requests)).unwrap_err().to_string();
    assert_eq!(bound(silent), "it did not answer well within 62.0 s");
    assert_eq!(bound(kill(&killed)), "the records end before its next good answer");
    assert_values(&window_of(silent, &requests), &[("fault_reach", 0.5)]);
}

#[test]
fn nothing_is_said_of_faults_where_no_server_was_killed() {
    let window = window((0, 2_000), 3, &HONEST, &[]);
    for metric in ["fault_reach", "recovery_time"] {
        assert_eq!(value(metric, &window), gap("no server was killed"));
    }
}
