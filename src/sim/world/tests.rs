use super::*;
use crate::sim::find;

const WORK: Work = Work { prompt_tokens: 1, output_tokens: 1000 };

fn world() -> Arc<World> {
    Arc::new(World::new(find("h100", &[]).unwrap(), Clock::start()))
}

#[test]
fn a_server_that_has_512_requests_waiting_takes_no_more() {
    let world = world();
    let server = world.spawn("subject[0]", 1).unwrap();
    let mut tickets = Vec::new();
    let refusal = loop {
        match world.submit(server, WORK) {
            Ok(ticket) => tickets.push(ticket),
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(refusal, Refused::Busy);
    // One may have got the slot already.
    assert!((512..=513).contains(&tickets.len()), "{}", tickets.len());
    drop(tickets.pop());
    assert!(world.submit(server, WORK).is_ok());
}

#[test]
fn a_server_that_was_killed_takes_nothing_and_its_requests_break_off() {
    let world = world();
    let server = world.spawn("subject[0]", 1).unwrap();
    let mut ticket = world.submit(server, WORK).unwrap();
    world.kill(server);
    assert!(ticket.tokens.blocking_recv().is_none());
    assert_eq!(world.submit(server, WORK).unwrap_err(), Refused::Gone);
}

#[test]
fn a_machine_at_rest_draws_its_idle_power_and_one_at_work_more() {
    let world = world();
    let rest = world.lock().reading();
    assert_eq!((rest.utilization_percent, rest.power_w), (Reading::Value(0), Reading::Value(70.0)));
    let server = world.spawn("subject[0]", 1).unwrap();
    let _ticket = world.submit(server, WORK).unwrap();
    let mut state = world.lock();
    let from_s = state.engine.now_s() + 1.0;
    state.advance(from_s);
    state.take_sample();
    state.advance(from_s + 1.0);
    let work = state.reading();
    drop(state);
    // 4.1 ms of every 4.6 ms step on the device.
    assert_eq!(work.utilization_percent, Reading::Value(89));
    let power_w = *work.power_w.value().unwrap();
    assert!((power_w - (70.0 + 630.0 * 0.89)).abs() < 5.0, "{power_w}");
}
