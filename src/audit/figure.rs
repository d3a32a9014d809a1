//! A published figure and what its printed digits leave open.

use serde::Serialize;

use super::shown::Shown;
use crate::names::ClaimId;
use crate::scenario::{Claim, ClaimKind, DataSheet, Published};
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
    /// With both ends times a factor above zero.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { least: self.least * factor, most: self.most * factor }
    }

    /// Whether a value lies in both. Ends that are the same number but for
    /// rounding in arithmetic touch.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let touches = |lower: f64, upper: f64| lower <= upper + SAME * upper.abs();
        touches(self.least, other.most) && touches(other.least, self.most)
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
        let printed = numbers(&claim.says).into_iter().find(|printed| printed.is(value));
        let open = match &printed {
            Some(printed) if !printed.is_about => printed.half_a_digit(),
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
        let printed = Shown::of(&claim.kind).range(range);
        let printed = printed.trim_matches([' ', '(', ')']).to_owned();
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

/// A number in a text.
struct Number<'t> {
    is_about: bool,
    digits: &'t str,
    decimals: i32,
    unit: &'t str,
}

impl Number<'_> {
    /// The number in the unit that claims are written in, over the number as
    /// printed.
    fn scale(&self) -> f64 {
        match self.unit {
            "%" => 0.01,
            unit => format!("1{unit}").parse::<Bytes>().map_or(1.0, Bytes::as_f64),
        }
    }

    fn is(&self, value: f64) -> bool {
        let number = self.digits.parse::<f64>().map(|number| number * self.scale());
        number.is_ok_and(|number| (number - value).abs() <= SAME * value.abs())
    }

    fn half_a_digit(&self) -> f64 {
        0.5 * 10_f64.powi(-self.decimals) * self.scale()
    }
}

impl std::fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let about = if self.is_about { "~" } else { "" };
        write!(f, "{about}{}{}", self.digits, self.unit)
    }
}

/// Every number of a text that is no part of a word; a `-` before it joins a
/// range, and is no sign.
fn numbers(text: &str) -> Vec<Number<'_>> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(start) = text.get(rest..).and_then(|tail| Some(rest + tail.find(|c: char| c.is_ascii_digit())?)) {
        let tail = text.get(start..).unwrap_or_default();
        let digits = digits(tail);
        rest = start + digits.len();
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ',')) {
            continue;
        }
        found.push(Number {
            is_about: before == Some('~'),
            digits,
            decimals: digits.split_once('.').map_or(0, |(_, part)| i32::try_from(part.len()).unwrap_or(0)),
            unit: unit(text.get(rest..).unwrap_or_default()),
        });
    }
    found
}

/// The number that a text begins with, without a full stop behind it.
fn digits(text: &str) -> &str {
    let run = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = run(text);
    let part = text.get(whole..).and_then(|tail| tail.strip_prefix('.')).map_or(0, run);
    let length = if part == 0 { whole } else { whole + 1 + part };
    text.get(..length).unwrap_or_default()
}

/// The unit that a text begins with, if it changes or explains the number.
fn unit(text: &str) -> &str {
    const UNITS: [&str; 10] = ["%", "x", "KiB", "MiB", "GiB", "TiB", "kB", "MB", "GB", "TB"];
    let text = text.strip_prefix(' ').unwrap_or(text);
    let ends = |unit: &str| !text.get(unit.len()..).is_some_and(|tail| tail.starts_with(char::is_alphanumeric));
    UNITS.into_iter().find(|unit| text.starts_with(unit) && ends(unit)).unwrap_or_default()
}

/// Every published figure, and what data sheets say instead.
pub(super) struct Figures<'a> {
    published: &'a Published,
}

impl<'a> Figures<'a> {
    pub(super) const fn new(published: &'a Published) -> Self {
        Self { published }
    }

    pub(super) fn claims(&self) -> &'a [Claim] {
        &self.published.claims
    }

    pub(super) fn claim(&self, id: &ClaimId) -> Option<&'a Claim> {
        self.published.claims.iter().find(|claim| claim.id == *id)
    }

    /// As published.
    pub(super) fn printed(&self, id: &ClaimId) -> Option<Figure> {
        Figure::of(self.claim(id)?)
    }

    /// The memory of the machine that a claim about memory speaks of, by its
    /// data sheet.
    pub(super) fn on_data_sheet(&self, claim: &Claim) -> Option<(&'a DataSheet, Figure)> {
        if claim.kind.metric() != "memory_total" {
            return None;
        }
        let sheet = data_sheet(claim, &self.published.audit.systems)?;
        Some((sheet, Figure::of_memory(sheet.memory?)))
    }
}

/// The data sheet of the machine that a claim speaks of.
pub(super) fn data_sheet<'a>(claim: &Claim, systems: &'a [DataSheet]) -> Option<&'a DataSheet> {
    let gpu = claim.system.as_ref()?.gpu.as_ref()?;
    systems.iter().find(|system| system.gpu.eq_ignore_ascii_case(gpu))
}
