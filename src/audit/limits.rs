//! A figure against what its metric can be at all.

use super::cells::{SCALE, same_but_for, whole};
use super::checked::Checked;
use super::shown::short;
use super::{Basis, Check, Range, Verdict};
use crate::metric::{self, Unit};
use crate::scenario::ClaimKind;

/// Holds a share against the whole, and a speedup against the number of clients.
pub(super) fn judge(checked: &Checked<'_>) -> Option<Check> {
    match &checked.claim.kind {
        ClaimKind::Ratio { .. } => speedup(checked),
        ClaimKind::FractionUnder { .. } | ClaimKind::Ordering { .. } | ClaimKind::Trend { .. } => None,
        ClaimKind::Absolute { metric, .. }
        | ClaimKind::AtLeast { metric, .. }
        | ClaimKind::AtMost { metric, .. }
        | ClaimKind::Range { metric, .. } => {
            let is_share = metric::find(metric.as_str()).is_some_and(|metric| metric.unit == Unit::Share);
            is_share.then(|| share(checked, metric.as_str())).flatten()
        }
    }
}

fn share(checked: &Checked<'_>, metric: &str) -> Option<Check> {
    let Range { least, most } = checked.figure.range;
    let published = checked.published();
    let whole = Range { least: 0.0, most: 1.0 };
    // Sharing may gain: then what is lost is below zero.
    let may_be_negative = metric == "context_switch_overhead";
    if most < 0.0 && !may_be_negative {
        let told = format!("published {published}, but a share cannot be below 0 %");
        return Some(checked.check(Basis::Definition, Verdict::Inconsistent, told, whole));
    }
    if least <= 1.0 || matches!(checked.claim.kind, ClaimKind::AtMost { .. }) {
        return None;
    }
    let (verdict, told) = match metric {
        // It is no share of a whole, but more than all of it is not seen.
        "scaling_efficiency" => (Verdict::Unsupported, "beside others each client would be served faster than alone"),
        _ => (Verdict::Inconsistent, "but a share cannot be above 100 %"),
    };
    Some(checked.check(Basis::Definition, verdict, format!("published {published}, {told}"), whole))
}

/// With `n` times the clients there is at most `n` times the throughput.
fn speedup(checked: &Checked<'_>) -> Option<Check> {
    let ClaimKind::Ratio { metric, numerator, denominator, .. } = &checked.claim.kind else { return None };
    if metric.as_str() != "output_throughput" || !same_but_for(numerator, denominator, &SCALE) {
        return None;
    }
    let times = f64::from(whole(numerator, "clients")?) / f64::from(whole(denominator, "clients")?);
    let most = Range { least: 0.0, most: times.max(1.0) };
    if times <= 1.0 || !checked.figure.range.is_above(most) {
        return None;
    }
    let told = format!(
        "published {}, with {} times the clients: beside others each would be served faster",
        checked.published(),
        short(times)
    );
    Some(checked.check(Basis::Definition, Verdict::Unsupported, told, most))
}
