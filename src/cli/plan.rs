use std::path::PathBuf;

use super::args::{Format, PlanArguments};
use super::exit::{DONE, Failure, print};
use super::scenario::load;
use crate::plan::{self, Choices};
use crate::scenario::Bindings;

/// Ports that stand for the free ones that a run would find.
const EXAMPLE_PORTS: std::ops::RangeFrom<u16> = 18_100..;

/// Shows what a run would do, without doing any of it.
pub(super) fn plan(arguments: &PlanArguments) -> Result<u8, Failure> {
    let scenario = load(&arguments.scenario)?;
    let bindings = Bindings {
        run_id: "RUN-ID".to_owned(),
        run_dir: PathBuf::from(format!("results/{}/RUN-ID", scenario.name)),
        ports: EXAMPLE_PORTS.take(scenario.ports_needed()).collect(),
    };
    let choices = Choices { bindings: &bindings, seed: arguments.choices.seed, only: &arguments.choices.only };
    let plan = plan::expand(&scenario, &choices)?;
    match arguments.format {
        Format::Human => {
            print(plan::render(&plan).trim_end());
            if !bindings.ports.is_empty() {
                print("ports are examples: a run finds free ones before its first effect");
            }
        }
        Format::Json => print(serde_json::to_string_pretty(&plan)?),
    }
    Ok(DONE)
}
