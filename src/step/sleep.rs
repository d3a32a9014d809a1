//! `sleep`: does nothing, until it is over or cancelled.

use super::{Attempt, Effect, Performed, StepError};
use crate::scenario::SleepStep;

impl Effect for SleepStep {
    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let pause = async {
            tokio::time::sleep(self.0.duration()).await;
            Ok(Performed::default())
        };
        attempt.bounded(pause).await
    }
}
