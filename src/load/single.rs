use super::exchange::merge;
use super::refusal;
use super::target::Target;
use crate::clock::Clock;
use crate::dialect::{DecodeError, Event, Usage};
use crate::scenario::hide;
use crate::wire::{Reply, WireError};

/// A request that is not measured got no whole reply. The text goes on after
/// what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The server could not be asked.
    #[error("failed: {0}")]
    Wire(#[from] WireError),
    /// The server refused.
    #[error("was answered with status {status}: {message}")]
    Status {
        /// The status.
        status: u16,
        /// The start of the message.
        message: String,
    },
    /// The answer is not the protocol.
    #[error("was answered with something else: {message}")]
    Garbage {
        /// What was wrong with it.
        message: String,
    },
    /// The answer held no reply.
    #[error("gave no whole reply{}", .message.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    NoReply {
        /// The server's error, if it stated one.
        message: Option<String>,
    },
}

/// Asks once, and tells what the server counted.
///
/// # Errors
/// When no whole reply came.
pub(super) async fn single(target: &Target, body: &[u8], stream: bool, clock: Clock) -> Result<Usage, Unanswered> {
    let reply = match target.client.send(body, clock, None).await {
        // A kept connection that the server had closed meanwhile.
        Err(WireError::Unanswered { .. }) => target.client.send_fresh(body, clock, None).await?,
        sent => sent?,
    };
    match reply.status {
        200..300 => whole_reply(target, reply, stream).await,
        status => {
            let message = hide(&refusal::message(reply).await, &target.headers);
            Err(Unanswered::Status { status, message })
        }
    }
}

async fn whole_reply(target: &Target, mut reply: Reply<'_>, stream: bool) -> Result<Usage, Unanswered> {
    let garbage = |error: DecodeError| Unanswered::Garbage { message: hide(&error.to_string(), &target.headers) };
    let (mut usage, mut done, mut message) = (Usage::default(), false, None);
    let mut note = |event: Event<'_>| match event {
        Event::Done { .. } => done = true,
        Event::Error { message: text } => message = Some(text),
        Event::Usage(stated) => merge(&mut usage, &stated),
        Event::Token { .. } | Event::Stamp(_) => {}
    };
    let mut decoder = target.dialect.decoder(stream);
    while let Some(arrived) = reply.read().await? {
        for piece in arrived {
            decoder.push(piece?, &mut note).map_err(garbage)?;
        }
    }
    decoder.finish(&mut note).map_err(garbage)?;
    if done && message.is_none() {
        return Ok(usage);
    }
    Err(Unanswered::NoReply { message: message.map(|text| hide(&text, &target.headers)) })
}
