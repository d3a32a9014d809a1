//! `wait`: asks again and again until something answers.

use std::path::Path;
use std::time::Duration;

use super::{Attempt, Effect, Performed, StepError};
use crate::host::{http_answers, tcp_answers};
use crate::scenario::WaitStep;

const POLL: Duration = Duration::from_millis(100);

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
            Err(StepError::TimedOut { within }) => Err(StepError::Waited { within, last }),
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
        WaitStep { http: Some(url), .. } => http_answers(url).await,
        WaitStep { tcp: Some(address), .. } => tcp_answers(address).await,
        WaitStep { file: Some(path), .. } if dir.join(path).exists() => Ok(()),
        WaitStep { file: Some(path), .. } => {
            return Ok(Seen::Missing(format!("`{}` does not exist", path.display())));
        }
        WaitStep { http: None, tcp: None, file: None } => return Err(StepError::NothingToWaitFor),
    };
    Ok(answer.map_or_else(|error| Seen::Missing(error.to_string()), |()| Seen::There))
}
