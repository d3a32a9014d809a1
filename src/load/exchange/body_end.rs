use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// How long a body may stay open after the end of the reply in it, before its
/// connection is given up. Most servers end it at once, and some never do.
const PATIENCE: Duration = Duration::from_millis(200);

/// When the end of a body is waited for no longer.
#[derive(Debug, Default)]
pub(super) struct BodyEnd(Option<Instant>);

impl BodyEnd {
    /// What comes of `read`; `None` if the reply is over, and that takes too long.
    /// Most bodies end with the bytes that the reply ends with, and take no clock.
    pub(super) async fn within<T>(&mut self, is_over: bool, read: impl Future<Output = T>) -> Option<T> {
        if !is_over {
            return Some(read.await);
        }
        let mut read = pin!(read);
        if let Poll::Ready(read) = poll_fn(|context| Poll::Ready(read.as_mut().poll(context))).await {
            return Some(read);
        }
        let end = *self.0.get_or_insert_with(|| Instant::now() + PATIENCE);
        timeout_at(end, read).await.ok()
    }
}
