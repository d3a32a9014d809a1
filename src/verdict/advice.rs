//! A decision in words.

use super::family::MARGIN_WORDS as MARGIN;
use super::{AgainstBest, ServingOption, Significance, Standing};

/// What to do: the simplest of the leading group, what is as good, and what
/// the data do not tell from it.
pub(super) fn advice(options: &[ServingOption]) -> String {
    let [first, _, ..] = options else { return "insufficient evidence".to_owned() };
    let is_open = |option: &&ServingOption| option.standing() == Some(Standing::Undecided);
    let equivalent: Vec<&ServingOption> = options.iter().skip(1).filter(|option| option.leads()).collect();
    let open: Vec<&ServingOption> = options.iter().filter(is_open).collect();
    let first = described(first);
    let as_good = match equivalent.as_slice() {
        [] => String::new(),
        [one] => format!("; {} makes no difference of more than {MARGIN}", one.name),
        several => format!("; {} make no difference of more than {MARGIN}", some_of(several)),
    };
    if open.is_empty() {
        return format!("use {first}{as_good}");
    }
    format!(
        "insufficient evidence: {first} comes first{as_good}; the data do not tell the fastest from {}",
        some_of(&open)
    )
}

/// The first few; a scenario may have dozens.
fn some_of(options: &[&ServingOption]) -> String {
    const SHOWN: usize = 2;
    let shown: Vec<&str> = options.iter().take(SHOWN).map(|option| option.name.as_str()).collect();
    let more = options.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(" and ") + &more
}

/// The numbers: the fastest over the option that decides.
pub(super) fn because(options: &[ServingOption], clients: u32, significance: Significance) -> String {
    let best = options.iter().find(|option| option.against_best.is_none());
    let Some((best, (other, against))) = best.zip(decisive(options)) else {
        return "fewer than two ways to serve have a valid measurement at equal load".to_owned();
    };
    let names = format!("output throughput of {} over {} at {clients} clients", described(best), described(other));
    let Some(interval) = against.interval else {
        return format!("{names}: they share fewer than two blocks, so there is no interval");
    };
    let reading = match against.standing {
        Standing::Leads => "the interval excludes 1, also with all pairs compared at once (Holm)".to_owned(),
        Standing::Equivalent => format!("the {significance} interval lies within {MARGIN} of 1"),
        Standing::Undecided if interval.upper < 1.0 => {
            "the interval excludes 1, but not with all pairs compared at once (Holm)".to_owned()
        }
        Standing::Undecided => {
            format!("the data allow both no difference and one of more than {MARGIN}")
        }
    };
    let (ratio, lower, upper) = (1.0 / against.ratio, 1.0 / interval.upper, 1.0 / interval.lower);
    format!("{names}: ×{ratio:.3} (95 % {lower:.3} to {upper:.3}, {} blocks); {reading}", against.blocks)
}

/// The first option that is not told from the best, else the best one that is
/// behind it, else the first that is equivalent.
fn decisive(options: &[ServingOption]) -> Option<(&ServingOption, AgainstBest)> {
    let compared = || options.iter().filter_map(|option| Some((option, option.against_best?)));
    [Standing::Undecided, Standing::Leads, Standing::Equivalent]
        .into_iter()
        .find_map(|wanted| compared().find(|(_, against)| against.standing == wanted))
}

fn described(option: &ServingOption) -> String {
    format!("{} ({})", option.name, option.treatment)
}
