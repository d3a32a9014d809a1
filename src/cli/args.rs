use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::names::{NameError, RunId};

/// The scenario of a folder, if none is named.
const SCENARIO: &str = "scenario.toml";

/// Run declared experiments on model servers and report what was measured.
#[derive(Debug, Parser)]
#[command(
    name = "runexp",
    version,
    after_help = "`runexp FILE` is short for `runexp run FILE`.\n\n\
    Exit codes: 0 done · 1 an audit found a contradiction, or a claim has a verdict of `--fail-on` · 2 usage or invalid scenario · 3 setup failed · 4 nothing valid was measured · \
    5 teardown incomplete · 6 another run is at work · 7 an earlier run is not undone · 129/130/143 interrupted by SIGHUP, SIGINT, SIGTERM"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a scenario: setup, servers, load, teardown, report
    Run(RunArguments),
    /// Run one treatment of a scenario, its baseline, under two labels: how far do equals differ?
    Calibrate(RunArguments),
    /// Show every problem in scenarios, or whether run directories are as their runs wrote them
    Check(CheckArguments),
    /// Show what would be done, in order; nothing is touched
    Plan(PlanArguments),
    /// Show where published numbers contradict each other, other sources or physics
    Audit(AuditArguments),
    /// Render the report of a run again, from its directory alone
    Report(ReportArguments),
    /// Undo what a run has left that was killed, kept or could not undo it
    Cleanup(CleanupArguments),
    /// Examine this machine: what runs can use, what disturbs them, what it can drive
    Doctor(DoctorArguments),
    /// Write a first scenario, and the schema for editors beside it
    Init(InitArguments),
    /// Print the JSON Schema of the scenario format, for editors
    Schema,
    /// Explain a step kind, the code of a problem, a rule of validity or a way for a request to end
    Explain(ExplainArguments),
}

/// Which scenario, and what to change in it.
#[derive(Debug, Args)]
pub(super) struct ScenarioArguments {
    /// The scenario file
    #[arg(default_value = SCENARIO)]
    pub(super) scenario: PathBuf,
    #[command(flatten)]
    pub(super) changes: Changes,
}

/// What to change in a scenario.
#[derive(Debug, Args)]
pub(super) struct Changes {
    /// Change a value: `--set vars.model=…` (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Apply a `[profile.NAME]` of the scenario
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
}

/// What else decides a plan.
#[derive(Debug, Args)]
pub(super) struct PlanChoices {
    /// Keep only the cells whose id fits: `servers=3` anywhere in it, or with `*` for any text the whole
    /// of it, `mps=on*clients=3` (repeatable; one that fits is enough)
    #[arg(long, value_name = "PATTERN")]
    pub(super) only: Vec<String>,
    /// Instead of the scenario's own seed
    #[arg(long)]
    pub(super) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    #[command(flatten)]
    pub(super) choices: PlanChoices,
    /// Where run directories go
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(super) results: PathBuf,
    /// Go on with a run that has ended, named by its id or its directory, at its first block that is not
    /// whole; more blocks may be asked for with `--set design.repetitions=N`
    #[arg(long, value_name = "RUN")]
    pub(super) resume: Option<PathBuf>,
    /// Use a simulated machine: dgx-spark, h100, rtx-5090, m4-pro, or a file of scenarios/machines/
    #[arg(long, value_name = "NAME")]
    pub(super) simulate: Option<String>,
    /// Leave the last servers and everything set up as they are, to look into; `runexp cleanup` undoes it
    #[arg(long, conflicts_with = "simulate")]
    pub(super) keep: bool,
    /// Say nothing on stderr but problems
    #[arg(long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) gate: Gate,
    /// Do the work of this run, watched through a pipe that is standard input
    #[arg(long, hide = true, value_name = "RUN-ID", value_parser = run_id)]
    pub(super) runner: Option<RunId>,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// What makes a run or report fail that was done.
#[derive(Debug, Args)]
pub(super) struct Gate {
    /// End with exit code 1 if a published claim has this verdict (repeatable)
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub(super) fail_on: Vec<FailOn>,
}

/// A verdict that scripts may want to stop at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// The interval lies outside the tolerance
    NotReproduced,
    /// The interval reaches over the edge of the tolerance
    Inconclusive,
    /// The cell was measured, but not validly
    Invalid,
    /// Nothing here measures it
    NotRun,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The scenario files
    #[arg(default_value = SCENARIO, value_name = "FILE")]
    pub(super) scenarios: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// Let warnings fail the check too
    #[arg(long)]
    pub(super) deny_warnings: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    #[command(flatten)]
    pub(super) choices: PlanChoices,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show every epoch with its commands, environment, folders and ports
    #[arg(long, short, conflicts_with = "script")]
    pub(super) verbose: bool,
    /// Print setup and teardown as a script for sh that needs no runexp
    #[arg(long, conflicts_with = "format")]
    pub(super) script: bool,
}

