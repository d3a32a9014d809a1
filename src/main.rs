//! The `runexp` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    runexp::cli::main(std::env::args_os())
}
