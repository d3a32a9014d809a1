//! A plan as a POSIX shell script that needs no `runexp`: for people who want
//! to read, or do by hand, what a run does to their machine.

mod server;
mod step;

use std::fmt::Write;

use super::outline::{letter, letter_of, treatments};
use super::{Epoch, Placement, Plan, digest, rights};
use crate::scenario::{Cooldown, Processes};
use crate::text::{one_line, typed};

const PRELUDE: &str = include_str!("prelude.sh");

/// The plan as a script for `sh`: setup, every epoch and teardown, in the
/// order of `runexp run` and with the same commands. Where load would be it
/// calls `measure` with the cell's id. Whatever ends it, everything it started
/// is undone, the last first.
///
/// It needs `curl` and `setsid`, and what the scenario's own steps and servers
/// need; the logs of the servers go to the folder of the bindings, which must
/// be absolute.
pub fn script(plan: &Plan, placement: Placement<'_>) -> String {
    let mut text = String::new();
    let treatments = treatments(plan);
    head(&mut text, plan, placement);
    text.push_str(PRELUDE);
    text.push_str("\n# ---- this plan\n");
    step::functions(&mut text, "setup", &plan.setup);
    call_all(&mut text, "setup", &step::calls("setup", &plan.setup, step::Failing::Ends));
    for (index, epoch) in treatments.iter().enumerate() {
        treatment(&mut text, &letter(index), epoch, placement);
    }
    for epoch in &plan.epochs {
        self::epoch(&mut text, plan, epoch, &letter_of(epoch, &treatments));
    }
    step::functions(&mut text, "teardown", &plan.teardown);
    call_all(&mut text, "teardown", &step::calls("teardown", &plan.teardown, step::Failing::IsNotUndone));
    story(&mut text, plan);
    text
}

fn head(text: &mut String, plan: &Plan, placement: Placement<'_>) {
    let (run_id, run_dir) = (&placement.bindings.run_id, placement.bindings.run_dir.to_string_lossy());
    let _ = writeln!(
        text,
        "#!/bin/sh\n\
         # {}\n#\n\
         # Setup and teardown of this plan without runexp: the commands of `runexp run`, in its order.\n\
         # plan {} · seed {}\n#",
        comment(&format!("{} — {}", plan.scenario, plan.title)),
        digest(plan),
        plan.seed,
    );
    for line in rights::lines(plan) {
        let _ = writeln!(text, "# {}", comment(&line));
    }
    text.push_str(
        "#\n\
         # Where load would be it prints the cell's id, or runs the line in MEASURE with the id in $1.\n\
         # Not here: load, records, and the time limits of commands. A command is ended before a signal is heeded.\n\
         # Names and passwords in addresses are left out; curl takes them from ~/.netrc.\n\
         set -eu\n\n",
    );
    let assignments =
        [("scenario_dir", placement.scenario_dir.to_string_lossy()), ("run_id", run_id.into()), ("run_dir", run_dir)];
    for (name, value) in assignments {
        let _ = writeln!(text, "{name}={}", typed(&[value]));
    }
    text.push('\n');
}

fn treatment(text: &mut String, letter: &str, epoch: &Epoch, placement: Placement<'_>) {
    step::functions(text, letter, &epoch.setup);
    let mut calls = step::calls(letter, &epoch.setup, step::Failing::Ends);
    for (server, number) in epoch.servers.iter().zip(1..) {
        let functions = server::Functions { server, scope: letter, number, placement };
        functions.write(text);
        calls.extend(functions.calls());
    }
    let _ = writeln!(text, "\n# {letter}: {}", comment(&epoch.treatment.to_string()));
    function(text, &format!("treatment_{letter}"), &calls);
}

fn epoch(text: &mut String, plan: &Plan, epoch: &Epoch, letter: &str) {
    let number = epoch.index + 1;
    let mut calls = vec![
        format!("say 'epoch {number} of {}, block {}, treatment {letter}'", plan.epochs.len(), epoch.block + 1),
        "floor=$pending".to_owned(),
        format!("treatment_{letter}"),
    ];
    for planned in &epoch.cells {
        if let Some(fault) = &plan.cells[&planned.cell].fault {
            let then = match fault.processes {
                Processes::All => "and starts it again",
                Processes::Workers => "and leaves it to help itself",
            };
            calls.push(format!("# {} after its start, run kills {} {then}.", fault.at, fault.victim()));
        }
        let (first, all) = (plan.servers_at_first(epoch), epoch.servers.len());
        if first < all {
            calls.push(format!(
                "# run starts {first} of these {all} servers, and the others one by one as it measures."
            ));
        }
        calls.push(format!("measure {}", typed(&[planned.cell.as_str()])));
    }
    calls.push("end_epoch".to_owned());
    let is_last = plan.epochs.last().is_some_and(|last| last.index == epoch.index);
    if let Some(Cooldown { gpu_below_c, at_most }) = plan.cooldown.as_ref().filter(|_| !is_last) {
        if let Some(limit) = gpu_below_c {
            calls.push(format!("# run goes on as soon as every GPU is below {limit} °C."));
        }
        calls.push(format!("cool_down {}", at_most.duration().as_secs()));
    }
    text.push('\n');
    function(text, &format!("epoch_{number}"), &calls);
}

fn story(text: &mut String, plan: &Plan) {
    text.push_str(
        "\nmkdir -p -- \"$run_dir\"\ncd -- \"$scenario_dir\"\n\
         trap finish EXIT\ntrap 'signalled 129' HUP\ntrap 'signalled 130' INT\ntrap 'signalled 143' TERM\n\n\
         say \"by hand as run $run_id; logs of servers in $run_dir\"\nsetup\n",
    );
    for epoch in &plan.epochs {
        let _ = writeln!(text, "epoch_{}", epoch.index + 1);
    }
}

fn call_all(text: &mut String, name: &str, calls: &[String]) {
    text.push('\n');
    function(text, name, calls);
}

/// A function of these lines.
fn function(text: &mut String, name: &str, lines: &[String]) {
    let body = if lines.is_empty() { ":".to_owned() } else { lines.join("\n  ") };
    let _ = writeln!(text, "{name}() {{\n  {body}\n}}");
}

/// Text that cannot end its comment.
fn comment(text: &str) -> String {
    one_line(text)
}
