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
                print(format_args!("{}: ok, {treatments} treatment{}", path.display(), plural(treatments)));
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
    say(format_args!("{problems} problem{}", plural(problems)));
    USAGE
}

const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
