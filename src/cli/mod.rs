//! One file per subcommand, arguments, exit codes. Effects.
//!
//! Data goes to stdout, talk to stderr.

mod args;
mod audit;
mod check;
mod cleanup;
mod derive;
mod doctor;
mod ended;
mod exit;
mod explain;
mod fail_on;
mod forget;
mod gpu;
mod init;
mod invalid;
mod plan;
mod progress;
mod report;
mod results_folder;
mod resume;
mod run;
mod scenario;
mod schema;
mod screen;
mod secrets;
mod signals;
mod supervised;
mod talk;
mod template_limits;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Arguments, Command};
use clap::Parser;
use exit::Failure;

use crate::{host, process};

/// What a run has beside one for every CPU: telemetry, records, logs, a simulated
/// machine.
const THREADS: usize = 8;

/// Runs the command line and says how it went.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let words = args::with_run_implied(arguments);
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => {
            return ExitCode::from(screen::code(tell(&error)));
        }
    };
    let code = dispatch(arguments.command, &words).unwrap_or_else(|failure| {
        failure.print();
        failure.code()
    });
    ExitCode::from(screen::code(code))
}

/// Shows help, or what is wrong with the words; they may be anybody's.
fn tell(error: &clap::Error) -> u8 {
    if error.use_stderr() {
        exit::say(error.render().to_string().trim_end());
        return exit::USAGE;
    }
    screen::printed(error.print());
    exit::DONE
}

fn dispatch(command: Command, words: &[OsString]) -> Result<u8, Failure> {
    prepare(&command)?;
    match command {
        // Nothing outside of a process can outlive a simulated machine.
        Command::Run(arguments) | Command::Calibrate(arguments)
            if arguments.simulate.is_none() && arguments.runner.is_none() =>
        {
            supervised::run(words, &arguments)
        }
        Command::Run(arguments) => run::run(&arguments, crate::plan::expand),
        Command::Calibrate(arguments) => run::run(&arguments, crate::plan::calibration),
        Command::Check(arguments) => check::check(&arguments),
        Command::Plan(arguments) => plan::plan(&arguments),
        Command::Audit(arguments) => audit::audit(&arguments),
        Command::Report(arguments) => report::report(&arguments, words),
        Command::Cleanup(arguments) => cleanup::cleanup(&arguments),
        Command::Doctor(arguments) if arguments.gpu => gpu::gpu(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Init(arguments) => init::init(&arguments),
        Command::Schema => Ok(schema::schema()),
        Command::Explain(arguments) => explain::explain(&arguments),
    }
}

/// What panics or waits for ever where there can be no threads or files is not
/// begun there.
fn prepare(command: &Command) -> Result<(), Failure> {
    let lacking = |what| move |source| Failure::Host { what, source };
    if matches!(command, Command::Run(_) | Command::Calibrate(_) | Command::Doctor(_)) {
        host::can_start_threads(THREADS).map_err(lacking("start the threads that this takes"))?;
    }
    if matches!(command, Command::Run(_) | Command::Calibrate(_) | Command::Doctor(_) | Command::Cleanup(_)) {
        let what = "open as many files as this takes (allow more: `ulimit -n 1024`)";
        process::can_open_files().map_err(lacking(what))?;
        talk::apart();
    }
    Ok(())
}
