use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What a command may still take once there is haste.
const SHORT: Duration = Duration::from_secs(5);

/// A person's wish that a teardown should not wait for anybody: what would be
/// asked to stop is killed, and commands have little time left.
#[derive(Clone, Debug, Default)]
pub struct ForcedShutdown(CancellationToken);

impl ForcedShutdown {
    /// From now on there is haste.
    pub fn raise(&self) {
        self.0.cancel();
    }

    /// Ends when there is haste.
    pub async fn raised(&self) {
        self.0.cancelled().await;
    }

    /// Gives `work` all the time it wants, and five seconds once there is
    /// a forced shutdown; then the token that it was given is cancelled.
    pub async fn bound<T>(&self, work: impl AsyncFnOnce(CancellationToken) -> T) -> T {
        let cancel = CancellationToken::new();
        let mut work = std::pin::pin!(work(cancel.clone()));
        let over = async {
            self.raised().await;
            sleep(SHORT).await;
        };
        tokio::select! {
            done = &mut work => return done,
            () = over => cancel.cancel(),
        }
        work.await
    }
}
