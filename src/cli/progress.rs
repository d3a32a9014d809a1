use super::exit::say;
use crate::record::CellEnd;
use crate::run::RunEvent;

/// Tells a person what happens: one line per cell.
pub(super) fn tell(event: &RunEvent) {
    match event {
        RunEvent::Step { name } => say(format_args!("  step {name}")),
        RunEvent::Resumed { kept, of } => say(format_args!("resumed: {kept} of {of} epochs are whole")),
        RunEvent::Again { count } => {
            let plural = if *count == 1 { "" } else { "s" };
            say(format_args!("again: {count} repetition{plural} that something has spoiled"));
        }
        RunEvent::Epoch { index, of, block, treatment } => {
            say(format_args!("epoch {}/{of} · block {} · {treatment}", index + 1, block + 1));
        }
        RunEvent::ServerReady { label, seconds } => say(format_args!("  server {label} ready after {seconds:.1} s")),
        RunEvent::Cell { number, of, cell, requests, failures, end } => {
            let failed = match failures.failed() {
                0 => String::new(),
                count => format!(", {count} failed: {}", failures.words()),
            };
            let cut = match failures.cut() {
                0 => String::new(),
                count => format!(", {count} unanswered at the end of the drain"),
            };
            let ended = match end {
                CellEnd::Complete => String::new(),
                CellEnd::Interrupted => " · interrupted".to_owned(),
                CellEnd::Failed { reason } => format!(" · {reason}"),
            };
            say(format_args!("  [{number}/{of}] {cell} · {requests} requests{failed}{cut}{ended}"));
        }
        RunEvent::Probed { load, verdict } => say(format_args!("    {load} {verdict}")),
        RunEvent::Look { told } => say(format_args!("{told}")),
        RunEvent::Teardown => say("teardown"),
        RunEvent::NotUndone { problem } => say(format_args!("error: not undone: {problem}")),
        RunEvent::Warning { message } => say(format_args!("warning: {message}")),
    }
}
