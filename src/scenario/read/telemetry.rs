//! `[telemetry]`.

use std::time::Duration;

use super::super::telemetry::Telemetry;
use crate::format::{Code, Fields, Finding, Node, Scope};

/// A sample takes several milliseconds; sensors change every 100 or so.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(10);

/// Reads `[telemetry]`; what is wrong with it is noted, and then it is the
/// default.
pub(in super::super) fn read_telemetry(node: Option<&Node>, scope: &Scope<'_>) -> Telemetry {
    let default = Telemetry::default();
    let Some(fields) = node.and_then(|node| Fields::of(node, scope)) else { return default };
    let telemetry = Telemetry {
        gpu: fields.or_default("gpu"),
        period: fields.optional("period").unwrap_or(default.period),
        idle_baseline: fields.optional("idle_baseline"),
    };
    if !(SHORTEST..=LONGEST).contains(&telemetry.period.duration()) {
        let span = fields.raw("period").map_or_else(|| fields.span(), |node| node.span.clone());
        let message = format!("`period` is {} but must be from 20ms to 10s", telemetry.period);
        let finding = Finding::new(Code::Bounds, span, message);
        scope.notes.push(finding.help("a GPU's sensors change about every 100ms"));
    }
    fields.finish();
    telemetry
}
