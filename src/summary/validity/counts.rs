//! Whether the counts of servers can be believed.

use super::{Examined, as_f64, percent};
use crate::record::{Request, TokenSource};
use crate::scenario::PromptCache;
use crate::units::Share;

/// Two tellings of one prompt, which begins with another word each time, are
/// within a few tokens of each other.
const SAME_PROMPT: f64 = 0.5;
const SHORT_LIMIT: f64 = 0.05;
const MORE_EVENTS: f64 = 0.02;
const FEWER_EVENTS: f64 = 0.1;

/// Of a single prompt only: which prompt of several a request had is not
/// recorded.
pub(super) fn prompt_short(examined: &Examined<'_>) -> Option<String> {
    let request = &examined.spec.request;
    let is_single = request.prompt.is_some() && request.prompt_cache == PromptCache::Refuse;
    let is_new = |request: &Request<'_>| request.turn.is_none_or(|turn| turn == 0);
    let new = examined.window.requests.iter().filter(|request| is_single && is_new(request));
    let counts: Vec<u64> = new.filter_map(|request| request.usage.prompt_tokens).collect();
    let most = as_f64(*counts.iter().max()?);
    let short: Vec<u64> = counts.iter().copied().filter(|count| as_f64(*count) < SAME_PROMPT * most).collect();
    let share = as_f64(short.len() as u64) / as_f64(counts.len() as u64);
    let fewest = short.iter().min().filter(|_| share > SHORT_LIMIT)?;
    Some(format!(
        "{} of the prompts cost the server as few as {fewest} tokens, where another one took {most:.0}: the rest came from \
         a cache that it does not tell of",
        percent(share)
    ))
}

/// Explained is: a token that is split between reasoning and answer, and a last
/// one without text. No evidence are replies with calls of tools, whose frame is
/// counted and not sent; those of several choices, of which some servers count
/// one; those that come as one body; and those whose chunks the server counts.
/// Characters beyond ASCII may take a token for each of their bytes, which
/// arrive together.
pub(super) fn token_counts(examined: &Examined<'_>) -> Option<String> {
    let counted = examined.window.counted_good().filter(is_evidence);
    let (mut replies, mut tokens, mut events, mut wide) = (0_u64, 0_u64, 0_u64, 0_u64);
    for request in counted {
        replies += 1;
        tokens = tokens.saturating_add(request.usage.visible_tokens().unwrap_or(0));
        events = events.saturating_add(request.chunks.total_events());
        wide = wide.saturating_add(request.wide_bytes.unwrap_or(0));
    }
    let told = |what: &str| {
        format!(
            "in {replies} replies the server counted {tokens} tokens and the stream had {events} token events: {what}"
        )
    };
    let (replies, tokens, events, wide) = (as_f64(replies), as_f64(tokens), as_f64(events), as_f64(wide));
    if events > tokens * (1.0 + MORE_EVENTS) + replies {
        return Some(told("it does not count all that it sends"));
    }
    let usual = examined.sends_each_token.then_some(1.0 - FEWER_EVENTS);
    let least = examined.spec.expect.token_events_at_least.map(Share::fraction).or(usual)?;
    let is_lost = examined.spec.request.stream && events + wide < tokens * least - 2.0 * replies;
    is_lost.then(|| told("it does not send all that it counts"))
}

/// What is counted beyond the limit: the end of a text, by some engines.
const BEYOND: f64 = 0.02;
const BEYOND_TOKENS: f64 = 2.0;

/// A server that takes no notice of the limit serves another workload, and one
/// that counts what nobody asked for is not to be believed.
pub(super) fn beyond_max_tokens(examined: &Examined<'_>) -> Option<String> {
    let request = &examined.spec.request;
    // `max_completion_tokens`, `options.num_predict` and their like.
    let is_set_apart = request.extra.iter().any(|(name, value)| {
        let written = format!("{name} {value}");
        written.contains("max_") || written.contains("predict")
    });
    if is_set_apart || !request.limits_replies() {
        return None;
    }
    let whole = examined.window.requests.iter().filter(|request| {
        request.outcome.is_success() && !request.has_choices && request.usage.source == TokenSource::Server
    });
    let beyond = whole.filter_map(|request| Some((request.usage.visible_tokens()?, request.asked_tokens)));
    let beyond = beyond.filter(|(tokens, asked)| as_f64(*tokens) > f64::from(*asked) * (1.0 + BEYOND) + BEYOND_TOKENS);
    let (replies, most) = beyond.fold((0_u64, (0, 0)), |(replies, most), one| (replies + 1, most.max(one)));
    let (tokens, asked) = most;
    (replies > 0).then(|| {
        format!("the server counted up to {tokens} tokens in replies of at most {asked}: in {replies}, more than were asked for")
    })
}

/// Whether a good reply's count and events can be held against each other.
fn is_evidence(request: &Request<'_>) -> bool {
    let stands_apart = request.calls_tool || request.has_choices || request.not_streamed;
    let is_told = request.chunks.are_counted();
    request.usage.source == TokenSource::Server && request.usage.output_tokens.is_some() && !stands_apart && !is_told
}
