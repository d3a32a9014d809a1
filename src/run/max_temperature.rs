use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::record::TelemetryRecord;

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The hottest GPU, as telemetry saw it last.
#[derive(Clone, Debug, Default)]
pub(super) struct MaxTemperature(Arc<Mutex<Option<f64>>>);

impl MaxTemperature {
    /// Takes note of a sample.
    pub(super) fn see(&self, sample: &TelemetryRecord) {
        let hottest = sample.gpus.iter().filter_map(|gpu| gpu.temperature_c.value().copied()).reduce(f64::max);
        if let Ok(mut known) = self.0.lock() {
            *known = hottest;
        }
    }

    /// Ends when the hottest GPU is cooler than `limit_c`; never, if no GPU
    /// tells its temperature.
    pub(super) async fn below(&self, limit_c: f64) {
        while !self.0.lock().is_ok_and(|known| known.is_some_and(|hottest| hottest < limit_c)) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
