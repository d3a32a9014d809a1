//! `[telemetry]`.

use std::time::Duration;

use super::super::model::telemetry::{Telemetry, TelemetryKeys};
use crate::format::{Code, Fields, Keys, Node, Scope};

/// A sample takes several milliseconds; sensors change every 100 or so.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(10);

/// Reads `[telemetry]`; what is wrong with it is noted, and then it is the
/// default.
pub(in super::super) fn read_telemetry(node: Option<&Node>, scope: &Scope<'_>) -> Telemetry {
    let default = Telemetry::default();
    let Some(fields) = node.and_then(|node| Fields::of(node, scope)) else { return default };
    let keys = TelemetryKeys::of(&fields);
    let period = keys.period.or(default.period);
    if !(SHORTEST..=LONGEST).contains(&period.duration()) {
        let message = format!("`period` is {period} but must be from 20ms to 10s");
        keys.period.advise(Code::Bounds, message, "a GPU's sensors change about every 100ms");
    }
    Telemetry { gpu: keys.gpu.or(default.gpu), period, idle_baseline: keys.idle_baseline.optional() }
}
