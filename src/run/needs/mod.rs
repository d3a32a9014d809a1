//! Whether all that a run needs is there: asked before its first effect, and
//! all that is missing is told at once.
//!
//! Only what cannot work is missing. A step that runs a command may bring
//! anything; it is taken to bring what its command names.

mod compose;
mod course;
mod lack;
mod models;
mod ports;
mod programs;
mod trusted;

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::runner::{RunStop, Runner};
use super::world::World;
use crate::scenario::{ServerSpec, StepSpec};
use course::Course;
pub(super) use lack::Lack;

/// So many of those who need the same are named.
const MOST_NAMED: usize = 3;

/// What is missing, and who needs it.
#[derive(Debug, Default)]
pub(super) struct Missing(IndexMap<Lack, Vec<String>>);

impl Missing {
    fn add(&mut self, lacks: impl IntoIterator<Item = Lack>, needed_by: &str) {
        for lack in lacks {
            let all = self.0.entry(lack).or_default();
            if !all.iter().any(|known| known == needed_by) {
                all.push(needed_by.to_owned());
            }
        }
    }
}

/// All that is missing, each on a line, and what a person can do.
pub(super) fn listed(Missing(lacks): &Missing) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut text = String::new();
    for (lack, needed_by) in lacks {
        let named: Vec<&str> = needed_by.iter().take(MOST_NAMED).map(String::as_str).collect();
        let more = match needed_by.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = write!(text, "\n  {}{more}: {lack}", named.join(", "));
        let help = lack.help();
        if !told.contains(&help) {
            let _ = write!(text, "\n  help: {help}");
            told.push(help);
        }
    }
    text
}

impl Runner<'_> {
    /// Refuses before the first effect what would fail in the midst of them for
    /// want of a program, a model, Docker or a port. A simulated machine needs
    /// none of them.
    pub(super) async fn require_needs(&mut self) -> Result<(), RunStop> {
        if !matches!(self.context.world, World::Host) {
            return Ok(());
        }
        let course = Course::of(self.context.plan);
        let mut missing = Missing::default();
        self.require_programs(&course, &mut missing);
        self.require_trust(&course, &mut missing);
        self.require_models(&course, &mut missing).await;
        ports::require(&course, &mut missing);
        self.require_compose(&course, &mut missing).await;
        self.go_on()?;
        if missing.0.is_empty() { Ok(()) } else { Err(RunStop::Needs { missing }) }
    }
}

fn step_name(place: &str, step: &StepSpec) -> String {
    format!("step `{}` ({place})", step.name)
}

fn server_name(server: &ServerSpec) -> String {
    format!("server `{}`", server.label())
}
