//! Numbers as publications print them: `~33.2`, `97%`, `24GB`, `7,614`,
//! `27 400`, `1'000`, `27.4k`.
//!
//! Signs between digits mean different things in different places: `7,614` is a
//! number of thousands here and one with three decimals there. A claim states
//! its value beside its words, so a number of the words is read the way that
//! gives the value. Where only the less usual way does, or where it is the value
//! only as a part of a longer number, nobody can tell whether the value or the
//! words are wrong: that is an error, never a guess.

use std::fmt;

use crate::units::Bytes;

/// What differs by less is the same number, written twice.
const SAME: f64 = 1e-9;

/// A number of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// Whether it is said to be about that: `~300`.
    pub is_about: bool,
    /// Half of what its last digit stands for: every value within that of it
    /// prints the same.
    pub half_a_digit: f64,
    /// Its unit, if that changes or explains it.
    pub unit: &'static str,
    digits: String,
}

/// A number that can be read in several ways, of which not the usual one is
/// meant.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{digits}` may be {meant} or {usual}")]
pub struct AmbiguousNumber {
    /// As it is printed.
    pub digits: String,
    /// Read as the claim has it.
    pub meant: f64,
    /// Read as most would.
    pub usual: f64,
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.is_about { "~" } else { "" };
        write!(f, "{about}{}{}", self.digits, self.unit)
    }
}

/// How a text prints a value, if it does. What is part of a word is no number,
/// and a `-` before one joins a range.
///
/// # Errors
/// When the value stands there only in a reading that most would not take.
pub fn printed(text: &str, value: f64) -> Result<Option<Printed>, AmbiguousNumber> {
    let mut doubtful = None;
    for found in numbers(text) {
        for reading in &found.readings {
            if !reading.is(value) {
                continue;
            }
            if reading.is_usual {
                return Ok(Some(reading.printed(found.is_about)));
            }
            doubtful.get_or_insert_with(|| AmbiguousNumber {
                digits: found.longest.to_owned(),
                meant: reading.number,
                usual: found.usual,
            });
        }
    }
    doubtful.map_or(Ok(None), Err)
}

/// A place of a text where a number begins.
struct Found<'t> {
    is_about: bool,
    /// As far as a number may reach.
    longest: &'t str,
    /// What most would read.
    usual: f64,
    readings: Vec<Reading>,
}

/// One way to read it.
struct Reading {
    digits: String,
    number: f64,
    decimals: i32,
    unit: &'static str,
    is_usual: bool,
}

impl Reading {
    fn is(&self, value: f64) -> bool {
        (self.number * scale(self.unit) - value).abs() <= SAME * value.abs()
    }

    fn printed(&self, is_about: bool) -> Printed {
        Printed {
            is_about,
            half_a_digit: 0.5 * 10_f64.powi(-self.decimals) * scale(self.unit),
            unit: self.unit,
            digits: self.digits.clone(),
        }
    }
}

/// The number in the unit that claims are written in, over the number as
/// printed.
fn scale(unit: &str) -> f64 {
    match unit {
        "%" => 0.01,
        "k" => 1e3,
        unit => format!("1{unit}").parse::<Bytes>().map_or(1.0, Bytes::as_f64),
    }
}

fn numbers(text: &str) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let mut rest = 0;
    // Where the last number may end that is written with spaces in it.
    let mut spaced: Option<(usize, f64, &str)> = None;
    while let Some(start) = text.get(rest..).and_then(|tail| Some(rest + tail.find(|c: char| c.is_ascii_digit())?)) {
        let tail = text.get(start..).unwrap_or_default();
        let length = run(tail);
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        rest = start + length;
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ',' | '\'' | '’')) {
            continue;
        }
        let mut here = readings(tail);
        if let Some((end, number, longest)) = spaced.filter(|(end, ..)| start < *end) {
            // The tail of `27 400` may be a number of its own, if hardly.
            here.longest = if end >= start + length { longest } else { here.longest };
            here.usual = number;
            here.readings.iter_mut().for_each(|reading| reading.is_usual = false);
        } else if here.longest.contains(is_space) {
            spaced = Some((start + here.longest.len(), here.usual, here.longest));
        }
        here.is_about = matches!(before, Some('~' | '≈'));
        found.push(here);
    }
    found
}

/// Every way to read the number that a text begins with. Three digits behind a
/// comma are thousands to most, three behind a point are decimals.
fn readings(tail: &str) -> Found<'_> {
    let whole = tail.get(..run(tail)).unwrap_or_default();
    let with_part = |mark: char| {
        let behind = tail.get(whole.len()..).and_then(|behind| behind.strip_prefix(mark)).map_or(0, run);
        tail.get(..whole.len() + 1 + behind).filter(|_| behind > 0)
    };
    let marks = [',', '\'', '’', '_', ' ', '\u{a0}', '\u{202f}', '.'];
    let grouped = marks.into_iter().find_map(|mark| Some((groups(tail, mark)?, mark)));
    let is_all = |text: &&str| grouped.is_none_or(|(longer, _)| longer.len() <= text.len());
    let (dot, comma) = (with_part('.'), with_part(','));
    let is_whole = dot.is_none() && comma.is_none();
    let (dot, comma) = (dot.filter(is_all), comma.filter(is_all));
    let decimals = |text: &str| text.len() - whole.len() - 1;
    let mut all = Vec::new();
    if let Some((text, mark)) = grouped {
        let behind = text.find(|c: char| !c.is_ascii_digit() && c != mark).map_or(0, |point| text.len() - point - 1);
        let plain: String = text.chars().filter(|c| *c != mark).collect();
        all.extend(reading(tail, text, &plain.replace(',', "."), behind, dot.is_none()));
    }
    if let Some(text) = dot {
        all.extend(reading(tail, text, text, decimals(text), true));
    }
    if let Some(text) = comma {
        all.extend(reading(tail, text, &text.replace(',', "."), decimals(text), grouped.is_none()));
    }
    if is_whole {
        all.extend(reading(tail, whole, whole, 0, is_all(&whole)));
    }
    let usual = all.iter().find(|reading| reading.is_usual).map_or(f64::NAN, |reading| reading.number);
    let longest = grouped.map(|(text, _)| text).or(dot).or(comma).unwrap_or(whole);
    Found { is_about: false, longest, usual, readings: all }
}

