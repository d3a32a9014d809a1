use super::exchange::merge;
use super::refusal;
use super::target::Target;
use crate::clock::Clock;
use crate::dialect::{DecodeError, Event, Usage};
use crate::scenario::RequestSpec;
use crate::text::with_causes;
use crate::units::Nanos;
use crate::wire::{Reply, WireError};

/// A request that is not measured got no whole reply.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The server could not be asked.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The server refused.
    #[error("it was answered with status {status}: {message}")]
    Status {
        /// The status.
        status: u16,
        /// The start of the message.
        message: String,
    },
    /// The answer is not the protocol.
    #[error("it was answered with something else: {message}")]
    Garbage {
        /// What was wrong with it.
        message: String,
    },
    /// The answer held no reply.
    #[error("it gave no whole reply{}", .message.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    NoReply {
        /// The server's error, if it stated one.
        message: Option<String>,
    },
    /// The reply was whole and held no token.
    #[error("it gave a reply without a token")]
    Empty,
}

/// A whole reply to a request that is not measured.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    /// When the request was sent.
    pub(super) sent: Nanos,
    /// When its first token arrived, if it has one.
    pub(super) first_token: Option<Nanos>,
    /// What the server counted.
    pub(super) usage: Usage,
}

/// Asks once, for no longer than a request of the load may take, and tells what
/// the server counted.
///
/// # Errors
/// When no whole reply came.
pub(super) async fn probe_request(
    target: &Target,
    body: &[u8],
    request: &RequestSpec,
    clock: Clock,
) -> Result<Usage, Unanswered> {
    answered(target, body, request, clock).await.map(|answered| answered.usage)
}

/// Asks once, and tells when that was answered.
///
/// # Errors
/// When no whole reply came.
pub(super) async fn answered(
    target: &Target,
    body: &[u8],
    request: &RequestSpec,
    clock: Clock,
) -> Result<Answered, Unanswered> {
    let mut sent = clock.now();
    let deadline = request.deadline(sent);
    let reply = match target.client.send(body, clock, deadline).await {
        // A kept connection that the server had closed meanwhile.
        Err(WireError::Unanswered { .. }) => {
            sent = clock.now();
            target.client.send_fresh(body, clock, deadline).await?
        }
        reply => reply?,
    };
    match reply.status {
        200..300 => whole_reply(target, reply, request.stream, sent).await,
        status => {
            let message = target.secrets.hidden(refusal::message(reply).await);
            Err(Unanswered::Status { status, message })
        }
    }
}

async fn whole_reply(target: &Target, mut reply: Reply<'_>, stream: bool, sent: Nanos) -> Result<Answered, Unanswered> {
    let garbage = |error: DecodeError| Unanswered::Garbage { message: target.secrets.hidden(with_causes(&error)) };
    let (mut usage, mut first_token, mut done, mut message) = (Usage::default(), None, false, None);
    let mut note = |at: Nanos, event: Event<'_>| match event {
        Event::Done { .. } => done = true,
        Event::Error { message: text } => message = Some(text),
        Event::Usage(stated) => merge(&mut usage, &stated),
        Event::Token { .. } => first_token = first_token.or(Some(at)),
        Event::Counted(_) | Event::PassedOver { .. } | Event::Stamp(_) => {}
    };
    let mut decoder = target.dialect.decoder(stream);
    let mut last = reply.head_at;
    while let Some(arrived) = reply.read().await? {
        last = arrived.at;
        for piece in arrived {
            decoder.push(piece?, &mut |event: Event<'_>| note(last, event)).map_err(garbage)?;
        }
    }
    decoder.finish(&mut |event: Event<'_>| note(last, event)).map_err(garbage)?;
    if done && message.is_none() {
        return Ok(Answered { sent, first_token, usage });
    }
    Err(Unanswered::NoReply { message: message.map(|text| target.secrets.hidden(text)) })
}
