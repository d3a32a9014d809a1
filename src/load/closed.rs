use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinSet;

use super::driver_health::DriverHealth;
use super::exchange::{Exchange, Turn};
use super::window::Window;
use crate::record::OutcomeKind;

/// A client whose request failed waits this long before it asks again: without
/// a pause a server that is dead or still loading would be asked thousands of
/// times a second.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Each client waits for its reply, then sends the next request. Client `i`
/// stays with server `i` modulo the number of servers.
///
/// Clients are shared out to workers: threads with a runtime and connections of
/// their own. Where tasks move between threads, a request is written on one
/// processor and its reply read on another, and each of the two wakes the other
/// up; where a connection stays with its thread, the kernel brings the server's
/// thread to it.
pub(super) async fn drive(exchange: &Arc<Exchange>, window: &Window, clients: u32, health: &DriverHealth) {
    let share = |worker| share_of(worker, Arc::clone(exchange), window.clone(), clients, health.ticker());
    if exchange.workers() == 1 {
        return share(0).await;
    }
    let mut workers = JoinSet::new();
    for worker in 0..exchange.workers() {
        let (share, here) = (share(worker), Handle::current());
        workers.spawn_blocking(move || match Builder::new_current_thread().enable_all().build() {
            Ok(own) => own.block_on(share),
            // A machine out of descriptors has the runtime that is there.
            Err(_) => here.block_on(share),
        });
    }
    while workers.join_next().await.is_some() {}
}

/// All clients of one worker, and the ticker of its loop.
async fn share_of(
    worker: usize,
    exchange: Arc<Exchange>,
    window: Window,
    clients: u32,
    ticker: impl Future<Output = ()> + Send + 'static,
) {
    tokio::spawn(ticker);
    let mut tasks = JoinSet::new();
    for client in (0..clients).skip(worker).step_by(exchange.workers()) {
        tasks.spawn(one_client(Arc::clone(&exchange), window.clone(), Seat { client, clients, worker }));
    }
    while tasks.join_next().await.is_some() {}
    // One turn of the loop, so that a stall that is under way is counted.
    tokio::task::yield_now().await;
}

/// Which client of how many, and whose.
#[derive(Clone, Copy)]
struct Seat {
    client: u32,
    clients: u32,
    worker: usize,
}

async fn one_client(exchange: Arc<Exchange>, window: Window, seat: Seat) {
    let Seat { client, clients, worker } = seat;
    let mut interrupted = window.interrupted();
    for sequence in 0_u64.. {
        let now = exchange.now();
        if !window.admits(now) {
            return;
        }
        let position = sequence * u64::from(clients) + u64::from(client);
        let turn = Turn { client, sequence, position, target: client, worker, said: None, scheduled: now };
        match exchange.ask(turn, &mut interrupted).await {
            OutcomeKind::Cut | OutcomeKind::Interrupted => return,
            OutcomeKind::Success => {}
            _ => tokio::time::sleep(PAUSE_AFTER_FAILURE).await,
        }
    }
}
