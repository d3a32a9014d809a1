//! How long a made-up prompt must be: the server says, by its own count.

use super::probe_request::{Unanswered, probe_request};
use super::request_body::{apart, start};
use super::synthetic_prompt::synthetic_prompt;
use super::target::Target;
use crate::clock::Clock;
use crate::plan;
use crate::record::CellKey;
use crate::scenario::{RequestSpec, length_tolerance};

/// The most requests that are spent on one length.
const MOST_PROBES: usize = 12;
/// A length is right when the mean of so many prompts is.
const SAMPLES: usize = 3;
/// Mean counts this close, as a share of what is asked for, are not bettered.
const NEAR: f64 = 0.005;

/// How long a prompt must be that a server counts as so many tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptLength {
    /// The tokens.
    pub tokens: u32,
    /// Characters of made-up text that stand for them.
    pub characters: u32,
    /// What the server counted of prompts with so many, on average.
    pub counted: f64,
    /// Every prompt that was tried, in order.
    pub probes: Vec<Probe>,
}

/// A prompt that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Characters of made-up text in it.
    pub characters: u32,
    /// What the server counted, with everything that stands around them.
    pub tokens: u64,
}

/// A server has not told how long a prompt must be.
#[derive(Debug, thiserror::Error)]
pub enum PromptLengthError {
    /// A prompt got no whole reply.
    #[error("a prompt that was to have {tokens} tokens failed")]
    Unanswered {
        /// How many were wanted.
        tokens: u32,
        /// What came instead.
        source: Unanswered,
    },
    /// The server does not count.
    #[error(
        "a prompt of so many tokens needs a server that counts them, and this one does not say how many there were; \
         give `prompts` or a `prompt` instead"
    )]
    Uncounted,
    /// No prompt has as many.
    #[error(
        "no prompt could be made of {tokens} tokens: of {tried} that were tried, the nearest had {nearest:.1} on average"
    )]
    Unfit {
        /// How many were wanted.
        tokens: u32,
        /// How many prompts were tried.
        tried: usize,
        /// The mean count of those that came nearest.
        nearest: f64,
    },
}

/// Asks a server with made-up prompts, those of the cell and the seeds of its
/// load, as a phase will ask it but for a reply of one token, until it counts as
/// many tokens as wanted.
///
/// # Errors
/// When it gives no count, or none within [`length_tolerance`].
pub async fn find_prompt_length(
    target: &Target,
    request: &RequestSpec,
    (key, seed, nonces): (&CellKey, u64, u64),
    tokens: u32,
    clock: Clock,
) -> Result<PromptLength, PromptLengthError> {
    let mut search = Search { tokens, probes: Vec::new() };
    // A character is no more than a token: this prompt is not too long for any server.
    let mut next = Some(tokens);
    while let Some(characters) = next {
        let name = format!("prompt_length/{}/{}/{tokens}/{}", key.epoch, key.cell, search.probes.len());
        let nonce = request.nonce.then(|| (plan::derive(nonces, &name) >> 32) as u32);
        let text = format!("{}{}", start(nonce, request), synthetic_prompt(tokens, characters, seed));
        let body = apart(target, request, &text, 1);
        let usage = probe_request(target, &body, request, clock).await;
        let usage = usage.map_err(|source| PromptLengthError::Unanswered { tokens, source })?;
        let counted = usage.prompt_tokens.ok_or(PromptLengthError::Uncounted)?;
        search.probes.push(Probe { characters, tokens: counted });
        next = search.next();
    }
    search.found()
}

