//! The search for the highest load that meets the objectives: which load is
//! tried next, and what the tries say together.
//!
//! From the lowest load on it is doubled until one fails; then the geometric
//! middle between the highest that passed and the lowest that failed is tried,
//! until they are as close as asked. Servers are added one at a time. At last both edges are tried once more:
//! one that then says the opposite is noise, and the result is the wider
//! interval around it.

use super::CellSpec;
use crate::scenario::{Find, Searched};

/// A load that was tried, and judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Try {
    /// Clients, requests per second, or servers.
    pub level: f64,
    /// Whether it met the objectives.
    pub passed: bool,
}

/// Between which loads the highest that meets the objectives lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bracket {
    /// The highest that passed every time, below all that ever failed.
    pub passed: Option<f64>,
    /// The lowest that failed every time, above all that ever passed.
    pub failed: Option<f64>,
}

/// The load to try next; `None` when the search has come to its end.
pub fn next_try(find: &Find, tries: &[Try]) -> Option<f64> {
    let first = |level: f64| tries.iter().find(|one| same(one.level, level));
    let firsts = || tries.iter().filter(|one| first(one.level).is_some_and(|first| first.passed == one.passed));
    let low = firsts().filter(|one| one.passed).map(|one| one.level).reduce(f64::max);
    let high = firsts().filter(|one| !one.passed).map(|one| one.level).reduce(f64::min);
    let new = match (low, high) {
        (None, None) => Some(find.from),
        (None, Some(_)) => None,
        (Some(low), None) => (low < find.to).then(|| above(find, low).min(find.to)),
        (Some(low), Some(high)) => between(find, low, high),
    };
    let tried_once = |level: &f64| tries.iter().filter(|one| same(one.level, *level)).count() == 1;
    new.or_else(|| [low, high].into_iter().flatten().find(tried_once))
}

/// What the tries say together.
pub fn bracket(tries: &[Try]) -> Bracket {
    let levels = |passed: bool| tries.iter().filter(move |one| one.passed == passed).map(|one| one.level);
    let lowest_failed = levels(false).fold(f64::INFINITY, f64::min);
    let highest_passed = levels(true).fold(f64::NEG_INFINITY, f64::max);
    Bracket {
        passed: levels(true).filter(|level| *level < lowest_failed).reduce(f64::max),
        failed: levels(false).filter(|level| *level > highest_passed).reduce(f64::min),
    }
}

/// The most tries that a search can take, whatever they say: with both edges
/// tried again, and one try that could not be judged.
fn most_tries(find: &Find) -> usize {
    fn most(find: &Find, tries: &mut Vec<Try>) -> usize {
        const EDGES_AND_ONE_UNJUDGED: usize = 3;
        let new = next_try(find, tries).filter(|level| !tries.iter().any(|one| same(one.level, *level)));
        let Some(level) = new else { return tries.len() + EDGES_AND_ONE_UNJUDGED };
        let with = |passed| Try { level, passed };
        let after = |tries: &mut Vec<Try>, passed| {
            tries.push(with(passed));
            let count = most(find, tries);
            tries.pop();
            count
        };
        after(tries, true).max(after(tries, false))
    }
    most(find, &mut Vec::new())
}

impl CellSpec {
    /// The fewest and the most measurements that the cell takes. A search takes
    /// two where its lowest load fails twice.
    pub fn tries(&self) -> (u32, u32) {
        let most = |find| u32::try_from(most_tries(find)).unwrap_or(u32::MAX);
        self.find.as_ref().map_or((1, 1), |find| (2, most(find)))
    }
}

fn between(find: &Find, low: f64, high: f64) -> Option<f64> {
    let middle = rounded(find, (low * high).sqrt());
    (high / low > 1.0 + find.resolution.fraction() && low < middle && middle < high).then_some(middle)
}

fn above(find: &Find, low: f64) -> f64 {
    match find.max {
        Searched::Clients | Searched::Rate(_) => rounded(find, low * 2.0),
        Searched::Servers { .. } => low + 1.0,
    }
}

