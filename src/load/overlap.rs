//! How many replies a server has under way at once.

use std::time::Duration;

use futures_util::future::join_all;

use super::target::Target;
use crate::clock::Clock;
use crate::dialect::{Ask, Content, Event, FieldChanges};
use crate::units::Nanos;
use crate::wire::Reply;

/// Tokens of each reply of the first trial; later ones have twice as many.
const TOKENS: u32 = 48;
const TRIALS: u32 = 5;
/// Beyond so many requests at once a trial would be a load of its own.
const MOST_REQUESTS: u32 = 65;
/// In fewer pieces a reply does not show when it was under way.
const LEAST_PIECES: usize = 8;
/// Of the replies of one trial.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many requests a server works on at once, by trials of one request more
/// than `declared`. `None` where the trials do not tell: replies are too short,
/// come in one piece or not at all.
///
/// One trial that shows as many as declared is enough. What speaks against a
/// server takes all trials. A server of one slot answers one request after the
/// other in every one of them. Two of three replies at once prove nothing: on a
/// busy machine, or beside other clients, the third may come late every time.
pub async fn replies_at_once(target: &Target, changes: FieldChanges<'_>, declared: u32, clock: Clock) -> Option<u32> {
    let requests = declared.saturating_add(1).min(MOST_REQUESTS);
    let mut seen = Vec::new();
    for trial in 0..TRIALS {
        let count = try_once(target, changes, (requests, TOKENS << trial.min(1)), clock).await?;
        if count == declared {
            return Some(count);
        }
        seen.push(count);
    }
    judged(seen, declared)
}

/// One only if no trial showed more; more than declared only if two trials did.
fn judged(mut seen: Vec<u32>, declared: u32) -> Option<u32> {
    seen.sort_unstable();
    match *seen.as_slice() {
        [.., 1] if declared > 1 => Some(1),
        [.., second, _] if second > declared => Some(second),
        _ => None,
    }
}

async fn try_once(
    target: &Target,
    changes: FieldChanges<'_>,
    (requests, tokens): (u32, u32),
    clock: Clock,
) -> Option<u32> {
    let until = clock.now().plus(PATIENCE.into());
    let replies = (0..requests).map(|number| async move {
        let body = body(target, changes, number, tokens);
        arrivals(target, &body, (clock, until)).await
    });
    let replies: Vec<Vec<Nanos>> = join_all(replies).await.into_iter().flatten().collect();
    // A refused request may be the one too many.
    let is_enough = replies.len() + 1 >= usize::try_from(requests).unwrap_or(usize::MAX);
    let is_long = replies.iter().all(|pieces| pieces.len() >= LEAST_PIECES);
    (is_enough && is_long && !replies.is_empty()).then(|| most_at_once(&replies))
}

/// One of the requests of a trial, in the form that a phase will ask in.
fn body(target: &Target, changes: FieldChanges<'_>, number: u32, tokens: u32) -> Vec<u8> {
    let text = format!("[{number}] Count from one to five hundred, each number in words, one a line.");
    target.dialect.body(&Ask {
        model: target.model.as_deref(),
        content: Content::Prompt { text: &text, images: &[] },
        max_tokens: tokens,
        temperature: 0.0,
        seed: None,
        stream: true,
        ignore_eos: true,
        reuse_prefix: false,
        changes,
        extra: &serde_json::Map::new(),
    })
}

/// When the pieces of one reply came; `None` if it did not come whole.
async fn arrivals(target: &Target, body: &[u8], (clock, until): (Clock, Nanos)) -> Option<Vec<Nanos>> {
    let reply = target.client.send_fresh(body, clock, Some(until)).await.ok()?;
    if (200..300).contains(&reply.status) { pieces(target, reply).await } else { None }
}

async fn pieces(target: &Target, mut reply: Reply<'_>) -> Option<Vec<Nanos>> {
    let mut decoder = target.dialect.decoder(true);
    let (mut pieces, mut is_whole) = (Vec::new(), false);
    while let Some(arrived) = reply.read().await.ok()? {
        let (at, mut has_token) = (arrived.at, false);
        let mut note = |event: Event<'_>| match event {
            Event::Token { .. } => has_token = true,
            Event::Done { .. } => is_whole = true,
            _ => {}
        };
        for piece in arrived {
            decoder.push(piece.ok()?, &mut note).ok()?;
        }
        if has_token {
            pieces.push(at);
        }
    }
    decoder.finish(&mut |event: Event<'_>| is_whole |= matches!(event, Event::Done { .. })).ok()?;
    is_whole.then_some(pieces)
}

/// The most replies that were under way at the same moment, each from a tenth
/// of its pieces on until nine tenths of them: where one reply follows another,
/// the pieces at their ends may be read in another order than they came in.
fn most_at_once(replies: &[Vec<Nanos>]) -> u32 {
    let spans = replies.iter().filter_map(|pieces| {
        let margin = pieces.len().div_ceil(10);
        Some((*pieces.get(margin)?, *pieces.get(pieces.len().checked_sub(margin + 1)?)?))
    });
    let spans: Vec<(Nanos, Nanos)> = spans.collect();
    let under_way = |at: Nanos| spans.iter().filter(|(from, until)| *from <= at && at <= *until).count();
    let most = spans.iter().map(|(from, _)| under_way(*from)).max().unwrap_or_default();
    u32::try_from(most).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty pieces, a millisecond apart.
    fn reply(from_ms: u64) -> Vec<Nanos> {
        (0..20).map(|piece| Nanos((from_ms + piece) * 1_000_000)).collect()
    }

    #[test]
    fn replies_that_follow_each_other_are_one_at_a_time_and_those_that_overlap_are_more() {
        assert_eq!(most_at_once(&[reply(0), reply(20), reply(40)]), 1);
        // The first piece of the next was read before the last of this one.
        assert_eq!(most_at_once(&[reply(0), reply(19), reply(38)]), 1);
        assert_eq!(most_at_once(&[reply(0), reply(3), reply(6), reply(22)]), 3);
        assert_eq!(most_at_once(&[reply(0), reply(1), reply(21), reply(22)]), 2);
    }

    #[test]
    fn trials_speak_against_a_server_only_if_they_agree() {
        assert_eq!(judged(vec![1, 1, 1], 3), Some(1));
        assert_eq!(judged(vec![1, 2, 1], 3), None);
        assert_eq!(judged(vec![2, 4, 4], 3), Some(4));
        assert_eq!(judged(vec![2, 2, 4], 3), None);
    }
}
