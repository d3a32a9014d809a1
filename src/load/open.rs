use std::sync::Arc;

use tokio::task::JoinSet;

use super::exchange::{Exchange, Turn};
use super::pacer::pace;
use super::window::Window;
use crate::plan;
use crate::scenario::Arrival;

/// Requests start at moments drawn from the seed; request `i` goes to server
/// `i` modulo the number of servers.
pub(super) async fn drive(exchange: &Arc<Exchange>, window: &Window, per_second: f64, arrival: Arrival) {
    let load_start = window.load_start();
    let admitting = window.clone();
    let moments = plan::offsets(exchange.seed(), per_second, arrival)
        .map(move |offset| load_start.plus(offset))
        .take_while(move |moment| admitting.admits(*moment));
    let mut moments = pace(exchange.clock(), moments);
    let mut tasks = JoinSet::new();
    for position in 0_u32.. {
        let Some(scheduled) = window.or_stopped(moments.recv()).await.flatten() else { break };
        let turn = Turn { client: position, sequence: 0, position: u64::from(position), target: position, scheduled };
        let exchange = Arc::clone(exchange);
        tasks.spawn(async move { exchange.ask(turn).await });
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}
