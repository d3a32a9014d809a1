//! `wait`: asks again and again until something answers.

use std::path::Path;
use std::time::Duration;

use super::error::KindError;
use super::{Attempt, Effect, Performed, StepError};
use crate::host::{http_answers, tcp_answers};
use crate::scenario::WaitStep;
use crate::text::with_causes;
use crate::units::Period;

const POLL: Duration = Duration::from_millis(100);

/// It was waited for in vain.
#[derive(Debug, thiserror::Error)]
enum WaitError {
    /// What was waited for did not come.
    #[error("waited {within} in vain: {last}")]
    InVain {
        /// How long.
        within: Period,
        /// What the last look showed.
        last: String,
    },
    /// There is nothing to wait for.
    #[error("`wait` needs one of `http`, `tcp` and `file`")]
    Nothing,
}

impl KindError for WaitError {}

impl Effect for WaitStep {
    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let mut last = "nothing was seen yet".to_owned();
        let looking = async {
            loop {
                match look(self, attempt.context.dir).await? {
                    Seen::There => return Ok(Performed::default()),
                    Seen::Missing(reason) => last = reason,
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match attempt.bounded(looking).await {
            Err(StepError::TimedOut { within }) => Err(WaitError::InVain { within, last }.into()),
            other => other,
        }
    }
}

enum Seen {
    There,
    Missing(String),
}

async fn look(wait: &WaitStep, dir: &Path) -> Result<Seen, StepError> {
    let answer = match wait {
        WaitStep { http: Some(url), .. } => http_answers(url, &[]).await,
        WaitStep { tcp: Some(address), .. } => tcp_answers(address).await,
        WaitStep { file: Some(path), .. } if dir.join(path).exists() => Ok(()),
        WaitStep { file: Some(path), .. } => {
            return Ok(Seen::Missing(format!("`{}` does not exist", path.display())));
        }
        WaitStep { http: None, tcp: None, file: None } => return Err(WaitError::Nothing.into()),
    };
    Ok(answer.map_or_else(|error| Seen::Missing(with_causes(&error)), |()| Seen::There))
}