/// Whole clients and servers, or a rate of four digits.
fn rounded(find: &Find, level: f64) -> f64 {
    match find.max {
        Searched::Clients | Searched::Servers { .. } => level.round(),
        Searched::Rate(_) => {
            let unit = 10_f64.powf(3.0 - level.log10().floor());
            (level * unit).round() / unit
        }
    }
}

/// Levels are compared with what they were chosen as.
fn same(one: f64, other: f64) -> bool {
    one.total_cmp(&other).is_eq()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Arrival;
    use crate::units::Share;

    fn find(max: Searched, to: f64) -> Find {
        let share = |fraction| Share::from_fraction(fraction).unwrap();
        Find { max, from: 1.0, to, resolution: share(0.05), attainment: share(0.95) }
    }

    /// The search where `passes` is the truth at each try: its tries and result.
    fn searched(find: &Find, passes: impl Fn(f64, &[Try]) -> bool) -> (Vec<f64>, Bracket) {
        let mut tries = Vec::new();
        while let Some(level) = next_try(find, &tries) {
            tries.push(Try { level, passed: passes(level, &tries) });
        }
        assert!(tries.len() <= most_tries(find), "{tries:?}");
        (tries.iter().map(|one| one.level).collect(), bracket(&tries))
    }

    #[test]
    fn a_search_doubles_halves_and_tries_both_edges_again() {
        let find = find(Searched::Clients, 100.0);
        let (tries, bracket) = searched(&find, |level, _| level <= 11.0);
        assert_eq!(tries, [1.0, 2.0, 4.0, 8.0, 16.0, 11.0, 13.0, 12.0, 11.0, 12.0]);
        assert_eq!(bracket, Bracket { passed: Some(11.0), failed: Some(12.0) });
        assert_eq!(most_tries(&find), 15);
    }

    #[test]
    fn the_truth_lies_between_edges_as_close_as_asked() {
        let find = find(Searched::Rate(Arrival::Poisson), 1000.0);
        for truth in [1.01, 3.7, 64.0, 999.0] {
            let (tries, bracket) = searched(&find, |level, _| level <= truth);
            let (passed, failed) = (bracket.passed.unwrap(), bracket.failed.unwrap());
            assert!(passed <= truth && truth < failed && failed / passed <= 1.05, "{truth}: {tries:?}");
        }
    }

    #[test]
    fn servers_are_added_one_at_a_time() {
        let find = find(Searched::Servers { clients: 1 }, 16.0);
        let (tries, bracket) = searched(&find, |level, _| level <= 3.0);
        assert_eq!(tries, [1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
        assert_eq!(bracket, Bracket { passed: Some(3.0), failed: Some(4.0) });
        assert_eq!(most_tries(&find), 19);
    }

    #[test]
    fn a_search_that_never_fails_or_always_does_has_one_edge() {
        let find = find(Searched::Clients, 5.0);
        assert_eq!(
            searched(&find, |_, _| true),
            (vec![1.0, 2.0, 4.0, 5.0, 5.0], Bracket { passed: Some(5.0), failed: None })
        );
        assert_eq!(searched(&find, |_, _| false), (vec![1.0, 1.0], Bracket { passed: None, failed: Some(1.0) }));
    }

    #[test]
    fn an_edge_that_changes_its_mind_widens_the_interval() {
        let find = find(Searched::Clients, 100.0);
        let again = |level: f64, tries: &[Try]| tries.iter().any(|one| same(one.level, level));
        let (_, low) = searched(&find, |level, tries| level < 10.5 || level < 11.5 && !again(level, tries));
        assert_eq!(low, Bracket { passed: Some(8.0), failed: Some(12.0) });
        let (_, high) = searched(&find, |level, tries| level < 11.5 || level < 12.5 && again(level, tries));
        assert_eq!(high, Bracket { passed: Some(11.0), failed: Some(13.0) });
    }
}
