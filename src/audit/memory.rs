//! Figures about memory against how much of it there is.

use super::cells::{may_be_one, without};
use super::checked::Checked;
use super::figure::{Figure, Figures, Stated};
use super::shown::short;
use super::{Basis, Check, Made, Range, Verdict};
use crate::metric::{self, Unit};
use crate::scenario::{ClaimKind, Selector};

/// Keys of a cell that do not tell one way to serve from another.
const NOT_A_WAY: [&str; 5] = ["servers", "slots", "clients", "rate", "phase"];

/// Holds an amount of memory against what the machine has by its data sheet, of
/// so many instances as the cell has servers.
pub(super) fn above_sheet(checked: &Checked<'_>, figures: &Figures<'_>) -> Option<Check> {
    let (ClaimKind::Absolute { metric, cell, .. } | ClaimKind::AtLeast { metric, cell, .. }) = &checked.claim.kind
    else {
        return None;
    };
    let is_memory = metric::find(metric.as_str()).is_some_and(|metric| metric.unit == Unit::Bytes);
    if !is_memory || metric.as_str() == "memory_total" {
        return None;
    }
    let sheet = figures.tables.sheet(checked.claim)?;
    let memory = Figure::of_memory(sheet.memory?);
    let instances = if metric.as_str() == "memory_per_instance" { super::cells::whole(cell, "servers") } else { None };
    let times = f64::from(instances.unwrap_or(1));
    if !checked.figure.range.scaled(times).is_above(memory.range) {
        return None;
    }
    let many = if times > 1.0 { format!("{} × ", short(times)) } else { String::new() };
    let told =
        format!("{many}{} does not fit into {} ({}, by data sheet)", checked.figure.printed, memory.printed, sheet.gpu);
    let mut check = checked.check(Basis::DataSheet, Verdict::Inconsistent, told, memory.range.scaled(1.0 / times));
    check.notes.push(format!("data sheet: <{}>", sheet.source.file));
    Some(check)
}

/// Holds how many instances run together against the share of the memory that
/// is said to be used: that many of the published size must fill it, but for
/// what is less than one more.
pub(super) fn filled(checked: &Checked<'_>, figures: &Figures<'_>) -> Option<Made> {
    let claim = checked.claim;
    let (ClaimKind::Absolute { metric, cell, .. } | ClaimKind::Range { metric, cell, .. }) = &claim.kind else {
        return None;
    };
    if metric.as_str() != "instances_max_practical" {
        return None;
    }
    let memory = figures.only_beside(claim, "memory_total")?;
    let instance = figures.only_beside(claim, "memory_per_instance")?;
    let way = |cell: &Selector| {
        Selector(
            cell.0
                .iter()
                .filter(|(key, _)| !NOT_A_WAY.contains(&key.as_str()))
                .map(|(key, level)| (key.clone(), level.clone()))
                .collect(),
        )
    };
    let is_same_way =
        |stated: &Stated<'_>| !without(stated.cell, &NOT_A_WAY).is_empty() && may_be_one(&way(stated.cell), &way(cell));
    let mut shares: Vec<Stated<'_>> = figures.stated_beside(claim, "memory_efficiency");
    shares.retain(is_same_way);
    let [share] = shares.as_slice() else { return None };
    let check = Fill { checked, memory: &memory.figure, instance: &instance.figure, share: &share.figure }.check();
    let rests_on =
        [memory, instance].into_iter().chain([share.clone()]).map(|stated| stated.claim.id.clone()).collect();
    Some(Made { claim: None, check, rests_on })
}

/// So many instances of a size in a memory of which a share is used.
struct Fill<'a> {
    checked: &'a Checked<'a>,
    memory: &'a Figure,
    instance: &'a Figure,
    share: &'a Figure,
}

impl Fill<'_> {
    fn check(&self) -> Check {
        let Self { checked, memory, instance, share } = self;
        let count = checked.figure.range;
        let filled = Range { least: count.least * instance.range.least, most: count.most * instance.range.most };
        let filled = filled.over(memory.range);
        let used = Range { least: share.range.least * memory.range.least, most: share.range.most * memory.range.most };
        let fit = used.over(instance.range);
        let fit = Range { least: fit.least.floor(), most: fit.most.floor() };
        let verdict = match (filled.overlaps(share.range), fit.overlaps(count)) {
            (true, _) => Verdict::Consistent,
            (false, true) => Verdict::Unsupported,
            (false, false) => Verdict::Inconsistent,
        };
        let nominal = |share: f64| short((share * memory.value / instance.value).floor());
        let percent = |count: f64| format!("{:.0}", 100.0 * count * instance.value / memory.value);
        let arithmetic = format!(
            "{} × {} fill {} % of {}, published as used: {}, at which {} fit",
            checked.figure.printed,
            instance.printed,
            span(&percent(count.least), &percent(count.most)),
            memory.printed,
            share.printed,
            span(&nominal(share.range.least), &nominal(share.range.most)),
        );
        let mut check = checked.check(Basis::Figures, verdict, arithmetic, fit);
        if verdict != Verdict::Consistent {
            let other = "`memory_efficiency` is taken for the share of the memory that models fill; of what servers use, it \
                         would say nothing about how many fit";
            check.notes.push(other.to_owned());
        }
        check
    }
}

/// `41 to 61`; one number where both read the same.
fn span(least: &str, most: &str) -> String {
    if least == most { least.to_owned() } else { format!("{least} to {most}") }
}
