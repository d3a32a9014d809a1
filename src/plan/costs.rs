//! What a run takes, in words: time, files, records.

use std::fmt::Write;
use std::time::Duration;

use super::{Durations, Placement, Plan, Volume, inputs};
use crate::units::Nanos;

/// The time a run takes.
pub(super) fn time(text: &mut String, plan: &Plan) {
    let durations = Durations::of(plan);
    let Durations { load_ns, sleeps_ns, measurements_by_requests, .. } = durations;
    let Durations {
        leads_at_most_ns,
        searches_at_most_ns,
        drains_at_most_ns,
        cooldowns_at_most_ns,
        starts_at_most_ns,
        steps_at_most_ns,
        ..
    } = durations;
    let least = [(load_ns, "of load"), (sleeps_ns, "of `sleep` steps")];
    let _ = writeln!(text, "\ntime\n  at least {}: {}", shown(durations.at_least()), sum(&least));
    let limits = [
        (leads_at_most_ns, "for windows to begin at random"),
        (searches_at_most_ns, "for searches"),
        (drains_at_most_ns, "for drains"),
        (cooldowns_at_most_ns, "for cool-downs"),
        (starts_at_most_ns, "for servers' starts"),
        (steps_at_most_ns, "for steps"),
    ];
    let _ = match durations.at_most() {
        Some(most) => writeln!(text, "  at most {}, with every limit used up: {}", shown(most), sum(&limits)),
        None => writeln!(
            text,
            "  at most unknown: {} until enough requests are done; with every other limit used up {} more",
            counted(measurements_by_requests, "measurement goes on", "measurements go on"),
            sum(&limits),
        ),
    };
    if let Some(fewest) = plan.least_blocks() {
        let least = shown(Durations::at_the_first_look(plan).at_least());
        let _ =
            writeln!(text, "  that is with all {} blocks; at least {least} if it stops after {fewest}", plan.blocks);
    }
    text.push_str("  not counted: checks between steps, stopping servers, undoing\n");
}

/// What a run reads and writes.
pub(super) fn volume(text: &mut String, plan: &Plan, placement: Placement<'_>) {
    let volume = Volume::of(plan);
    text.push_str("\nfiles\n");
    for line in inputs::lines(plan, placement) {
        let _ = writeln!(text, "  {line}");
    }
    let by_rate = (volume.requests_by_rate > 0).then(|| format!("{} requests sent by rate", volume.requests_by_rate));
    let by_count =
        (volume.requests_by_count > 0).then(|| format!("at least {} requests by count", volume.requests_by_count));
    let known: Vec<String> = by_rate.into_iter().chain(by_count).collect();
    if !known.is_empty() {
        let _ = writeln!(text, "  writes about {} of records for {}", volume.records_bytes, known.join(" and "));
    }
    if volume.measurements_of_unknown_volume > 0 {
        let measurements = counted(volume.measurements_of_unknown_volume, "measurement sends", "measurements send");
        let _ = writeln!(text, "  {measurements} as fast as servers answer: nobody knows how much before");
    }
    if volume.searches > 0 {
        let searches = counted(volume.searches, "search sends", "searches send");
        let _ = writeln!(text, "  {searches} what the loads that it tries take: nobody knows which before");
    }
    text.push_str("  not known: telemetry, logs, and what servers read, cache and write\n");
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What is not nothing, in words.
fn sum(parts: &[(Nanos, &str)]) -> String {
    let parts = parts.iter().filter(|(length, _)| *length > Nanos::ZERO);
    let words: Vec<String> = parts.map(|(length, what)| format!("{} {what}", shown(*length))).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

pub(super) fn shown(length: Nanos) -> String {
    humantime::format_duration(Duration::from(length)).to_string()
}
