//! A published claim against what was measured.

use super::finding::{Finding, absolute, bounded, ordering, ratio};
use super::fraction::fraction;
use super::interval::{estimate, interval, pairs};
use super::select::only;
use super::system::{System, differences};
use super::trend::{Step, trend};
use super::{Judged, Significance, Verdict, bound};
use crate::metric::{self, Measure};
use crate::names::CellId;
use crate::scenario::{Claim, ClaimKind, Direction, Selector};
use crate::stats::{Bounds, Tolerance, paired_ratio};
use crate::summary::{CellSummary, Estimate, Fraction, Gap, Interval, Limit, Measured, Summary};

/// A difference of less than `margin` is no order.
pub(super) fn judge(claim: &Claim, summary: &Summary, system: System<'_>, margin: f64) -> Judged {
    let differences = claim.system.as_ref().map(|wanted| differences(wanted, system)).unwrap_or_default();
    let found = selector(&claim.kind).map_or_else(|| Err("it names no cell".to_owned()), |cell| only(summary, cell));
    let cell = found.as_ref().ok().map(|(id, _)| CellId::clone(id));
    let measured = found.as_ref().ok().and_then(|(_, cell)| measured(&claim.kind, cell).ok()).cloned();
    let finding = match never_measured(claim.kind.metric()) {
        Some(reason) => Err(Verdict::NotRun { reason: reason.to_owned() }),
        None if differences.is_empty() => find(&claim.kind, summary, found, margin),
        None => Err(Verdict::NotComparable { differences }),
    };
    let finding = finding.unwrap_or_else(|verdict| Finding { ratio: None, verdict });
    let ratio = finding.ratio.and_then(|ratio| Some((ratio.value, interval(ratio.bounds?))));
    let steps = steps(&claim.kind, summary).unwrap_or_default();
    let below = below(&claim.kind, summary);
    let over = measured.as_ref().zip(below.as_ref()).and_then(|(above, below)| bound::over(above, below));
    let faults = (claim.kind.metric() == "fault_reach").then(|| summary.faults_tried()).flatten();
    Judged {
        claim: claim.clone(),
        cell,
        measured,
        below,
        over,
        ratio,
        steps,
        verdict: finding.verdict,
        faults,
        implausible: Vec::new(),
    }
}

/// Why no run, valid or not and on whatever machine, measures this metric.
fn never_measured(metric: &str) -> Option<&'static str> {
    match metric::find(metric)?.measure {
        Measure::Nothing(reason) => Some(reason),
        Measure::Latency(_) | Measure::Window(_) | Measure::Requests(_) | Measure::Kills(_) | Measure::Against(..) => {
            None
        }
    }
}

/// The cell that the claim is about; of two, the one above the line, and of a
/// trend the last.
fn selector(kind: &ClaimKind) -> Option<&Selector> {
    match kind {
        ClaimKind::Absolute { cell, .. }
        | ClaimKind::AtLeast { cell, .. }
        | ClaimKind::AtMost { cell, .. }
        | ClaimKind::Range { cell, .. }
        | ClaimKind::FractionUnder { cell, .. } => Some(cell),
        ClaimKind::Ratio { numerator, .. } => Some(numerator),
        ClaimKind::Ordering { larger, .. } => Some(larger),
        ClaimKind::Trend { along, .. } => along.last(),
    }
}

/// What the claim speaks of, in a cell.
fn measured<'a>(kind: &ClaimKind, cell: &'a CellSummary) -> Result<&'a Estimate, Gap> {
    match kind {
        ClaimKind::FractionUnder { metric, limit, .. } => {
            let fraction = counted(cell, Limit { metric: *metric, under: *limit })?;
            match &fraction.measured {
                Measured::Estimate(estimate) => Ok(estimate),
                Measured::Gap(gap) => Err(gap.clone()),
            }
        }
        other => estimate(cell, other.metric()),
    }
}

fn counted(cell: &CellSummary, limit: Limit) -> Result<&Fraction, Gap> {
    cell.fraction(limit).ok_or_else(|| Gap::not_measured("nobody counted the requests under this limit"))
}

type Found<'a> = Result<(&'a CellId, &'a CellSummary), String>;

