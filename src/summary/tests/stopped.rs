//! How often the intervals of runs that stop when they are precise enough cover
//! the truth, counted with fixed seeds. `RUNEXP_TRIALS=10000 cargo test --release
//! --lib stopped -- --nocapture` prints the figures of the page of estimators.

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::{plan, record, spec, summed};
use crate::names::{CellId, MetricId};
use crate::plan::{Looks, Plan};
use crate::record::LookDecision;
use crate::scenario::Load;
use crate::stats::draws::normal;
use crate::summary::estimate::estimate;
use crate::summary::{Confidence, Estimate, Measured, Summary, look};
use crate::units::Share;

const AFTER: [u32; 3] = [5, 8, 12];
const CELLS: [&str; 4] = ["a", "b", "c", "d"];

#[expect(clippy::disallowed_methods, reason = "a test may be asked for more trials")]
fn trials() -> u32 {
    std::env::var("RUNEXP_TRIALS").map_or(500, |trials| trials.parse().unwrap())
}

/// Of all intervals of runs, and of those that stopped at their first look, how
/// many cover the truth; and what share of the runs these are.
#[derive(Debug, Default)]
struct Coverage {
    all: f64,
    of_first: f64,
    first: f64,
}

/// A run whose compared cells are to be known to ±2 %.
struct Adaptive {
    plan: Plan,
    looks: Looks,
    summary: Summary,
    confidence: Confidence,
    random: ChaCha12Rng,
}

impl Adaptive {
    fn new(cells: usize, confidence: Confidence) -> Self {
        let metric = MetricId::new("output_throughput").unwrap();
        let plan = plan(CELLS[..cells].iter().map(|cell| (*cell, spec(1, Load::Clients(1)))).collect());
        let looks = Looks { after: AFTER.to_vec(), metric, half_width: Share::from_fraction(0.02).unwrap() };
        let summary = summed(record(Vec::new()), &plan);
        let plan = Plan { blocks: AFTER[2], ..plan };
        Self { plan, looks, summary, confidence, random: ChaCha12Rng::seed_from_u64(71) }
    }

    /// At which look it stopped, and how many of its cells' intervals cover 1.
    fn run(&mut self, spread: f64) -> (u32, u32) {
        let mut draw = || (0..AFTER[2]).map(|block| (block, (spread * normal(&mut self.random)).exp())).collect();
        let units: Vec<Vec<(u32, f64)>> = self.summary.cells.iter().map(|_| draw()).collect();
        for (number, blocks) in (0..).zip(AFTER) {
            for (cell, units) in self.summary.cells.values_mut().zip(&units) {
                let units = units[..blocks as usize].to_vec();
                let estimate =
                    estimate(Estimate { n: blocks, units, confidence: self.confidence, ..Estimate::default() });
                cell.estimates.insert(self.looks.metric.clone(), Measured::Estimate(estimate.unwrap()));
            }
            if look(&self.summary, &self.plan, &self.looks, blocks).decision != LookDecision::WentOn {
                return (number, self.covering());
            }
        }
        panic!("the last look ends a run");
    }

    fn covering(&self) -> u32 {
        let covers = |cell: &CellId| {
            let interval = self.summary.cells[cell].estimates[&self.looks.metric].estimate().unwrap().interval.unwrap();
            u32::from((interval.lower..=interval.upper).contains(&1.0))
        };
        self.summary.cells.keys().map(covers).sum()
    }
}

fn coverage(cells: usize, spread: f64, confidence: Confidence) -> Coverage {
    let mut adaptive = Adaptive::new(cells, confidence);
    let (mut all, mut first, mut of_first) = (0, 0, 0);
    for _ in 0..trials() {
        let (look, covering) = adaptive.run(spread);
        all += covering;
        if look == 0 {
            first += 1;
            of_first += covering;
        }
    }
    let share = |part: u32, of: u32| f64::from(part) / f64::from(of.max(1));
    let each = u32::try_from(cells).unwrap();
    let found = Coverage {
        all: share(all, trials() * each),
        of_first: share(of_first, first * each),
        first: share(first, trials()),
    };
    println!(
        "±2 % wanted, {cells} cells that scatter by {:.1} %, each look at {confidence}: {:.3} cover; {:.3} of runs stop at the first look, of which {:.3} cover",
        spread * 100.0,
        found.all,
        found.first,
        found.of_first
    );
    found
}

#[test]
fn intervals_of_runs_that_stop_early_cover_the_truth_as_often_as_they_say() {
    for cells in [1, 4] {
        for spread in [0.005, 0.01, 0.015, 0.02, 0.03, 0.04] {
            let found = coverage(cells, spread, Confidence::over(3));
            assert!(found.all >= 0.95 - allowance(cells), "{found:?} with {cells} cells at {spread}");
        }
    }
    // As it was: each look as if it were the only one.
    let (paid, unpaid) = (coverage(1, 0.03, Confidence::over(3)), coverage(1, 0.03, Confidence::over(1)));
    assert!(unpaid.all < 0.95 && unpaid.all < paid.all, "{unpaid:?}, {paid:?}");
    assert!(unpaid.of_first * unpaid.first < unpaid.all, "{unpaid:?}");
}

/// Three standard errors of what so many trials count.
fn allowance(cells: usize) -> f64 {
    let intervals = f64::from(trials()) * f64::from(u32::try_from(cells).unwrap());
    3.0 * (0.05 * 0.95 / intervals).sqrt()
}
