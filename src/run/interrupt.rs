use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::process::ForcedShutdown;

/// A person's or the system's wish that the run should end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    token: CancellationToken,
    forced: ForcedShutdown,
    leave: CancellationToken,
    signal: Arc<OnceLock<&'static str>>,
    count: Arc<AtomicU32>,
}

/// What a person wants, by how often it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Once: stop the load, undo everything.
    Stop,
    /// Twice: kill what does not stop, undo everything in little time.
    Hurry,
    /// Three times: leave everything as it is.
    Leave,
}

impl Interrupt {
    /// Asks the run to end, once `tell` has said how: what comes of it may be
    /// the end of the process. The first signal is remembered.
    pub fn raise(&self, signal: &'static str, tell: impl FnOnce(Wish)) {
        let _ = self.signal.set(signal);
        let wish = match self.count.fetch_add(1, Ordering::Relaxed) {
            0 => Wish::Stop,
            1 => Wish::Hurry,
            _ => Wish::Leave,
        };
        tell(wish);
        self.token.cancel();
        match wish {
            Wish::Stop => {}
            Wish::Hurry => self.forced.raise(),
            Wish::Leave => self.leave.cancel(),
        }
    }

    /// The signal, if one arrived.
    pub fn signal(&self) -> Option<&'static str> {
        self.signal.get().copied()
    }

    /// Cancelled as soon as a signal arrives.
    pub const fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Raised by the second signal.
    pub const fn forced(&self) -> &ForcedShutdown {
        &self.forced
    }

    /// Ends when the third signal arrives.
    pub async fn left(&self) {
        self.leave.cancelled().await;
    }
}
