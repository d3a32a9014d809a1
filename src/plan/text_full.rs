//! A plan for people, with nothing left out.

use std::fmt::Write;

use super::outline::{letter_of, treatments};
use super::{Epoch, Placement, Plan, ServerCommand, render};
use crate::scenario::{Cooldown, ScriptLines, StepSpec};
use crate::text::{one_line, typed};

/// The plan as [`render`] shows it, and then every step and epoch in order:
/// commands, environment, folder, port, limits, and the seed of each cell.
pub fn render_full(plan: &Plan, placement: Placement<'_>) -> String {
    let mut text = render(plan, placement);
    let treatments = treatments(plan);
    let _ = writeln!(text, "\nin order, from {}", placement.scenario_dir.display());
    steps(&mut text, "setup", &plan.setup);
    for epoch in &plan.epochs {
        let number = epoch.index + 1;
        let title = format!(
            "epoch {number} of {}, block {}, {} {}",
            plan.epochs.len(),
            epoch.block + 1,
            letter_of(epoch, &treatments),
            epoch.treatment
        );
        self::epoch(&mut text, &title, epoch, placement);
        if let Some(Cooldown { gpu_below_c, at_most }) = &plan.cooldown
            && plan.epochs.last().is_some_and(|last| last.index != epoch.index)
        {
            let until = gpu_below_c.map(|limit| format!(", or until every GPU is below {limit} °C"));
            let _ = writeln!(text, "    cool down for {at_most}{}", until.unwrap_or_default());
        }
    }
    steps(&mut text, "teardown", &plan.teardown);
    text
}

fn epoch(text: &mut String, title: &str, epoch: &Epoch, placement: Placement<'_>) {
    steps(text, title, &epoch.setup);
    if epoch.setup.is_empty() {
        let _ = writeln!(text, "\n  {title}");
    }
    for server in &epoch.servers {
        let _ = writeln!(text, "    server {}, ready within {}", server.label(), server.ready.within);
        if let Some(ServerCommand { argv, env, dir, port, .. }) = ServerCommand::of(server, placement) {
            let _ = writeln!(text, "      port {port} · in {}", dir.display());
            for (name, value) in env {
                let _ = writeln!(text, "      {name}={}", one_line(value));
            }
            let _ = writeln!(text, "      {}", one_line(&typed(&argv)));
        }
    }
    for planned in &epoch.cells {
        let _ = writeln!(text, "    measure {}, seed {}", planned.cell, planned.seed);
    }
}

fn steps(text: &mut String, title: &str, steps: &[StepSpec]) {
    if !steps.is_empty() {
        let _ = writeln!(text, "\n  {title}");
    }
    for step in steps {
        let tries = if step.retries > 0 { format!(", tried {} times", step.retries + 1) } else { String::new() };
        let _ = writeln!(text, "    step {}, within {}{tries}: {}", step.name, step.timeout, step.words());
        let ScriptLines { perform, check, undo } = step.script();
        for (what, lines) in [("", perform), ("check ", check), ("undo ", undo)] {
            for line in lines {
                let _ = writeln!(text, "      {what}{}", one_line(&line));
            }
        }
    }
}
