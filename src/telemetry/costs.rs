use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::call::{Answer, Call, Refusal};
use crate::record::CallCost;
use crate::units::Nanos;

/// What every kind of question took, each time.
#[derive(Debug, Default)]
pub(super) struct Costs(BTreeMap<Call, Known>);

#[derive(Debug, Default)]
struct Known {
    /// The latest; a run of a day must not fill the memory with them.
    took: Vec<Nanos>,
    asked: u64,
    refused: Option<String>,
}

/// So many are kept of each kind, the latest ones.
const KEPT: usize = 4096;

impl Costs {
    pub(super) fn note(&mut self, call: Call, took: Nanos, answer: &Result<Answer, Refusal>) {
        let known = self.0.entry(call).or_default();
        let slot = usize::try_from(known.asked).unwrap_or(0) % KEPT;
        match known.took.get_mut(slot) {
            Some(old) => *old = took,
            None => known.took.push(took),
        }
        known.asked += 1;
        known.refused = answer.as_ref().err().map(|refusal| refusal.reason.clone());
    }

    pub(super) fn table(&self) -> Vec<CallCost> {
        self.0.iter().filter_map(|(call, known)| cost(*call, known)).collect()
    }
}

fn cost(call: Call, known: &Known) -> Option<CallCost> {
    let mut took = known.took.clone();
    took.sort_unstable();
    Some(CallCost {
        call: call.words().to_owned(),
        asked: known.asked,
        min_ns: *took.first()?,
        median_ns: *took.get(took.len() / 2)?,
        max_ns: *took.last()?,
        refused: known.refused.clone(),
    })
}

/// The table as text, in µs.
pub fn cost_table(costs: &[CallCost]) -> String {
    let mut text = format!("{:34} {:>6} {:>9} {:>9} {:>9}\n", "call (µs)", "asked", "min", "median", "max");
    for CallCost { call, asked, min_ns, median_ns, max_ns, refused } in costs {
        let [min, median, max] = [min_ns, median_ns, max_ns].map(|nanos| nanos.seconds() * 1e6);
        // A text takes whatever is written to it.
        let _ = write!(text, "{call:34} {asked:>6} {min:>9.1} {median:>9.1} {max:>9.1}");
        let _ = refused.as_ref().map(|reason| write!(text, "  {reason}"));
        text.push('\n');
    }
    text
}
