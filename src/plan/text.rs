//! A plan for people: one screen.

use std::fmt::Write;
use std::time::Duration;

use super::{CellSpec, Epoch, Plan, describe};
use crate::scenario::Length;

/// The plan as text: what would be done, in order, with steps that need root
/// marked `[root]`, and those that run through sudo `[sudo -n]`.
pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    let treatments = treatments(plan);
    head(&mut text, plan, treatments.len());
    steps(&mut text, "setup, once", &plan.setup);
    text.push_str("\ntreatments\n");
    for (letter, epoch) in ('A'..).zip(&treatments) {
        treatment(&mut text, letter, epoch);
    }
    cells(&mut text, plan);
    order(&mut text, plan, &treatments);
    steps(&mut text, "teardown", &plan.teardown);
    text.push_str("  everything started above is undone, whatever happens\n");
    text
}

fn head(text: &mut String, plan: &Plan, treatments: usize) {
    let measured: usize = plan.epochs.iter().map(|epoch| epoch.cells.len()).sum();
    let _ = writeln!(text, "{} — {}", plan.scenario, plan.title);
    let _ = writeln!(
        text,
        "seed {} · {} blocks · {treatments} treatments · {} epochs · {measured} measurements · {} of load, servers' starts not counted",
        plan.seed,
        plan.blocks,
        plan.epochs.len(),
        load_time(plan),
    );
}

fn load_time(plan: &Plan) -> String {
    let planned = plan.epochs.iter().flat_map(|epoch| &epoch.cells).map(|planned| &plan.cells[&planned.cell]);
    let mut least = Duration::ZERO;
    let mut open_ended = false;
    for cell in planned {
        least += cell.warmup.duration();
        match cell.length {
            Length::Duration(length) => least += length.duration(),
            Length::Requests(_) => open_ended = true,
        }
    }
    let least = humantime::format_duration(Duration::from_secs(least.as_secs()));
    if open_ended { format!("over {least}") } else { least.to_string() }
}

fn steps(text: &mut String, title: &str, steps: &[crate::scenario::StepSpec]) {
    let _ = writeln!(text, "\n{title}");
    for step in steps {
        let _ = writeln!(text, "  {:<24} {}", step.name, describe::step(step));
    }
}

/// The first epoch of every treatment, in the order of the cells.
fn treatments(plan: &Plan) -> Vec<&Epoch> {
    let mut seen: Vec<&Epoch> = Vec::new();
    for cell in plan.cells.values() {
        if seen.iter().all(|epoch| epoch.treatment != cell.treatment) {
            seen.extend(plan.epochs.iter().find(|epoch| epoch.treatment == cell.treatment));
        }
    }
    seen
}

fn treatment(text: &mut String, letter: char, epoch: &Epoch) {
    let _ = writeln!(text, "  {letter} {}", epoch.treatment);
    for step in &epoch.setup {
        let _ = writeln!(text, "      {:<20} {}", step.name, describe::step(step));
    }
    for server in &epoch.servers {
        let _ = writeln!(text, "      {:<20} {}", server.label(), describe::server(server));
    }
}

fn cells(text: &mut String, plan: &Plan) {
    text.push_str("\nphases, in each treatment that has them\n");
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for cell in plan.cells.values() {
        let about = format!("{:<20} {}", cell.phase.to_string(), about(cell));
        let load = cell.load.to_string();
        match lines.iter_mut().find(|(known, _)| *known == about) {
            Some((_, loads)) if loads.contains(&load) => {}
            Some((_, loads)) => loads.push(load),
            None => lines.push((about, vec![load])),
        }
    }
    for (about, loads) in lines {
        let _ = writeln!(text, "  {about} · {}", loads.join(" "));
    }
}

fn about(cell: &CellSpec) -> String {
    let length = match cell.length {
        Length::Duration(length) => length.to_string(),
        Length::Requests(count) => format!("{count} requests"),
    };
    let fault = cell.fault.as_ref().map(|fault| format!(", {}[{}] killed at {}", fault.server, fault.index, fault.at));
    format!(
        "{length} after {} of warm-up, at most {} tokens{}",
        cell.warmup,
        cell.request.max_tokens,
        fault.unwrap_or_default()
    )
}

fn order(text: &mut String, plan: &Plan, treatments: &[&Epoch]) {
    text.push_str("\norder\n");
    for block in 0..plan.blocks {
        let letters: Vec<String> = plan
            .epochs
            .iter()
            .filter(|epoch| epoch.block == block)
            .filter_map(|epoch| ('A'..).zip(treatments).find(|(_, known)| known.treatment == epoch.treatment))
            .map(|(letter, _)| letter.to_string())
            .collect();
        if !letters.is_empty() {
            let _ = writeln!(text, "  block {:<2} {}", block + 1, letters.join(" "));
        }
    }
}
