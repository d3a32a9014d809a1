//! Whether the server answered the whole prompt.

use std::collections::BTreeSet;

use super::{Examined, as_f64, percent};
use crate::record::Request;
use crate::scenario::PromptCache;

const LIMIT: f64 = 0.01;
/// No tokenizer takes so many bytes of a text for one token on average.
const BYTES_PER_TOKEN: f64 = 16.0;
/// Twice what a token of an ordinary text takes: where a count is also half of
/// the context, the rest was cut off.
const SUSPICIOUS_BYTES_PER_TOKEN: f64 = 8.0;
/// Shorter prompts have the same count by chance.
const LEAST_CEILING: u64 = 128;
const DIFFERENT_LENGTH: f64 = 1.25;
const DIFFERENT_PROMPTS: usize = 3;

/// A prompt, as it was sent and as the server counted it.
struct Counted {
    bytes: u64,
    tokens: u64,
    /// Tokens that the context of one request may have, as the server says.
    context: Option<u64>,
    /// Whether the server says how much came from a cache, or none may have.
    is_whole: bool,
}

impl Counted {
    fn of(examined: &Examined<'_>, request: &Request<'_>) -> Option<Self> {
        let is_refused = examined.spec.request.prompt_cache == PromptCache::Refuse;
        Some(Self {
            bytes: request.prompt_bytes?.into(),
            tokens: request.usage.prompt_tokens?,
            context: examined.window.contexts.get(request.server).copied(),
            is_whole: is_refused || request.usage.cached_tokens.is_some(),
        })
    }

    fn bytes_per_token(&self) -> f64 {
        as_f64(self.bytes) / as_f64(self.tokens.max(1))
    }

    fn fills_context(&self) -> bool {
        self.context.is_some_and(|context| self.tokens >= context)
    }

    /// Some versions of Ollama keep half of the context for the reply.
    fn fills_half_of_context(&self) -> bool {
        let half = self.context.map(|context| context / 2);
        half.is_some_and(|half| (half..=half + 2).contains(&self.tokens))
            && self.bytes_per_token() > SUSPICIOUS_BYTES_PER_TOKEN
    }
}

pub(super) fn prompt_cut(examined: &Examined<'_>) -> Option<String> {
    let requests = examined.window.sent().filter(|request| request.outcome.is_success());
    let counted: Vec<Counted> = requests.filter_map(|request| Counted::of(examined, &request)).collect();
    at_the_context(&counted).or_else(|| at_a_ceiling(&counted)).or_else(|| impossible(&counted))
}

/// The longest of those that are cut, if they are more than the limit.
fn longest(counted: &[Counted], is_cut: fn(&Counted) -> bool) -> Option<(f64, &Counted)> {
    let cut = counted.iter().filter(|one| is_cut(one));
    let share = as_f64(cut.clone().count() as u64) / as_f64(counted.len() as u64);
    let longest = cut.max_by_key(|one| one.bytes)?;
    (share > LIMIT).then_some((share, longest))
}

fn at_the_context(counted: &[Counted]) -> Option<String> {
    let (share, longest) = longest(counted, |one| one.fills_context() || one.fills_half_of_context())?;
    let context = longest.context?;
    Some(told(share, longest, &format!("its context has {context} tokens")))
}

fn at_a_ceiling(counted: &[Counted]) -> Option<String> {
    let most = counted.iter().map(|one| one.tokens).max().filter(|most| *most >= LEAST_CEILING)?;
    let at_most = counted.iter().filter(|one| one.tokens == most);
    let lengths: BTreeSet<u64> = at_most.clone().map(|one| one.bytes).collect();
    let (shortest, longest) = (*lengths.first()?, *lengths.last()?);
    let is_ceiling = counted.iter().all(|one| one.bytes <= shortest || one.tokens == most);
    if !is_ceiling || lengths.len() < DIFFERENT_PROMPTS || as_f64(longest) < DIFFERENT_LENGTH * as_f64(shortest) {
        return None;
    }
    let share = as_f64(at_most.count() as u64) / as_f64(counted.len() as u64);
    let longest = counted.iter().max_by_key(|one| one.bytes)?;
    Some(told(share, longest, &format!("every prompt of {shortest} bytes and more was counted alike")))
}

fn impossible(counted: &[Counted]) -> Option<String> {
    let (share, longest) = longest(counted, |one| one.is_whole && one.bytes_per_token() > BYTES_PER_TOKEN)?;
    let why = format!("no tokenizer takes {:.0} bytes for a token", longest.bytes_per_token());
    Some(format!("{}; the rest was cut off, or came from a cache that is not told of", told(share, longest, &why)))
}

fn told(share: f64, longest: &Counted, why: &str) -> String {
    format!(
        "{} of the prompts were not read whole: one of {} bytes was counted as {} tokens, and {why}",
        percent(share),
        longest.bytes,
        longest.tokens
    )
}
