//! A published claim against what was measured.

use super::finding::{Finding, absolute, bounded, ordering, ratio};
use super::interval::{estimate, interval};
use super::select::only;
use super::system::{System, differences};
use super::{Judged, Verdict};
use crate::metric::{self, Measure};
use crate::names::CellId;
use crate::scenario::{Claim, ClaimKind, Selector};
use crate::stats::{Bounds, Tolerance};
use crate::summary::{CellSummary, Estimate, Gap, Summary};

pub(super) fn judge(claim: &Claim, summary: &Summary, system: System<'_>) -> Judged {
    let differences = claim.system.as_ref().map(|wanted| differences(wanted, system)).unwrap_or_default();
    let found = only(summary, selector(&claim.kind));
    let cell = found.as_ref().ok().map(|(id, _)| CellId::clone(id));
    let metric = claim.kind.metric().as_str();
    let measured = found.as_ref().ok().and_then(|(_, cell)| estimate(cell, metric).ok()).cloned();
    let finding = match never_measured(metric) {
        Some(reason) => Err(Verdict::NotRun { reason: reason.to_owned() }),
        None if differences.is_empty() => find(&claim.kind, summary, found),
        None => Err(Verdict::NotComparable { differences }),
    };
    let finding = finding.unwrap_or_else(|verdict| Finding { ratio: None, verdict });
    let ratio = finding.ratio.and_then(|ratio| Some((ratio.value, interval(ratio.bounds?))));
    Judged { claim: claim.clone(), cell, measured, ratio, verdict: finding.verdict, implausible: Vec::new() }
}

/// Why no run, valid or not and on whatever machine, measures this metric.
fn never_measured(metric: &str) -> Option<&'static str> {
    match metric::find(metric)?.measure {
        Measure::Nothing(reason) => Some(reason),
        Measure::Latency(_) | Measure::Window(_) | Measure::Against(..) => None,
    }
}

/// The cell that the claim is about; of two, the one above the line.
const fn selector(kind: &ClaimKind) -> &Selector {
    match kind {
        ClaimKind::Absolute { cell, .. } | ClaimKind::AtLeast { cell, .. } | ClaimKind::AtMost { cell, .. } => cell,
        ClaimKind::Ratio { numerator, .. } => numerator,
        ClaimKind::Ordering { larger, .. } => larger,
    }
}

type Found<'a> = Result<(&'a CellId, &'a CellSummary), String>;

/// A gap or an unclear selector is a verdict of its own, as `Err`.
fn find(kind: &ClaimKind, summary: &Summary, found: Found<'_>) -> Result<Finding, Verdict> {
    let metric = kind.metric().as_str();
    let measured = measured_in(found, metric)?;
    match kind {
        ClaimKind::Absolute { value, tolerance, .. } => {
            Ok(absolute(measured, *value, Tolerance::symmetric(tolerance.fraction())))
        }
        ClaimKind::Ratio { denominator, value, tolerance, .. } => {
            let below = measured_in(only(summary, denominator), metric)?;
            Ok(ratio(measured, below, *value, Tolerance::symmetric(tolerance.fraction())))
        }
        ClaimKind::AtLeast { value, .. } => {
            Ok(bounded(measured, *value, Bounds { lower: *value, upper: f64::INFINITY }))
        }
        ClaimKind::AtMost { value, .. } => {
            Ok(bounded(measured, *value, Bounds { lower: f64::NEG_INFINITY, upper: *value }))
        }
        ClaimKind::Ordering { smaller, .. } => {
            let smaller = measured_in(only(summary, smaller), metric)?;
            Ok(ordering(measured, smaller))
        }
    }
}

fn measured_in<'a>(found: Found<'a>, metric: &str) -> Result<&'a Estimate, Verdict> {
    let (_, cell) = found.map_err(|reason| Verdict::NotRun { reason })?;
    estimate(cell, metric).map_err(|gap| match gap {
        Gap::Invalid { reason } => Verdict::Invalid { reason },
        other => Verdict::NotRun { reason: other.to_string() },
    })
}
