use std::sync::Arc;

use tokio::task::JoinSet;

use super::driver_health::DriverHealth;
use super::exchange::{Exchange, Turn};
use super::pacer::pace;
use super::window::Window;
use crate::plan;

/// Requests start at moments known beforehand; request `i` goes to server `i`
/// modulo the number of servers. One that comes due while `max_in_flight`
/// others are on their way is dropped, and recorded as dropped: to send it
/// later would hide the wait.
pub(super) async fn drive(exchange: &Arc<Exchange>, window: &Window, health: &DriverHealth) {
    tokio::spawn(health.ticker());
    let workload = exchange.workload();
    let most = workload.spec.max_in_flight.map_or(usize::MAX, |most| most as usize);
    let load_start = window.load_start();
    let admitting = window.clone();
    let moments = plan::offsets(&workload.spec, workload.seed, &workload.trace)
        .map(move |offset| load_start.plus(offset))
        .take_while(move |moment| admitting.admits(*moment));
    let mut moments = pace(exchange.clock(), moments);
    let mut tasks = JoinSet::new();
    for position in 0_u32.. {
        let Some(scheduled) = window.or_stopped(moments.recv()).await.flatten() else { break };
        let turn = Turn {
            client: position,
            sequence: 0,
            position: u64::from(position),
            target: position,
            worker: 0,
            said: None,
            scheduled,
        };
        while tasks.try_join_next().is_some() {}
        if tasks.len() < most {
            let exchange = Arc::clone(exchange);
            tasks.spawn(async move { exchange.ask(turn, &mut exchange.window.interrupted()).await });
        } else {
            exchange.give_up(turn);
        }
    }
    while tasks.join_next().await.is_some() {}
}
