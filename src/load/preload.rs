use std::time::Duration;

use super::probe_request::{Unanswered, probe_request};
use super::request_body::apart;
use super::target::Target;
use crate::clock::Clock;
use crate::scenario::RequestSpec;
use crate::units::Nanos;

/// The first generation failed.
#[derive(Debug, thiserror::Error)]
pub enum PreloadError {
    /// It got no whole reply.
    #[error("the first generation failed")]
    Unanswered(#[from] Unanswered),
    /// It took too long.
    #[error("the first generation took longer than {}", humantime::format_duration(*.within))]
    TooSlow {
        /// The limit.
        within: Duration,
    },
}

/// One short generation, so that the model is loaded before the clock starts;
/// asked for as the load will be, `request`, but for what is said.
///
/// # Errors
/// When no whole reply came within the time.
pub async fn preload(
    target: &Target,
    request: &RequestSpec,
    within: Duration,
    clock: Clock,
) -> Result<Nanos, PreloadError> {
    let started = clock.now();
    let body = apart(target, request, "Say hello.", 4);
    let generated = tokio::time::timeout(within, probe_request(target, &body, request, clock)).await;
    generated.map_err(|_| PreloadError::TooSlow { within })??;
    Ok(clock.now().since(started))
}
