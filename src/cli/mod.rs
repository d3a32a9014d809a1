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
mod forget;
mod gate;
mod gpu;
mod init;
mod invalid;
mod plan;
mod progress;
mod report;
mod resume;
mod run;
mod scenario;
mod schema;
mod screen;
mod secrets;
mod signals;
mod watched;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Arguments, Command};
use clap::Parser;
use exit::Failure;

/// Runs the command line and says how it went.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let words = args::with_run_implied(arguments);
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { exit::USAGE } else { exit::DONE };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match dispatch(arguments.command, &words) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code())
        }
    }
}

fn dispatch(command: Command, words: &[OsString]) -> Result<u8, Failure> {
    match command {
        // Nothing outside of a process can outlive a simulated machine.
        Command::Run(arguments) | Command::Calibrate(arguments)
            if arguments.simulate.is_none() && arguments.runner.is_none() =>
        {
            watched::run(words, &arguments)
        }
        Command::Run(arguments) => run::run(&arguments, crate::plan::expand),
        Command::Calibrate(arguments) => run::run(&arguments, crate::plan::calibration),
        Command::Check(arguments) => check::check(&arguments),
        Command::Plan(arguments) => plan::plan(&arguments),
        Command::Audit(arguments) => audit::audit(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::Cleanup(arguments) => cleanup::cleanup(&arguments),
        Command::Doctor(arguments) if arguments.gpu => gpu::gpu(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Init(arguments) => init::init(&arguments),
        Command::Schema => Ok(schema::schema()),
        Command::Explain(arguments) => explain::explain(&arguments),
    }
}
