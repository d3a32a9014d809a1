use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

/// A person's or the system's wish that the run should end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    token: CancellationToken,
    signal: Arc<OnceLock<&'static str>>,
}

impl Interrupt {
    /// Asks the run to end; the first signal is remembered.
    pub fn raise(&self, signal: &'static str) {
        let _ = self.signal.set(signal);
        self.token.cancel();
    }

    /// The signal, if one arrived.
    pub fn signal(&self) -> Option<&'static str> {
        self.signal.get().copied()
    }

    /// Cancelled as soon as a signal arrives.
    pub const fn token(&self) -> &CancellationToken {
        &self.token
    }
}