#[derive(Debug, Args)]
pub(super) struct AuditArguments {
    /// Files of published claims, or scenarios with some; several are held against each other too
    #[arg(default_value = SCENARIO, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) changes: Changes,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// The run directory
    pub(super) directory: PathBuf,
    /// Render this template too (`*.j2` or `*.hbs`; repeatable)
    #[arg(long = "template", value_name = "FILE")]
    pub(super) templates: Vec<PathBuf>,
    /// Render them within limits: this is the process that was started for it
    #[arg(long, hide = true)]
    pub(super) rendering: bool,
    #[command(flatten)]
    pub(super) gate: Gate,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CleanupArguments {
    /// The run
    #[arg(value_name = "RUN-ID", value_parser = run_id, required_unless_present_any = ["all", "dry_run"])]
    pub(super) run: Option<RunId>,
    /// Every run that has left something
    #[arg(long, conflicts_with = "run")]
    pub(super) all: bool,
    /// Only show what would be undone, each with its number
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Give up what is left of the run, or these numbers of it (`--forget=2,5`): it is printed and never undone
    #[arg(long, value_name = "NUMBER", num_args = 0.., require_equals = true, value_delimiter = ',')]
    #[arg(requires = "run", conflicts_with_all = ["all", "dry_run"])]
    pub(super) forget: Option<Vec<u32>>,
}

fn run_id(text: &str) -> Result<RunId, NameError> {
    RunId::new(text)
}

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Only what the load driver takes, with servers on loopback
    #[arg(long)]
    pub(super) loopback: bool,
    /// All but what takes long: the load driver and how far two equals differ, on loopback
    #[arg(long, conflicts_with = "loopback")]
    pub(super) quick: bool,
    /// Only the GPUs: what they say now, and what every question to their driver takes
    #[arg(long, conflicts_with_all = ["loopback", "quick"])]
    pub(super) gpu: bool,
    /// With --gpu: write to this file what the driver answers, to be asked again in tests
    #[arg(long, requires = "gpu", value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The file to write
    #[arg(default_value = SCENARIO)]
    pub(super) file: PathBuf,
    /// Overwrite what is there
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// `drop_caches`, `E013`, `validity`, `outcomes`, `stall`, …; all of them if left out
    pub(super) word: Option<String>,
}

/// How data is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

/// Puts `run` in front of a first argument that names a file.
pub(super) fn with_run_implied(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let implied = arguments.get(1).is_some_and(|first| {
        let text = first.to_string_lossy();
        text.ends_with(".toml") || text.contains('/')
    });
    if implied {
        arguments.insert(1, "run".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn implied(words: &[&str]) -> Vec<String> {
        let arguments = with_run_implied(words.iter().map(OsString::from));
        arguments.into_iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_first_word_that_is_a_file_means_run() {
        assert_eq!(implied(&["runexp", "a/b.toml", "--quiet"]), ["runexp", "run", "a/b.toml", "--quiet"]);
        assert_eq!(implied(&["runexp", "plan", "a.toml"]), ["runexp", "plan", "a.toml"]);
        assert_eq!(implied(&["runexp"]), ["runexp"]);
    }
}
