//! Asks a server that a fault has hit until it answers well again.

use std::time::Duration;

use super::probe_request::{Unanswered, answered};
use super::request_body::apart;
use super::target::Target;
use crate::clock::Clock;
use crate::scenario::RequestSpec;
use crate::units::Nanos;

/// The pause after a request that failed: so much later, at most, the answer may
/// be found than it could have been.
const PAUSE: Duration = Duration::from_millis(100);

/// A good answer: when the request was sent, and when the first token of its
/// reply arrived, which then came whole.
#[derive(Clone, Copy, Debug)]
pub struct GoodAnswer {
    /// When the request was sent.
    pub sent: Nanos,
    /// When its first token arrived.
    pub first_token: Nanos,
}

/// Asks for a short generation until the reply is good; why the last one was
/// not stands in `last`, whenever that is given up.
///
/// What is asked has the settings of the load's own requests: others, of the
/// context's length say, would have Ollama load the model once more.
pub async fn until_answered(
    target: &Target,
    request: &RequestSpec,
    clock: Clock,
    last: &mut Option<Unanswered>,
) -> GoodAnswer {
    let body = apart(target, request, "Say hello.", 4);
    loop {
        match answered(target, &body, request, clock).await {
            Ok(reply) => match reply.first_token {
                Some(first_token) => return GoodAnswer { sent: reply.sent, first_token },
                None => *last = Some(Unanswered::Empty),
            },
            Err(error) => *last = Some(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
