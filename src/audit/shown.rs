//! Numbers as people read them.

use super::Range;
use crate::metric::{self, Unit};
use crate::scenario::ClaimKind;

/// How the figures of a claim are shown.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    /// Behind the number.
    unit: &'static str,
    /// Shown number over stored number.
    scale: f64,
}

impl Shown {
    /// In the unit of the claim's metric; a ratio has none.
    pub(super) fn of(kind: &ClaimKind) -> Self {
        let unit = match kind {
            ClaimKind::Ratio { .. } => None,
            ClaimKind::FractionUnder { .. } => Some(Unit::Share),
            other => metric::find(other.metric()).map(|metric| metric.unit),
        };
        let (unit, scale) = match unit {
            Some(Unit::Share | Unit::Excess) => (" %", 100.0),
            Some(Unit::Bytes) => (" GB", 1e-9),
            Some(Unit::TokensPerSecond) => (" tok/s", 1.0),
            Some(Unit::RequestsPerSecond) => (" req/s", 1.0),
            Some(Unit::Seconds) => (" ms", 1e3),
            Some(Unit::Watts) => (" W", 1.0),
            Some(Unit::JoulesPerToken) => (" J/token", 1.0),
            Some(Unit::Celsius) => (" °C", 1.0),
            Some(Unit::Ratio | Unit::Count | Unit::Tokens | Unit::Cores) | None => ("", 1.0),
        };
        Self { unit, scale }
    }

    /// Behind a number, with its space: ` tok/s`.
    pub(super) const fn unit(self) -> &'static str {
        self.unit
    }

    /// `99.7 %`.
    pub(super) fn value(self, value: f64) -> String {
        format!("{}{}", digits(value * self.scale, 3), self.unit)
    }

    /// ` (99.48 to 99.92 %)`; nothing for a single value.
    pub(super) fn range(self, Range { least, most }: Range) -> String {
        let [least, most] = [least, most].map(|end| digits(end * self.scale, 4));
        if least == most { String::new() } else { format!(" ({least} to {most}{})", self.unit) }
    }

    /// `5 to 15 %`, as short as it can be written.
    pub(super) fn plain_range(self, Range { least, most }: Range) -> String {
        let [least, most] = [least, most].map(|end| short(end * self.scale));
        if least == most { format!("{least}{}", self.unit) } else { format!("{least} to {most}{}", self.unit) }
    }
}

/// `4.60 to 4.92`; one number where both read the same.
pub(super) fn ends(Range { least, most }: Range, count: usize) -> String {
    let [least, most] = [least, most].map(|end| digits(end, count));
    if least == most { least } else { format!("{least} to {most}") }
}

/// Three digits, without zeros behind the point.
pub(super) fn short(value: f64) -> String {
    let text = digits(value, 3);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// So many digits, or all those before the point.
fn digits(value: f64, count: usize) -> String {
    let before = match value.abs() {
        large if large >= 100.0 => 3,
        ten if ten >= 10.0 => 2,
        one if one >= 1.0 => 1,
        _ => 0,
    };
    format!("{value:.*}", count.saturating_sub(before))
}
