//! How the fastest way to serve stands to the others.

use super::family::{self, Difference, Pairs};
use super::interval::pairs;
use super::{AgainstBest, ServingOption, Significance, Standing};
use crate::stats::paired_ratio;
use crate::summary::Estimate;

/// The throughput of each option over that of the fastest, which stands first
/// and has none. Paired within blocks, and tested in the family of all pairs:
/// which of them is the fastest was chosen by looking.
pub(super) fn against_first(throughputs: &[&Estimate], significance: Significance) -> Vec<Option<AgainstBest>> {
    let of_first = throughputs.iter().skip(1).filter_map(|other| Some(pairs(other, throughputs.first()?)));
    let of_first: Vec<Pairs> = of_first.collect();
    let others = throughputs.get(1..).unwrap_or_default();
    let among_others = others.iter().enumerate().flat_map(|(place, one)| {
        let later = others.iter().skip(place + 1);
        later.map(move |other| pairs(other, one))
    });
    let family: Vec<Pairs> = of_first.iter().cloned().chain(among_others).collect();
    let compared = of_first.iter().zip(family::test(&family, significance)).zip(throughputs.iter().skip(1));
    let against = compared.map(|((pairs, member), option)| {
        let of_means = throughputs.first().map_or(1.0, |best| option.value / best.value);
        Some(AgainstBest {
            ratio: paired_ratio(pairs, family::CONFIDENCE).map_or(of_means, |center| center.value),
            interval: member.interval,
            blocks: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
            standing: standing(member.difference),
        })
    });
    std::iter::once(None).chain(against).take(throughputs.len()).collect()
}

/// From other ÷ best. One that is faster inside blocks than what is the fastest
/// on the whole leaves it open.
const fn standing(difference: Difference) -> Standing {
    match difference {
        Difference::Equivalent => Standing::Equivalent,
        Difference::Below => Standing::Leads,
        Difference::Above | Difference::Undecided { .. } => Standing::Undecided,
    }
}

/// How the leading group stands to all others: it leads only if the best leads
/// over each of them. One option alone has nothing to stand against.
pub(super) fn of_group(options: &[ServingOption]) -> Standing {
    let standings = || options.iter().filter_map(ServingOption::standing);
    if options.len() < 2 || standings().any(|standing| standing == Standing::Undecided) {
        Standing::Undecided
    } else if standings().all(|standing| standing == Standing::Equivalent) {
        Standing::Equivalent
    } else {
        Standing::Leads
    }
}
