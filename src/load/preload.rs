use std::time::Duration;

use super::single::{Unanswered, single};
use super::target::Target;
use crate::clock::Clock;
use crate::dialect::{Ask, Content};
use crate::units::Nanos;

/// The first generation failed.
#[derive(Debug, thiserror::Error)]
pub enum PreloadError {
    /// It got no whole reply.
    #[error("the first generation {0}")]
    Unanswered(#[from] Unanswered),
    /// It took too long.
    #[error("the first generation took longer than {}", humantime::format_duration(*.within))]
    TooSlow {
        /// The limit.
        within: Duration,
    },
}

/// One short generation, so that the model is loaded before the clock starts.
///
/// # Errors
/// When no whole reply came within the time.
pub async fn preload(target: &Target, within: Duration, clock: Clock) -> Result<Nanos, PreloadError> {
    let started = clock.now();
    tokio::time::timeout(within, generate(target, clock)).await.map_err(|_| PreloadError::TooSlow { within })??;
    Ok(clock.now().since(started))
}

async fn generate(target: &Target, clock: Clock) -> Result<(), Unanswered> {
    let ask = Ask {
        model: target.model.as_deref(),
        content: Content::Prompt { text: "Say hello.", images: &[] },
        max_tokens: 4,
        temperature: 0.0,
        seed: None,
        stream: false,
        ignore_eos: false,
        reuse_prefix: false,
        extra: &serde_json::Map::new(),
    };
    single(target, &target.dialect.body(&ask), false, clock).await.map(drop)
}
