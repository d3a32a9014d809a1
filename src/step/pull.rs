//! `pull`: an Ollama server downloads a model, unless it has it.

use std::io::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::ollama::{self, Model, OllamaError};
use super::{Attempt, Effect, Performed, StepError};
use crate::process::append_to;
use crate::record::{Fact, Undo};
use crate::scenario::PullStep;
use crate::text::bounded_line;
use crate::units::Bytes;

impl Effect for PullStep {
    async fn undos(&self, attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        if !self.remove_after || attempt.bounded(there(self)).await?.is_some() {
            return Ok(Vec::new());
        }
        Ok(vec![Undo::Request {
            label: attempt.step.name.clone(),
            method: "DELETE".to_owned(),
            url: self.url("/api/delete"),
            json: json!({"model": self.model}),
        }])
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let pulled = async {
            let (model, pulled) = match there(self).await? {
                Some(model) => (model, "no"),
                None => (pull(self, attempt.context.log).await?, "yes"),
            };
            let facts = vec![
                Fact::new("pulled", pulled),
                Fact::new("model_digest", model.digest),
                Fact::new("model_size_bytes", model.size.to_string()),
            ];
            Ok(Performed { facts, ..Performed::default() })
        };
        attempt.bounded(pulled).await
    }
}

async fn there(step: &PullStep) -> Result<Option<Model>, StepError> {
    Ok(ollama::listed(&step.url("/api/tags"), &step.model).await?)
}

/// A line of the answer to `/api/pull`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Progress {
    Failed { error: String },
    At { status: String, total: Option<u64>, completed: Option<u64> },
}

async fn pull(step: &PullStep, log: &Path) -> Result<Model, StepError> {
    let url = step.url("/api/pull");
    let response = ollama::post(&url, &json!({"model": step.model, "stream": true})).await?;
    let mut last = String::new();
    let told = |progress| match progress {
        // A failure after the first line still has the status 200.
        Progress::Failed { error } => Err(ollama::refused(&url, &error)),
        Progress::At { status, total, completed } => {
            let line = in_words(&status, completed.unwrap_or(0), total.unwrap_or(0));
            if line != last {
                note(log, &line);
                last = line;
            }
            Ok(status == "success")
        }
    };
    ollama::each_line(response, &url, told).await?;
    there(step).await?.ok_or_else(|| OllamaError::Missing { model: step.model.clone() }.into())
}

/// One status, in steps of ten percent.
fn in_words(status: &str, completed: u64, total: u64) -> String {
    let status = bounded_line(status, 200);
    match completed.saturating_mul(10).checked_div(total) {
        Some(tenths) => format!("{status}: {} % of {}", tenths.min(10) * 10, Bytes(total)),
        None => status,
    }
}

/// For whoever watches: without it the download goes on.
fn note(log: &Path, line: &str) {
    let _ = append_to(log).and_then(|(mut file, _)| writeln!(file, "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_tenths_and_nonsense_does_no_harm() {
        assert_eq!(in_words("pulling manifest", 0, 0), "pulling manifest");
        assert_eq!(in_words("pulling abc", 259, 1024), "pulling abc: 20 % of 1.0 KiB");
        assert_eq!(in_words("pulling\u{7} abc", u64::MAX, 2), "pulling abc: 100 % of 2 B");
    }
}
