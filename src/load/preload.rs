use std::time::Duration;

use super::refusal;
use super::target::Target;
use crate::clock::Clock;
use crate::dialect::{Ask, Content, DecodeError, Event};
use crate::scenario::hide;
use crate::units::Nanos;
use crate::wire::{Reply, WireError};

/// The first generation failed.
#[derive(Debug, thiserror::Error)]
pub enum PreloadError {
    /// The server could not be asked.
    #[error("the first generation failed: {0}")]
    Wire(#[from] WireError),
    /// It took too long.
    #[error("the first generation took longer than {}", humantime::format_duration(*.within))]
    TooSlow {
        /// The limit.
        within: Duration,
    },
    /// The server refused.
    #[error("the first generation was answered with status {status}: {message}")]
    Status {
        /// The status.
        status: u16,
        /// The start of the message.
        message: String,
    },
    /// The answer is not the protocol.
    #[error("the first generation was answered with something else: {message}")]
    Garbage {
        /// What was wrong with it.
        message: String,
    },
    /// The answer held no reply.
    #[error("the first generation gave no whole reply{}", .message.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    NoReply {
        /// The server's error, if it stated one.
        message: Option<String>,
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

async fn generate(target: &Target, clock: Clock) -> Result<(), PreloadError> {
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
    let reply = target.client.send(&target.dialect.body(&ask), clock, None).await?;
    match reply.status {
        200..300 => whole_reply(target, reply).await,
        status => {
            let message = hide(&refusal::message(reply).await, &target.headers);
            Err(PreloadError::Status { status, message })
        }
    }
}

async fn whole_reply(target: &Target, mut reply: Reply<'_>) -> Result<(), PreloadError> {
    let garbage = |error: DecodeError| PreloadError::Garbage { message: hide(&error.to_string(), &target.headers) };
    let mut done = false;
    let mut message = None;
    let mut note = |event: Event<'_>| match event {
        Event::Done { .. } => done = true,
        Event::Error { message: text } => message = Some(text),
        Event::Token { .. } | Event::Usage(_) | Event::Stamp(_) => {}
    };
    let mut decoder = target.dialect.decoder(false);
    while let Some(arrived) = reply.read().await? {
        for piece in arrived {
            decoder.push(piece?, &mut note).map_err(garbage)?;
        }
    }
    decoder.finish(&mut note).map_err(garbage)?;
    if done && message.is_none() {
        return Ok(());
    }
    Err(PreloadError::NoReply { message: message.map(|text| hide(&text, &target.headers)) })
}
