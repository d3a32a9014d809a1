//! Words for numbers, and text that nobody vouches for made harmless.

use crate::text::is_unprintable;
use crate::units::Share;

/// How a gap reads.
pub(super) const NOT_MEASURED: &str = "not measured here";

/// More than this of a server's or a user's text says nothing new.
const LONGEST: usize = 400;

/// One bounded line: control characters and marks that turn the direction of
/// writing become spaces, and what is over [`LONGEST`] characters is cut.
pub(super) fn line(text: &str) -> String {
    let harmless = text.chars().take(LONGEST).map(|c| if is_unprintable(c) { ' ' } else { c }).collect::<String>();
    let mut line = harmless.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// Text for a Markdown table cell or list item: one line that cannot end the
/// cell, open code or emphasis, link anywhere, or become HTML.
///
/// Brackets alone stay as they are, so that an interval stays readable: a link
/// needs `](`, `][` or a definition, and those are broken up.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '|' | '`' | '*' | '#' | '~' => escaped.extend(['\\', c]),
            '(' | '[' | ':' if previous == ']' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
        previous = c;
    }
    escaped
}

/// A number with `digits` decimals.
pub(super) fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}", digits = digits.min(9));
    if text.trim_start_matches('-').chars().all(|c| matches!(c, '0' | '.')) {
        return text.trim_start_matches('-').to_owned();
    }
    text
}

/// The same with a plus sign before what is above 0.
pub(super) fn signed(value: f64, digits: usize) -> String {
    let text = fixed(value, digits);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if is_zero || text.starts_with('-') { text } else { format!("+{text}") }
}

/// A fragment as the beginning of a sentence.
pub(super) fn sentence(fragment: &str) -> String {
    let mut rest = fragment.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// A fraction as per cent: 0.97 is `97.0 %`.
pub(super) fn percent(fraction: f64) -> String {
    Share::from_fraction(fraction.abs()).map_or_else(
        || NOT_MEASURED.to_owned(),
        |share| if fraction < 0.0 { format!("-{share}") } else { share.to_string() },
    )
}

/// A number as the mark of a note: 12 is `¹²`.
pub(super) fn superscript(number: usize) -> String {
    let raised = |digit: char| match digit {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    number.to_string().chars().map(raised).collect()
}

/// A number with an SI prefix: 4 900 000 000 is `4.9 G`.
pub(super) fn si(value: f64) -> String {
    const PREFIXES: [(&str, f64); 7] =
        [(" T", 1e12), (" G", 1e9), (" M", 1e6), (" k", 1e3), ("", 1.0), (" m", 1e-3), (" µ", 1e-6)];
    let (prefix, scale) = PREFIXES.into_iter().find(|(_, scale)| value.abs() >= *scale).unwrap_or(if value == 0.0 {
        ("", 1.0)
    } else {
        (" µ", 1e-6)
    });
    format!("{}{prefix}", three_digits(value / scale))
}

/// A number with about three significant digits, and never an exponent.
pub(super) fn three_digits(value: f64) -> String {
    three_digits_by(fixed, value)
}

/// The same, shown by [`fixed`] or [`signed`].
pub(super) fn three_digits_by(show: fn(f64, usize) -> String, value: f64) -> String {
    let digits = decimals(value);
    let text = show(value, digits);
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// The same with about two significant digits: of bounds that stand alone. As
/// close as it gets to a whole 100 shows more.
pub(super) fn two_digits_by(show: fn(f64, usize) -> String, value: f64) -> String {
    let from_whole = (100.0 - value).abs();
    let near = if value > 90.0 && from_whole > 0.0 { value.min(from_whole) } else { value };
    show(value, digits_until(near, 10.0).unwrap_or(0).min(3))
}

/// A value and the ends of its interval, with as many decimals as the
/// interval's half-width deserves: one digit of it, two where it begins with
/// 1 or 2. Shown by [`fixed`] or [`signed`].
pub(super) fn with_interval(show: fn(f64, usize) -> String, value: f64, lower: f64, upper: f64) -> String {
    let half_width = (upper - lower).abs() / 2.0;
    let digits = digits_until(half_width, 2.5).unwrap_or_else(|| decimals(value));
    format!("{} [{}, {}]", show(value, digits), show(lower, digits), show(upper, digits))
}

/// Decimals that show three significant digits.
fn decimals(value: f64) -> usize {
    digits_until(value, 100.0).unwrap_or(0)
}

/// The fewest decimals, at most 9, that make of `value` at least `enough` units
/// of the last digit.
fn digits_until(value: f64, enough: f64) -> Option<usize> {
    let mut units = value.abs();
    (0..=9).find(|_| {
        let is_enough = units >= enough;
        units *= 10.0;
        is_enough
    })
}