/// Characters that stand for so many tokens, by the lengths that were found: one
/// of them, or what lies on the line through the two nearest.
pub(super) fn characters(found: &[PromptLength], tokens: u32) -> u32 {
    if let Some(exact) = found.iter().find(|length| length.tokens == tokens) {
        return exact.characters;
    }
    let mut near: Vec<&PromptLength> = found.iter().collect();
    near.sort_by_key(|length| length.tokens.abs_diff(tokens));
    let wanted = f64::from(tokens);
    let line = match near.as_slice() {
        [] => return tokens,
        [only] => f64::from(only.characters) * wanted / f64::from(only.tokens.max(1)),
        [one, other, ..] => {
            let [from, to] = [*one, *other].map(|length| (f64::from(length.tokens), f64::from(length.characters)));
            from.1 + (wanted - from.0) * (to.1 - from.1) / (to.0 - from.0)
        }
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; a length is not negative")]
    let characters = line.round().max(0.0) as u32;
    characters
}

/// What has been tried for a length.
struct Search {
    tokens: u32,
    probes: Vec<Probe>,
}

/// All prompts of one length that were tried.
#[derive(Clone, Copy)]
struct Group {
    characters: u32,
    prompts: usize,
    mean: f64,
}

impl Search {
    /// Each length that was tried, once.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
    fn groups(&self) -> Vec<Group> {
        let mut lengths: Vec<u32> = self.probes.iter().map(|probe| probe.characters).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let group = |characters| {
            let counts = self.probes.iter().filter(|probe| probe.characters == characters);
            let (prompts, sum) = counts.fold((0, 0.0), |(n, sum), probe| (n + 1, sum + probe.tokens as f64));
            Group { characters, prompts, mean: sum / prompts as f64 }
        };
        lengths.into_iter().map(group).collect()
    }

    fn miss(&self, group: Group) -> f64 {
        (group.mean - f64::from(self.tokens)).abs()
    }

    fn nearest(groups: &[Group], miss: impl Fn(Group) -> f64) -> Option<Group> {
        groups.iter().copied().min_by(|a, b| miss(*a).total_cmp(&miss(*b)))
    }

    /// How long the next prompt is to be; `None` once nothing is to be learnt.
    fn next(&self) -> Option<u32> {
        let groups = self.groups();
        let nearest = Self::nearest(&groups, |group| self.miss(group))?;
        if self.probes.len() >= MOST_PROBES {
            return None;
        }
        if self.miss(nearest) <= (NEAR * f64::from(self.tokens)).max(0.5) {
            return (nearest.prompts < SAMPLES).then_some(nearest.characters);
        }
        let wanted = f64::from(nearest.characters) + (f64::from(self.tokens) - nearest.mean) / slope(&groups, nearest);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates; a length is not negative"
        )]
        let wanted = wanted.round().max(0.0) as u32;
        match groups.iter().find(|group| group.characters == wanted) {
            None => Some(wanted),
            // Between two lengths there is no better one.
            Some(_) => (nearest.prompts < SAMPLES).then_some(nearest.characters),
        }
    }

    fn found(self) -> Result<PromptLength, PromptLengthError> {
        let Self { tokens, .. } = self;
        let groups = self.groups();
        let nearest = Self::nearest(&groups, |group| self.miss(group)).ok_or(PromptLengthError::Uncounted)?;
        if self.miss(nearest) > length_tolerance(tokens) {
            return Err(PromptLengthError::Unfit { tokens, tried: self.probes.len(), nearest: nearest.mean });
        }
        Ok(PromptLength { tokens, characters: nearest.characters, counted: nearest.mean, probes: self.probes })
    }
}

/// Tokens of a character, from the two lengths that lie farthest apart; from all
/// that a prompt has while only one is known.
fn slope(groups: &[Group], nearest: Group) -> f64 {
    let apart = |group: &&Group| group.characters.abs_diff(nearest.characters);
    let slope = match groups.iter().max_by_key(apart).filter(|farthest| apart(farthest) > 0) {
        Some(farthest) => {
            (farthest.mean - nearest.mean) / (f64::from(farthest.characters) - f64::from(nearest.characters))
        }
        None => nearest.mean / f64::from(nearest.characters.max(1)),
    };
    // What does not grow with its length, or wildly, is no count of tokens.
    slope.clamp(0.01, 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is tried of a server that counts so, and what is found.
    fn tried(tokens: u32, count: impl Fn(u32, usize) -> u64) -> (Vec<Probe>, Result<PromptLength, PromptLengthError>) {
        let mut search = Search { tokens, probes: Vec::new() };
        let mut next = Some(tokens);
        while let Some(characters) = next {
            let tokens = count(characters, search.probes.len());
            search.probes.push(Probe { characters, tokens });
            next = search.next();
        }
        (search.probes.clone(), search.found())
    }

    #[test]
    fn a_length_is_found_in_a_few_requests_whatever_a_token_is() {
        let bytes = |characters, _| u64::from(characters) + 14;
        let words = |characters: u32, _| u64::from(characters.div_ceil(5)) + 30;
        let noisy = |characters: u32, probe: usize| u64::from(characters.div_ceil(5)) + 30 + (probe as u64 * 7) % 4;
        for tokens in [64, 512, 1024, 8192] {
            let counts: [&dyn Fn(u32, usize) -> u64; 3] = [&bytes, &words, &noisy];
            for (which, count) in counts.into_iter().enumerate() {
                let (probes, found) = tried(tokens, count);
                let off = (found.unwrap().counted - f64::from(tokens)).abs();
                let longest = probes.iter().map(|probe| probe.tokens).max().unwrap();
                let is_right = off <= (NEAR * f64::from(tokens)).max(0.5) && probes.len() <= 8;
                assert!(is_right && longest <= u64::from(tokens) + 40, "{tokens} of {which}: {off}, {probes:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_made_is_told_with_what_came_nearest() {
        let (_, template) = tried(8, |characters, _| u64::from(characters / 4) + 21);
        let (_, deaf) = tried(64, |_, _| 30);
        let said = [template, deaf].map(|refused| refused.unwrap_err().to_string());
        insta::assert_snapshot!(said.join("\n"), @"
        no prompt could be made of 8 tokens: of 5 that were tried, the nearest had 21.0 on average
        no prompt could be made of 64 tokens: of 5 that were tried, the nearest had 30.0 on average
        ");
    }
}
