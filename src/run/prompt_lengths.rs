use super::conductor::Conductor;
use super::world::WorldError;
use crate::load::{self, Probe, PromptLength, Target};
use crate::plan::CellSpec;
use crate::record::{CellKey, Event, PromptLengthFound};

impl Conductor<'_> {
    /// Lets every server say how long made-up prompts must be for a cell that
    /// wants some, before its load begins.
    pub(super) async fn find_prompt_lengths(
        &mut self,
        (key, seed): (&CellKey, u64),
        spec: &CellSpec,
        targets: &mut [Target],
    ) -> Result<(), WorldError> {
        for target in targets {
            for tokens in &spec.request.prompt_tokens {
                let found = tokio::select! {
                    () = self.stop.cancelled() => return Err(WorldError::Interrupted),
                    found = load::find_prompt_length(target, &spec.request, (key, seed), *tokens, self.stage.clock) => found,
                };
                let label = target.key.to_string();
                let length = found.map_err(|source| WorldError::PromptLength { label, source })?;
                self.note(noted(key, target, &length));
                target.learn(length);
            }
        }
        Ok(())
    }
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