/// A gap or an unclear selector is a verdict of its own, as `Err`.
fn find(kind: &ClaimKind, summary: &Summary, found: Found<'_>, margin: f64) -> Result<Finding, Verdict> {
    let significance = Significance::of(summary);
    let measured_in = |found| measured_in(found, kind);
    let measured = measured_in(found.clone())?;
    match kind {
        ClaimKind::Absolute { value, tolerance, .. } => {
            Ok(absolute(measured, *value, Tolerance::symmetric(tolerance.fraction()), significance))
        }
        ClaimKind::Ratio { denominator, value, tolerance, .. } => {
            let below = measured_in(only(summary, denominator))?;
            Ok(ratio(measured, below, *value, Tolerance::symmetric(tolerance.fraction()), significance))
        }
        ClaimKind::AtLeast { value, .. } => {
            Ok(bounded(measured, *value, Bounds { lower: *value, upper: f64::INFINITY }, significance))
        }
        ClaimKind::AtMost { value, .. } => {
            Ok(bounded(measured, *value, Bounds { lower: f64::NEG_INFINITY, upper: *value }, significance))
        }
        ClaimKind::Range { from, to, .. } => {
            let found = bounded(measured, *to, Bounds { lower: *from, upper: *to }, significance);
            Ok(Finding { ratio: None, ..found })
        }
        ClaimKind::Ordering { smaller, .. } => {
            let smaller = measured_in(only(summary, smaller))?;
            Ok(Finding { ratio: None, ..ordering(measured, smaller, margin, significance) })
        }
        ClaimKind::Trend { direction, along, .. } => {
            let cells = along.iter().map(|cell| measured_in(only(summary, cell)));
            let cells = cells.collect::<Result<Vec<&Estimate>, Verdict>>()?;
            Ok(Finding { ratio: None, verdict: trend(&as_claimed(&cells, *direction), significance) })
        }
        ClaimKind::FractionUnder { metric, limit, value, .. } => {
            let (_, cell) = found.map_err(|reason| Verdict::NotRun { reason })?;
            let counted = counted(cell, Limit { metric: *metric, under: *limit }).map_err(verdict)?;
            Ok(fraction(measured, counted.count, value.fraction(), significance))
        }
    }
}

fn measured_in<'a>(found: Found<'a>, kind: &ClaimKind) -> Result<&'a Estimate, Verdict> {
    let (_, cell) = found.map_err(|reason| Verdict::NotRun { reason })?;
    measured(kind, cell).map_err(verdict)
}

/// What a gap makes of a claim.
fn verdict(gap: Gap) -> Verdict {
    match gap {
        Gap::Invalid { reason } => Verdict::Invalid { reason },
        other => Verdict::NotRun { reason: other.to_string() },
    }
}

/// What is below the line, or claimed to be smaller.
fn below(kind: &ClaimKind, summary: &Summary) -> Option<Estimate> {
    let (ClaimKind::Ratio { denominator: cell, .. } | ClaimKind::Ordering { smaller: cell, .. }) = kind else {
        return None;
    };
    estimate(only(summary, cell).ok()?.1, kind.metric()).ok().cloned()
}

/// Every two neighbours, the one that is claimed to be larger first.
fn as_claimed<'a>(cells: &[&'a Estimate], direction: Direction) -> Vec<Step<'a>> {
    let steps = cells.iter().zip(cells.iter().skip(1));
    let step = |(before, next): (&&'a Estimate, &&'a Estimate)| match direction {
        Direction::Rises => (*next, *before),
        Direction::Falls => (*before, *next),
    };
    steps.map(step).collect()
}

/// Of a trend, each cell over the one before it.
fn steps(kind: &ClaimKind, summary: &Summary) -> Option<Vec<(f64, Interval)>> {
    let ClaimKind::Trend { along, .. } = kind else { return None };
    let cells = along.iter().map(|cell| measured(kind, only(summary, cell).ok()?.1).ok());
    let cells = cells.collect::<Option<Vec<&Estimate>>>()?;
    let ratio = |(next, before): Step<'_>| {
        let ratio = paired_ratio(&pairs(next, before), Significance::of(summary).confidence())?;
        Some((ratio.value, interval(ratio.bounds?)))
    };
    as_claimed(&cells, Direction::Rises).into_iter().map(ratio).collect()
}
