//! `unload`: an Ollama server drops a model from its memory.

use std::time::Duration;

use serde_json::json;

use super::ollama::{self, OllamaError};
use super::{Attempt, Effect, Performed, StepError};
use crate::record::Fact;
use crate::scenario::UnloadStep;

const POLL: Duration = Duration::from_millis(100);

impl Effect for UnloadStep {
    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let mut asked = false;
        let unloaded = async {
            let was_loaded = is_loaded(self).await?;
            ollama::post(&self.url("/api/generate"), &json!({"model": self.model, "keep_alive": 0})).await?;
            asked = true;
            while is_loaded(self).await? {
                tokio::time::sleep(POLL).await;
            }
            let fact = Fact::new("was_loaded", if was_loaded { "yes" } else { "no" });
            Ok(Performed { facts: vec![fact], ..Performed::default() })
        };
        match attempt.bounded(unloaded).await {
            Err(StepError::TimedOut { .. }) if asked => {
                Err(OllamaError::StillLoaded { model: self.model.clone() }.into())
            }
            other => other,
        }
    }
}

async fn is_loaded(step: &UnloadStep) -> Result<bool, OllamaError> {
    Ok(ollama::listed(&step.url("/api/ps"), &step.model).await?.is_some())
}