fn reading(tail: &str, text: &str, plain: &str, decimals: usize, is_usual: bool) -> Option<Reading> {
    Some(Reading {
        digits: text.to_owned(),
        number: plain.parse().ok()?,
        decimals: i32::try_from(decimals).ok()?,
        unit: unit(tail.get(text.len()..).unwrap_or_default()),
        is_usual,
    })
}

/// The number in groups of three digits that a text begins with, with decimals
/// behind them if there are any.
fn groups(tail: &str, mark: char) -> Option<&str> {
    let first = run(tail);
    if !(1..=3).contains(&first) || tail.starts_with('0') {
        return None;
    }
    let mut end = first;
    while let Some(behind) = tail.get(end..).and_then(|behind| behind.strip_prefix(mark))
        && run(behind) == 3
    {
        end += mark.len_utf8() + 3;
    }
    if end == first {
        return None;
    }
    let points = match mark {
        ',' | '_' => ['.', '.'],
        '.' => [',', ','],
        _ => ['.', ','],
    };
    let decimals = tail.get(end..).and_then(|behind| behind.strip_prefix(points)).map_or(0, run);
    end += if decimals > 0 { decimals + 1 } else { 0 };
    tail.get(..end)
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}')
}

/// How many digits a text begins with.
fn run(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
}

/// The unit that a text begins with, if it changes or explains the number.
fn unit(text: &str) -> &'static str {
    const UNITS: [&str; 11] = ["%", "x", "KiB", "MiB", "GiB", "TiB", "kB", "MB", "GB", "TB", "k"];
    let text = text.strip_prefix(is_space).unwrap_or(text);
    let ends = |unit: &str| !text.get(unit.len()..).is_some_and(|tail| tail.starts_with(char::is_alphanumeric));
    UNITS.into_iter().find(|unit| text.starts_with(unit) && ends(unit)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a text prints a value, and how much that leaves open.
    fn read(text: &str, value: f64) -> String {
        match printed(text, value) {
            Ok(Some(printed)) => format!("{printed} ± {}", printed.half_a_digit),
            Ok(None) => "not printed".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn thousands_are_read_however_they_are_parted() {
        for text in ["7,614 tok/s", "7'614", "7’614", "7_614", "7 614", "7\u{a0}614", "7\u{202f}614 tok/s", "7614"] {
            assert!(read(text, 7614.0).ends_with(" ± 0.5"), "{text}: {}", read(text, 7614.0));
        }
        assert_eq!(read("prefill 1,234,567 tokens", 1_234_567.0), "1,234,567 ± 0.5");
        assert_eq!(read("8,691.25 tok/s", 8691.25), "8,691.25 ± 0.005");
        assert_eq!(read("8 691,2 tok/s", 8691.2), "8 691,2 ± 0.05");
        assert_eq!(read("8.691,2 tok/s", 8691.2), "8.691,2 ± 0.05");
        assert_eq!(read("1.234.567 tokens", 1_234_567.0), "1.234.567 ± 0.5");
        assert_eq!(read("~27.4k tok/s", 27_400.0), "~27.4k ± 50");
        assert_eq!(read("≈27_400", 27_400.0), "~27_400 ± 0.5");
    }

    #[test]
    fn decimals_leave_open_what_they_are_printed_with() {
        assert_eq!(read("66.4 tok/s", 66.4), "66.4 ± 0.05");
        assert_eq!(read("66,4 tok/s", 66.4), "66,4 ± 0.05");
        assert_eq!(read("33.333", 33.333), "33.333 ± 0.0005");
        assert_eq!(read("a share of 0,614", 0.614), "0,614 ± 0.0005");
        assert_eq!(read("97%", 0.97), "97% ± 0.005");
        assert_eq!(read("it is 66.", 66.0), "66 ± 0.5");
        assert_eq!(read("RTX 5090 300 tok/s", 300.0), "300 ± 0.5");
        assert_eq!(read("1, 2 and 400", 400.0), "400 ± 0.5");
        assert_eq!(read("llama3.1:8b at 31", 3.1), "not printed");
        assert_eq!(read("12,34,567", 34.0), "not printed");
    }

    #[test]
    fn a_number_that_is_meant_as_most_would_not_read_it_is_an_error() {
        assert_eq!(read("7,614 tok/s", 7.614), "`7,614` may be 7.614 or 7614");
        assert_eq!(read("27.400 tok/s", 27_400.0), "`27.400` may be 27400 or 27.4");
        assert_eq!(read("batch 32 368 tok/s", 368.0), "`32 368` may be 368 or 32368");
        assert_eq!(read("27 400 tok/s", 27.0), "`27 400` may be 27 or 27400");
        // The usual reading, and a second printing that leaves no doubt.
        assert_eq!(read("27 400 tok/s", 27_400.0), "27 400 ± 0.5");
        assert_eq!(read("27.400 [27400] tok/s", 27_400.0), "27400 ± 0.5");
    }
}
