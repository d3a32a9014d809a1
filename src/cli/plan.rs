use std::path::PathBuf;

use super::args::{Format, PlanArguments};
use super::exit::{DONE, Failure, print};
use super::scenario::load;
use super::screen::print_exactly;
use crate::plan::{self, Choices, Described, Placement};
use crate::scenario::Bindings;

/// Ports that stand for the free ones that a run would find.
const EXAMPLE_PORTS: std::ops::RangeFrom<u16> = 18_100..;
/// A script takes its own name for a run: nothing of a run can have it.
const SCRIPT_ID: &str = "by-hand";

/// Shows what a run would do, without doing any of it.
pub(super) fn plan(arguments: &PlanArguments) -> Result<u8, Failure> {
    let scenario = load(&arguments.scenario)?;
    let run_id = if arguments.script { SCRIPT_ID } else { "RUN-ID" };
    let run_dir = PathBuf::from(format!("results/{}/{run_id}", scenario.name));
    let absolute = std::path::absolute(&run_dir);
    let bindings = Bindings {
        run_id: run_id.to_owned(),
        run_dir: absolute.map_err(|source| Failure::Host { what: "find the current folder", source })?,
        ports: EXAMPLE_PORTS.take(scenario.ports_needed()).collect(),
    };
    let choices = Choices { bindings: &bindings, seed: arguments.choices.seed, only: &arguments.choices.only };
    let plan = plan::expand(&scenario, &choices)?;
    let placement = Placement { scenario_dir: &scenario.dir, bindings: &bindings };
    match arguments.format {
        _ if arguments.script => print_exactly(plan::script(&plan, placement).trim_end()),
        Format::Json => print(serde_json::to_string_pretty(&Described::of(&plan, placement))?),
        Format::Human => {
            let text =
                if arguments.verbose { plan::render_full(&plan, placement) } else { plan::render(&plan, placement) };
            print(text.trim_end());
            if !bindings.ports.is_empty() {
                print("ports are examples: a run finds free ones before its first effect");
            }
        }
    }
    Ok(DONE)
}
