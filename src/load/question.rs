//! What is sent in a turn.

use super::exchange::{Exchange, Turn};
use crate::dialect::Ask;
use crate::plan;

impl Exchange {
    /// What is sent in this turn.
    pub(super) fn body(&self, turn: Turn) -> Vec<u8> {
        let target = self.target(turn);
        let request = &self.workload.spec.request;
        let prompts = &self.workload.prompts;
        let chosen = self.order[usize::try_from(turn.position).unwrap_or(usize::MAX) % prompts.len()];
        let nonce = if request.nonce { self.nonce(turn) } else { String::new() };
        let preamble = request.preamble.as_deref().unwrap_or_default();
        target.dialect.body(&Ask {
            model: target.model.as_deref(),
            prompt: &format!("{nonce}{preamble}{}", prompts[chosen]),
            max_tokens: request.max_tokens,
            temperature: request.temperature,
            seed: request.seed,
            stream: request.stream,
            ignore_eos: request.ignore_eos,
            extra: &request.extra,
        })
    }

    /// A word that no other request of the run starts with, so that no prompt
    /// cache can answer for the model.
    fn nonce(&self, turn: Turn) -> String {
        let key = &self.workload.key;
        let name = format!("{}/{}/{}/{}", key.epoch, key.cell, turn.client, turn.sequence);
        format!("[{:08x}] ", plan::derive(self.workload.seed, &name) >> 32)
    }
}
