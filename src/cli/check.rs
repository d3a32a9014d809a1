use super::args::CheckArguments;
use super::exit::{DONE, USAGE, print, say};
use super::scenario::{load_file, show_problems};

/// Shows every problem of every file.
pub(super) fn check(arguments: &CheckArguments) -> u8 {
    let mut problems = 0;
    for path in &arguments.scenarios {
        match load_file(path, &[], None) {
            Ok(scenario) => {
                let treatments = scenario.treatments().len();
                print(format_args!("{}: ok, {treatments} treatments", path.display()));
            }
            Err(found) => {
                problems += found.iter().count();
                show_problems(&found);
            }
        }
    }
    if problems == 0 {
        return DONE;
    }
    let plural = if problems == 1 { "" } else { "s" };
    say(format_args!("{problems} problem{plural}"));
    USAGE
}
