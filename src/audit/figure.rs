//! A published figure and what its printed digits leave open.

use serde::Serialize;

use super::cells::{is_any, may_be_one_system};
use super::shown::Shown;
use crate::names::ClaimId;
use crate::scenario::{Audit, Claim, ClaimKind, DataSheet, ModelReads, Relation, Selector, printed};
use crate::units::Bytes;

/// 2³⁰ over 10⁹. Whoever writes GB of memory may mean either, so a figure in GB
/// is taken for both.
const GIB_OVER_GB: f64 = 1.073_741_824;
/// What differs by less is the same number, written twice.
const SAME: f64 = 1e-9;

/// Everything from one value to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// The lower end.
    pub least: f64,
    /// The upper end.
    pub most: f64,
}

impl Range {
    /// A single value.
    pub(super) const fn of(value: f64) -> Self {
        Self { least: value, most: value }
    }

    /// With both ends times a factor above zero.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { least: self.least * factor, most: self.most * factor }
    }

    /// Everything that a value of this, above zero, over one of the other gives.
    pub(super) fn over(self, other: Self) -> Self {
        Self { least: self.least / other.most, most: self.most / other.least }
    }

    /// Whether a value lies in both. Ends that are the same number but for
    /// rounding in arithmetic touch.
    pub(super) fn overlaps(self, other: Self) -> bool {
        !self.is_above(other) && !other.is_above(self)
    }

    /// Whether every value is more than every value of the other.
    pub(super) fn is_above(self, other: Self) -> bool {
        self.least > other.most + SAME * other.most.abs()
    }
}

/// A figure as it is printed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    /// Its digits, with a sign for "about" and a unit: `~33.2`, `97%`, `24GB`.
    pub(super) printed: String,
    pub(super) value: f64,
    /// Every value that prints so.
    pub(super) range: Range,
}

impl Figure {
    /// The figure of a claim, if it states one. How it is printed is read from
    /// the claim's words: half a unit of the last digit is open. What is "about"
    /// (`~300`), or not printed there as a number, is open by the claim's
    /// tolerance.
    pub(super) fn of(claim: &Claim) -> Option<Self> {
        if let ClaimKind::Range { from, to, .. } = claim.kind {
            return Some(Self::of_range(claim, Range { least: from, most: to }));
        }
        let value = claim.kind.value()?;
        // What can be read as two numbers was refused with the file.
        let printed = printed(&claim.says, value).ok().flatten();
        let open = match &printed {
            Some(printed) if !printed.is_about => printed.half_a_digit,
            _ => claim.kind.tolerance().map_or(0.0, |tolerance| tolerance.fraction() * value.abs()),
        };
        let more = if printed.as_ref().is_some_and(|printed| printed.unit == "GB") { GIB_OVER_GB } else { 1.0 };
        Some(Self {
            value,
            range: Range { least: value - open, most: (value + open) * more },
            printed: printed.map_or_else(|| Shown::of(&claim.kind).value(value), |printed| printed.to_string()),
        })
    }

    fn of_range(claim: &Claim, range: Range) -> Self {
        let printed = Shown::of(&claim.kind).plain_range(range);
        Self { printed, value: f64::midpoint(range.least, range.most), range }
    }

    /// The memory of a data sheet.
    pub(super) fn of_memory(memory: Bytes) -> Self {
        let value = memory.as_f64();
        // No number of KiB, MiB or GiB that is round in GB is sold.
        let is_decimal = memory.0.is_multiple_of(1_000_000);
        let (printed, more) =
            if is_decimal { (format!("{}GB", value / 1e9), GIB_OVER_GB) } else { (memory.to_string(), 1.0) };
        Self { printed, value, range: Range { least: value, most: value * more } }
    }
}

/// A claim that states a figure in one cell.
#[derive(Clone)]
pub(super) struct Stated<'a> {
    pub(super) claim: &'a Claim,
    pub(super) cell: &'a Selector,
    pub(super) figure: Figure,
}

/// The tables of a file, and those of the files beside it: a data sheet holds
/// for whoever speaks of the machine.
pub(super) struct Tables<'a> {
    own: &'a Audit,
    others: Vec<&'a Audit>,
}

