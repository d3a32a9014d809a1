//! A throughput against the memory traffic it takes.
//!
//! To decode a token a server reads its weights once; a server that batches
//! reads them once for a token of every request in the batch. Separate
//! processes share nothing: each reads the weights for its own tokens. The
//! traffic of key-value caches comes on top, and is left out: what is found
//! implausible is so without it.

use super::figure::data_sheet;
use super::shown::ends;
use super::{Basis, Checked, Finding, Range, Verdict};
use crate::scenario::{Audit, ByteRange, Claim, ClaimKind, DataSheet, Level, ModelReads, Selector};

/// Judges a claim about throughput; in words what is missing for that. `None`
/// for any other claim.
pub(super) fn judge(checked: &Checked<'_>, audit: &Audit) -> Option<Result<Finding, String>> {
    let claim = checked.claim;
    let (ClaimKind::Absolute { metric, cell, .. } | ClaimKind::AtLeast { metric, cell, .. }) = &claim.kind else {
        return None;
    };
    (metric.as_str() == "output_throughput").then(|| {
        let sheet = data_sheet(claim, &audit.systems)
            .ok_or_else(|| format!("no `[[audit.system]]` gives the bandwidth of {}", system(claim)))?;
        Ok(finding(checked, sheet, model(cell, &audit.models)?, tokens_per_read(cell)?))
    })
}

fn system(claim: &Claim) -> String {
    let gpu = claim.system.as_ref().and_then(|system| system.gpu.as_deref());
    gpu.map_or_else(|| "its system, which it does not name".to_owned(), |gpu| format!("`{gpu}`"))
}

/// The model of a cell: the one it names, or the only one there is.
fn model<'a>(cell: &Selector, models: &'a [ModelReads]) -> Result<&'a ModelReads, String> {
    match (cell.0.get("model"), models) {
        (Some(level), _) => models
            .iter()
            .find(|model| level.is(&model.name))
            .ok_or_else(|| format!("no `[[audit.model]]` says what `{level}` reads")),
        (None, [only]) => Ok(only),
        (None, []) => Err("no `[[audit.model]]` says what a token reads".to_owned()),
        (None, _) => Err("its cell names none of the models".to_owned()),
    }
}

/// The most tokens that one read of the weights can give: one of each request
/// that a server works on at once.
fn tokens_per_read(cell: &Selector) -> Result<u32, String> {
    let level = |key| match cell.0.get(key) {
        Some(Level::Integer(number)) => u32::try_from(*number).ok().filter(|number| *number > 0),
        _ => None,
    };
    match (level("slots"), level("clients")) {
        (_, Some(1)) => Ok(1),
        (Some(slots), Some(clients)) => Ok(slots.min(clients)),
        (Some(slots), None) => Ok(slots),
        (None, _) => Err("its cell does not say how many `slots` a server batches".to_owned()),
    }
}

fn finding(checked: &Checked<'_>, sheet: &DataSheet, model: &ModelReads, tokens: u32) -> Finding {
    let ByteRange { least, most } = model.bytes_per_token;
    let per_token = Range { least: least.as_f64(), most: most.as_f64() }.scaled(1.0 / f64::from(tokens));
    let bandwidth = sheet.bandwidth_gb_per_s * 1e9;
    let ceiling = Range { least: bandwidth / per_token.most, most: bandwidth / per_token.least };
    let is_possible = checked.figure.range.least <= ceiling.most;
    let gigabytes = Range { least: least.as_f64(), most: most.as_f64() }.scaled(1e-9);
    let need = per_token.scaled(checked.figure.value / 1e9);
    let batch = if tokens == 1 { String::new() } else { format!(" / {tokens} tokens a read") };
    let arithmetic = format!(
        "{} tok/s × {} GB{batch} = {} GB/s {} {} GB/s ({}, {} %)",
        checked.figure.printed,
        ends(gigabytes, 3),
        ends(need, 3),
        if is_possible { "of" } else { ">" },
        sheet.bandwidth_gb_per_s,
        sheet.gpu,
        ends(need.scaled(100.0 / sheet.bandwidth_gb_per_s), 2),
    );
    let verdict = if is_possible { Verdict::Plausible } else { Verdict::Implausible };
    let mut finding = checked.finding(Basis::Roofline, verdict, arithmetic, ceiling);
    if !is_possible {
        finding.notes.push(explanation(ceiling, checked.figure.value, tokens));
    }
    finding
}

/// What it would take.
fn explanation(ceiling: Range, value: f64, tokens: u32) -> String {
    let share = f64::from(tokens) * value;
    let needed = ends(Range { least: share / ceiling.most, most: share / ceiling.least }, 3);
    let here = if tokens == 1 {
        "a process that works on one request gets 1, only a server that batches gets more".to_owned()
    } else {
        format!("this batch gets at most {tokens}")
    };
    format!("it takes {needed} tokens for each read of the weights: {here}")
}
