//! Published and measured throughputs against what memory can move.

use super::{Judged, Verdicts};
use crate::audit::implausible;
use crate::record::Environment;
use crate::scenario::{Audit, Claim, ClaimKind, DataSheet, SystemMatch};
use crate::units::Share;

/// Says of every claim whose published or measured throughput takes more memory
/// traffic than its machine has, by what arithmetic. The machine that was
/// measured is known by its GPU, if a data sheet of `audit` names it.
pub fn hold_against_bandwidth(verdicts: &mut Verdicts, audit: &Audit, environment: &Environment) {
    let names: Vec<String> = environment.gpus.iter().map(|gpu| gpu.name.to_lowercase()).collect();
    let is_here = |sheet: &&DataSheet| names.iter().any(|name| name.contains(&sheet.gpu.to_lowercase()));
    let here = audit.systems.iter().find(is_here);
    for judged in &mut verdicts.claims {
        let published = implausible(&judged.claim, audit).map(|arithmetic| format!("published {arithmetic}"));
        let measured = here.and_then(|sheet| as_measured(judged, sheet)).and_then(|claim| implausible(&claim, audit));
        let measured = measured.map(|arithmetic| format!("measured {arithmetic}"));
        judged.implausible = published.into_iter().chain(measured).collect();
    }
}

/// The claim that somebody would make who published what was measured here.
fn as_measured(judged: &Judged, sheet: &DataSheet) -> Option<Claim> {
    let (ClaimKind::Absolute { metric, cell, .. } | ClaimKind::AtLeast { metric, cell, .. }) = &judged.claim.kind
    else {
        return None;
    };
    let estimate = judged.measured.as_ref()?;
    // What lies in the interval may still be true.
    let value = estimate.interval.map_or(estimate.value, |interval| interval.lower);
    let value = (value * 10.0).round() / 10.0;
    let kind = ClaimKind::Absolute {
        metric: metric.clone(),
        cell: cell.clone(),
        value,
        tolerance: Share::from_fraction(0.0)?,
    };
    let system = Some(SystemMatch { gpu: Some(sheet.gpu.clone()), ..SystemMatch::default() });
    Some(Claim { kind, system, says: value.to_string(), ..judged.claim.clone() })
}
