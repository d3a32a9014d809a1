use std::collections::BTreeSet;

use super::runner::Runner;
use super::world::WorldError;
use crate::load::{self, Probe, PromptLength, PromptLengthError, Target};
use crate::plan::CellSpec;
use crate::record::{CellKey, Event, PromptLengthFound};
use crate::scenario::{Prompt, Said};

/// The most lengths of a file that a server is asked about; what lies between
/// them is computed.
const MOST_LENGTHS: usize = 8;

impl Runner<'_> {
    /// Lets every server say how long made-up prompts must be for a cell that
    /// wants some, before its load begins.
    pub(super) async fn find_prompt_lengths(
        &mut self,
        (key, seed, nonces): (&CellKey, u64, u64),
        spec: &CellSpec,
        prompts: &[Prompt],
        targets: &mut [Target],
    ) -> Result<(), WorldError> {
        let asked = !spec.request.prompt_tokens.is_empty();
        let lengths = if asked { spec.request.prompt_tokens.clone() } else { spread(&lengths(prompts)) };
        for target in targets {
            let (mut found_any, mut too_short) = (false, None);
            for tokens in lengths.iter().copied() {
                let found = tokio::select! {
                    () = self.stop.cancelled() => return Err(WorldError::Interrupted),
                    found = load::find_prompt_length(target, &spec.request, (key, seed, nonces), tokens, self.context.clock) => found,
                };
                let label = target.key.to_string();
                match found {
                    Ok(length) => {
                        found_any = true;
                        self.note(noted(key, target, &length));
                        target.learn(length);
                    }
                    // Recorded prompts may be shorter than what a server puts around every one.
                    Err(PromptLengthError::Unfit { nearest, .. }) if !asked && nearest > f64::from(tokens) => {
                        too_short = found.err();
                    }
                    Err(source) => return Err(WorldError::PromptLength { label, source }),
                }
            }
            if let Some(source) = too_short.filter(|_| !found_any) {
                return Err(WorldError::PromptLength { label: target.key.to_string(), source });
            }
        }
        Ok(())
    }
}

/// Every length of prompts that are made up, rising.
fn lengths(prompts: &[Prompt]) -> Vec<u32> {
    let tokens = |prompt: &Prompt| match prompt.said {
        Said::Synthetic { tokens } => Some(tokens),
        Said::Text { .. } | Said::Messages(_) | Said::Turns { .. } => None,
    };
    prompts.iter().filter_map(tokens).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A few of many, evenly by rank, the first and the last among them.
fn spread(lengths: &[u32]) -> Vec<u32> {
    let Some(last) = lengths.len().checked_sub(1) else { return Vec::new() };
    let steps = last.min(MOST_LENGTHS - 1);
    (0..=steps).filter_map(|step| lengths.get((step * last).checked_div(steps).unwrap_or(0)).copied()).collect()
}

fn noted(key: &CellKey, target: &Target, length: &PromptLength) -> Event {
    let PromptLength { tokens, characters, counted, probes } = length;
    Event::PromptLengthFound(PromptLengthFound {
        cell: key.clone(),
        server: target.key.clone(),
        asked_tokens: *tokens,
        characters: *characters,
        counted_tokens: *counted,
        probes: probes.iter().map(|Probe { characters, tokens }| (*characters, *tokens)).collect(),
    })
}
