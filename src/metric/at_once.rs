use serde::{Deserialize, Serialize};

use super::Window;
use super::reply::{count, output_tokens};
use crate::record::Request;
use crate::units::Nanos;

/// Shorter replies may come together by themselves: a draft model's guess, say.
const TOKENS: u64 = 32;
/// No server is known to send the tokens of one reply faster than 5 000 a second.
const GAP_S: f64 = 0.000_2;
/// What is that fast by itself, a toy on loopback, has its first token sooner than
/// this for each token of the reply.
const WAIT_S: f64 = 0.001;
/// Of the replies that are long enough, and at least so many.
const SHARE: f64 = 0.9;
const REPLIES: u64 = 3;

/// Streamed replies whose tokens all came with the first, after a wait in which
/// they could have come one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtOnce {
    /// How many.
    pub replies: u64,
    /// Of how many that are long enough to tell.
    pub of: u64,
    /// The mean wait for their first token.
    pub wait_ns: Nanos,
}

impl AtOnce {
    /// What a window's good replies say, if nearly all came so.
    pub fn of(window: &Window<'_>) -> Option<Self> {
        let long = window.good().filter(|request| !request.not_streamed && output_tokens(request) >= TOKENS);
        let (mut replies, mut of, mut wait_s) = (0, 0, 0.0);
        for request in long {
            of += 1;
            if let Some(wait) = held_back(&request) {
                replies += 1;
                wait_s += wait.seconds();
            }
        }
        let nearly_all = of >= REPLIES && count(replies) >= SHARE * count(of);
        nearly_all.then(|| Self { replies, of, wait_ns: Nanos::from_seconds(wait_s / count(replies)) })
    }
}

/// How long a reply was waited for that came at once.
fn held_back(request: &Request<'_>) -> Option<Nanos> {
    let (first, last) = request.first_token_ns.zip(request.last_token_ns)?;
    let (wait, span, tokens) = (first.since(request.sent_ns), last.since(first), count(output_tokens(request)));
    (span.seconds() < GAP_S * tokens && wait.seconds() > WAIT_S * tokens).then_some(wait)
}
