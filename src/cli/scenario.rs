//! Loading a scenario as the command line asks for it.

use std::io::IsTerminal;
use std::path::Path;

use super::args::{Changes, ScenarioArguments};
use super::exit::say;
use super::screen::say_coloured;
use crate::format::{Color, Problems};
use crate::metric;
use crate::scenario::{self, LoadOptions, Published, Scenario};

/// Loads the scenario that a command is about, and shows its warnings.
pub(super) fn load(arguments: &ScenarioArguments) -> Result<Scenario, Problems> {
    load_file(&arguments.scenario, &arguments.changes).inspect(|scenario| show_problems(&scenario.warnings))
}

/// Loads a scenario file with `--set` and `--profile` applied.
pub(super) fn load_file(path: &Path, changes: &Changes) -> Result<Scenario, Problems> {
    let Changes { set, profile } = changes;
    scenario::load(
        path,
        &LoadOptions { set, profile: profile.as_deref(), metrics: &metric::ids(), times: &metric::times() },
    )
}

/// Loads the published numbers of a scenario, or of a file that scenarios
/// include.
pub(super) fn load_published(path: &Path, changes: &Changes) -> Result<Published, Problems> {
    let Changes { set, profile } = changes;
    let options = LoadOptions { set, profile: profile.as_deref(), metrics: &metric::ids(), times: &metric::times() };
    scenario::load_published(path, &options)
}

/// Shows every problem on stderr, each at its place.
pub(super) fn show_problems(problems: &Problems) {
    if problems.is_empty() {
        return;
    }
    let colour = std::io::stderr().is_terminal() && !no_color();
    if colour {
        say_coloured(&problems.render(Color::Ansi));
    } else {
        say(problems.render(Color::Plain));
    }
}

/// <https://no-color.org>: set and not empty means no colour.
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
