use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::exchange::{Exchange, Turn};
use super::window::Window;
use crate::record::RequestOutcome;

/// A client whose request failed waits this long before it asks again: without
/// a pause a server that is dead or still loading would be asked thousands of
/// times a second.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Each client waits for its reply, then sends the next request. Client `i`
/// stays with server `i` modulo the number of servers.
pub(super) async fn drive(exchange: &Arc<Exchange>, window: &Window, clients: u32) {
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        tasks.spawn(one_client(Arc::clone(exchange), window.clone(), client, clients));
    }
    while tasks.join_next().await.is_some() {}
}

async fn one_client(exchange: Arc<Exchange>, window: Window, client: u32, clients: u32) {
    let mut interrupted = window.interrupted();
    for sequence in 0_u64.. {
        let now = exchange.now();
        if !window.admits(now) {
            return;
        }
        let position = sequence * u64::from(clients) + u64::from(client);
        let turn = Turn { client, sequence, position, target: client, said: None, scheduled: now };
        let outcome = exchange.ask(turn, &mut interrupted).await;
        if matches!(outcome, RequestOutcome::Cut | RequestOutcome::Interrupted) {
            return;
        }
        if outcome.is_failure() {
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
        }
    }
}