impl<'a> Tables<'a> {
    pub(super) const fn new(own: &'a Audit, others: Vec<&'a Audit>) -> Self {
        Self { own, others }
    }

    fn all(&self) -> impl Iterator<Item = &'a Audit> {
        std::iter::once(self.own).chain(self.others.iter().copied())
    }

    /// The data sheet of the machine that a claim speaks of.
    pub(super) fn sheet(&self, claim: &Claim) -> Option<&'a DataSheet> {
        let gpu = claim.system.as_ref()?.gpu.as_ref()?;
        self.all().flat_map(|tables| &tables.systems).find(|system| system.gpu.eq_ignore_ascii_case(gpu))
    }

    /// The model that a cell names, or the only one of the file.
    pub(super) fn model(&self, cell: &Selector) -> Result<&'a ModelReads, String> {
        match (cell.0.get("model"), self.own.models.as_slice()) {
            (Some(level), _) => (self.all().flat_map(|tables| &tables.models))
                .find(|model| level.is(&model.name))
                .ok_or_else(|| format!("no `[[audit.model]]` says what `{level}` reads")),
            (None, [only]) => Ok(only),
            (None, []) => Err("no `[[audit.model]]` says what a token reads".to_owned()),
            (None, _) => Err("its cell names none of the models".to_owned()),
        }
    }

    /// The relations of the file.
    pub(super) fn relations(&self) -> &'a [Relation] {
        &self.own.relations
    }
}

/// The claims of a publication, and the tables that they are held against.
pub(super) struct Figures<'a> {
    claims: &'a [Claim],
    pub(super) tables: &'a Tables<'a>,
}

impl<'a> Figures<'a> {
    pub(super) const fn new(claims: &'a [Claim], tables: &'a Tables<'a>) -> Self {
        Self { claims, tables }
    }

    pub(super) const fn claims(&self) -> &'a [Claim] {
        self.claims
    }

    pub(super) fn claim(&self, id: &ClaimId) -> Option<&'a Claim> {
        self.claims.iter().find(|claim| claim.id == *id)
    }

    /// As published.
    pub(super) fn printed(&self, id: &ClaimId) -> Option<Figure> {
        Figure::of(self.claim(id)?)
    }

    /// Every figure of a metric that states a value or a range in one cell.
    pub(super) fn stated(&self, metric: &str) -> impl Iterator<Item = Stated<'a>> {
        let metric = metric.to_owned();
        let states = move |claim: &'a Claim| match &claim.kind {
            ClaimKind::Absolute { metric: its, cell, .. } | ClaimKind::Range { metric: its, cell, .. }
                if its.as_str() == metric =>
            {
                Some(Stated { claim, cell, figure: Figure::of(claim)? })
            }
            _ => None,
        };
        self.claims.iter().filter_map(states)
    }

    /// Those of them that speak of the system of a claim, or of any.
    pub(super) fn stated_beside(&self, claim: &Claim, metric: &str) -> Vec<Stated<'a>> {
        let system = claim.system.as_ref();
        let is_its = |stated: &Stated<'a>| may_be_one_system(system, stated.claim.system.as_ref());
        self.stated(metric).filter(is_its).collect()
    }

    /// The one figure of a metric of a claim's own system, or else of any.
    pub(super) fn only_beside(&self, claim: &Claim, metric: &str) -> Option<Stated<'a>> {
        let all = self.stated_beside(claim, metric);
        let (own, any): (Vec<_>, Vec<_>) = all.into_iter().partition(|stated| !is_any(stated.claim.system.as_ref()));
        let mut best = if own.is_empty() { any } else { own };
        if best.len() == 1 { best.pop() } else { None }
    }

    /// The memory of the machine that a claim about memory speaks of, by its
    /// data sheet.
    pub(super) fn on_data_sheet(&self, claim: &Claim) -> Option<(&'a DataSheet, Figure)> {
        if claim.kind.metric() != "memory_total" {
            return None;
        }
        let sheet = self.tables.sheet(claim)?;
        Some((sheet, Figure::of_memory(sheet.memory?)))
    }
}
