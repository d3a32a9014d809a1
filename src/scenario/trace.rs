//! Traces: files of recorded arrivals.
//!
//! A `.jsonl` file has one object a line, whose `timestamp` is in
//! milliseconds, as the traces of Mooncake (FAST '25) have it; other keys are
//! not looked at. In any other file the first field of each line, up to a
//! comma, is a time in seconds, as `BurstGPT` has it; a first line that does not
//! begin with a number is a heading.

use serde::Deserialize;

use crate::units::Nanos;

/// A line that is no arrival.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    /// From 1.
    pub(super) number: usize,
    pub(super) reason: String,
}

#[derive(Deserialize)]
struct Line {
    timestamp: f64,
}

/// The moments of a trace, counted from its first; or every line that is
/// wrong.
pub(super) fn parse(text: &str, is_json_lines: bool) -> Result<Vec<Nanos>, Vec<BadLine>> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let mut moments: Vec<f64> = Vec::new();
    let mut bad = Vec::new();
    for (line, number) in lines {
        let read = if is_json_lines { from_json(line) } else { from_fields(line) };
        let last = moments.last().copied();
        match read.and_then(|seconds| in_order(seconds, last)) {
            Ok(seconds) => moments.push(seconds),
            Err(_) if number == 1 && !is_json_lines && is_heading(line) => {}
            Err(reason) => bad.push(BadLine { number, reason }),
        }
    }
    let first = moments.first().copied().unwrap_or_default();
    let from_first = || moments.iter().map(|moment| Nanos::from_seconds(moment - first)).collect();
    if bad.is_empty() { Ok(from_first()) } else { Err(bad) }
}

fn from_json(line: &str) -> Result<f64, String> {
    let read = serde_json::from_str::<Line>(line).map_err(|error| {
        let text = error.to_string();
        text.split(" at line ").next().unwrap_or_default().to_owned()
    });
    Ok(read?.timestamp / 1e3)
}

fn from_fields(line: &str) -> Result<f64, String> {
    let field = first_field(line);
    field.parse().map_err(|_| format!("`{}` is not a number of seconds", shown(field)))
}

fn first_field(line: &str) -> &str {
    line.split(',').next().unwrap_or_default().trim()
}

fn is_heading(line: &str) -> bool {
    let field = first_field(line);
    field.parse::<f64>().is_err() && field.starts_with(|first: char| first.is_alphabetic() || "#\"".contains(first))
}

fn shown(field: &str) -> String {
    field.chars().take(40).collect()
}

fn in_order(seconds: f64, last: Option<f64>) -> Result<f64, String> {
    if !seconds.is_finite() {
        return Err("the time is not a finite number".to_owned());
    }
    if seconds < 0.0 {
        return Err(format!("the time is negative: {seconds} s"));
    }
    match last {
        Some(last) if seconds < last => Err(format!("{seconds} s comes after {last} s: the times must not fall")),
        _ => Ok(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_counts_from_its_first_arrival() {
        let mooncake =
            "{\"timestamp\": 27000, \"input_length\": 6955}\n\n{\"timestamp\": 27000}\n{\"timestamp\":30052.5}";
        assert_eq!(parse(mooncake, true), Ok([0.0, 0.0, 3.0525].map(Nanos::from_seconds).into()));
        let burst = "Timestamp,Model,Request tokens\n5,ChatGPT,472\n45, ChatGPT,1087\n";
        assert_eq!(parse(burst, false), Ok([0.0, 40.0].map(Nanos::from_seconds).into()));
        assert_eq!(parse("0.25\n1.5\n", false), Ok([0.0, 1.25].map(Nanos::from_seconds).into()));
        assert_eq!(parse("\n", false), Ok(Vec::new()));
    }

    #[test]
    fn every_line_that_is_no_arrival_is_named() {
        let reasons = |text, is_json_lines| -> Vec<String> {
            let bad = parse(text, is_json_lines).unwrap_err();
            bad.iter().map(|line| format!("{}: {}", line.number, line.reason)).collect()
        };
        assert_eq!(
            reasons("nan\n3\n2\n-1\nsoon\n4\n", false),
            [
                "1: the time is not a finite number",
                "3: 2 s comes after 3 s: the times must not fall",
                "4: the time is negative: -1 s",
                "5: `soon` is not a number of seconds",
            ]
        );
        assert_eq!(
            reasons("{\"timestamp\": 1}\n{\"time\": 2}\n{\"timestamp\": \"3\"}", true),
            ["2: missing field `timestamp`", "3: invalid type: string \"3\", expected f64"]
        );
    }
}
