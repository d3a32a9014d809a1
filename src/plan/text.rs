//! A plan for people: one screen.

use std::fmt::Write;

use super::costs::shown;
use super::outline::{letter, letter_of, treatments};
use super::{CellSpec, Durations, Epoch, Placement, Plan, costs, describe, rights};
use crate::scenario::{Length, Searched, StepSpec};

/// The plan as text: what would be done, in order, with steps that need root
/// marked `[root]`, and those that run through sudo `[sudo -n]`.
pub fn render(plan: &Plan, placement: Placement<'_>) -> String {
    let mut text = String::new();
    let treatments = treatments(plan);
    head(&mut text, plan, treatments.len());
    text.push_str("\nrights\n");
    for line in rights::lines(plan) {
        let _ = writeln!(text, "  {line}");
    }
    if !plan.setup.is_empty() {
        steps(&mut text, "setup, once", &plan.setup);
    }
    text.push_str("\ntreatments\n");
    for (index, epoch) in treatments.iter().enumerate() {
        treatment(&mut text, &letter(index), epoch);
    }
    cells(&mut text, plan);
    order(&mut text, plan, &treatments);
    steps(&mut text, "teardown", &plan.teardown);
    text.push_str("  everything started above is undone, whatever happens\n");
    environment(&mut text, plan);
    costs::time(&mut text, plan);
    costs::volume(&mut text, plan, placement);
    text
}

fn head(text: &mut String, plan: &Plan, treatments: usize) {
    let measured: usize = plan.epochs.iter().map(|epoch| epoch.cells.len()).sum();
    let (least, at_most) =
        plan.least_blocks().map_or_else(Default::default, |least| (format!("{least} to "), "at most "));
    let _ = writeln!(text, "{} — {}", plan.scenario, plan.title);
    let _ = writeln!(
        text,
        "seed {} · {least}{} · {} · {at_most}{} · {} · at least {}",
        plan.seed,
        counted(plan.blocks as usize, "block"),
        counted(treatments, "treatment"),
        counted(plan.epochs.len(), "epoch"),
        counted(measured, "measurement"),
        shown(Durations::at_the_first_look(plan).at_least()),
    );
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn steps(text: &mut String, title: &str, steps: &[StepSpec]) {
    let _ = writeln!(text, "\n{title}");
    for step in steps {
        let _ = writeln!(text, "  {:<24} {}", step.name, step.words());
    }
}

fn treatment(text: &mut String, letter: &str, epoch: &Epoch) {
    let _ = writeln!(text, "  {letter} {}", epoch.treatment);
    for step in &epoch.setup {
        let _ = writeln!(text, "      {:<20} {}", step.name, step.words());
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
        let load = cell.load_words();
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
    let fault = cell.fault.as_ref().map(|fault| format!(", {} killed at {}", fault.victim(), fault.at));
    let search = cell.find.as_ref().map(|find| {
        let (fewest, most) = cell.tries();
        let within = match find.max {
            Searched::Servers { clients } => format!(", each with {}", counted(clients as usize, "client")),
            Searched::Clients | Searched::Rate(_) => format!(" within {} %", 100.0 * find.resolution.fraction()),
        };
        format!(", {fewest} to {most} times to find max {} from {} to {}{within}", find.max, find.from, find.to)
    });
    format!(
        "{length} after {} of warm-up, {}{}{}",
        cell.warmup,
        describe::request(&cell.request),
        fault.unwrap_or_default(),
        search.unwrap_or_default()
    )
}

/// The variables whose values are secrets.
fn environment(text: &mut String, plan: &Plan) {
    let mut lines: Vec<String> = Vec::new();
    for server in plan.epochs.iter().flat_map(|epoch| &epoch.servers) {
        let read = server.headers.iter().filter_map(|header| Some((header.variable()?, &header.name)));
        for (variable, header) in read {
            let line = format!("  {variable:<24} for the header `{header}` of {}\n", server.label());
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if !lines.is_empty() {
        text.push_str("\nread from the environment when the run begins, and never shown\n");
        text.extend(lines);
    }
}

fn order(text: &mut String, plan: &Plan, treatments: &[&Epoch]) {
    text.push_str("\norder\n");
    for block in 0..plan.blocks {
        let letters: Vec<String> =
            plan.epochs.iter().filter(|epoch| epoch.block == block).map(|epoch| letter_of(epoch, treatments)).collect();
        if !letters.is_empty() {
            let _ = writeln!(text, "  block {:<2} {}", block + 1, letters.join(" "));
        }
    }
}
