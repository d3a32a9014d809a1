use std::time::Duration;

use super::{LoopbackError, Pace, Traffic, Trial, attempt};
use crate::clock::Clock;
use crate::scenario::Length;
use crate::units::Period;

const PACED: Pace = Pace::Paced { first: Duration::from_millis(3), gap: Duration::from_millis(1) };

fn trial(pace: Pace, load: Traffic, requests: u64) -> Trial {
    Trial { pace, tokens: 5, load, warmup: Period::default(), length: Length::Requests(requests) }
}

#[test]
fn a_server_that_answers_at_once_is_asked_as_often_as_said() {
    let tried = attempt(&trial(Pace::AtOnce, Traffic::Clients(3), 40), Clock::start(), None).unwrap();
    assert_eq!((tried.requests, tried.tokens), (40, 200));
    assert!(tried.accuracy.is_none());
    assert!(tried.per_second(tried.requests) > 0.0);
}

#[test]
fn every_token_of_a_paced_reply_is_held_against_its_own_send_time() {
    let tried = attempt(&trial(PACED, Traffic::Rate(200.0), 20), Clock::start(), None).unwrap();
    let accuracy = tried.accuracy.unwrap();
    let counts = [&accuracy.ttft, &accuracy.first_token_late, &accuracy.gap].map(|sample| sample.values().len());
    assert_eq!(counts, [20, 20, 20 * 4]);
    let least = |sample: &crate::stats::Sample| sample.values().iter().copied().fold(f64::INFINITY, f64::min);
    // Nothing arrives before it is sent: the two clocks are one.
    assert!(least(&accuracy.first_token_late) > 0.0 && least(&accuracy.ttft) > 0.0, "{accuracy:?}");
}

#[test]
fn a_trial_out_of_bounds_is_refused_before_a_request_is_sent() {
    let refused = attempt(&trial(Pace::AtOnce, Traffic::Clients(0), 1), Clock::start(), None).unwrap_err();
    assert!(matches!(refused, LoopbackError::Scenario(_)), "{refused}");
}
