//! What each factor contributes to output throughput, and each pair of factors
//! together.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

use super::decision::at_load;
use super::interval::{estimate, interval};
use super::way::Cell;
use crate::names::PhaseName;
use crate::scenario::Selector;
use crate::stats::{Sample, geometric_center};
use crate::summary::{Confidence, Estimate, Gap, Measured, Summary};

/// The effect of one factor, or the interaction of two, on output throughput.
///
/// A main effect is a ratio: the throughput after the change over that before
/// it. An interaction is a ratio of such ratios: how many times as much one
/// change does after the other as before it; 1 is no interaction.
///
/// Both are contrasts of logarithms inside a block, averaged over every
/// combination of the other factors' levels in which all that they compare was
/// measured. The interval is that of Student's t over complete blocks, those in
/// which nothing of it is missing (Montgomery, *Design and Analysis of
/// Experiments*, on contrasts in factorial designs with blocks).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Where it was measured.
    pub phase: PhaseName,
    /// The same: `clients=3`.
    pub load: String,
    /// Of which factor.
    pub change: Change,
    /// With which other factor, for an interaction.
    pub with: Option<Change>,
    /// The average over all that `at` names, with its interval; or why
    /// there is none.
    pub ratio: Measured,
    /// The same at each combination of the other factors' levels,
    /// `servers=3,slots=1`, over the blocks that are complete there.
    pub at: Vec<(String, Measured)>,
}

/// From one level of a factor to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The factor.
    pub factor: String,
    /// The baseline's level, or the first.
    pub from: String,
    /// The other level.
    pub to: String,
}

/// Every treatment's cell at the most clients that all of them were planned with;
/// none where no phase has clients.
fn at_clients(summary: &Summary) -> Vec<Cell<'_>> {
    at_load(summary, None).into_iter().filter(|(_, cell)| cell.clients.is_some()).collect()
}

type Levels = IndexMap<String, String>;
/// By block.
type Logarithms = BTreeMap<u32, f64>;

/// The effect of every factor, then the interaction of every pair, where the
/// ways to serve are ranked.
pub(super) fn all(summary: &Summary, baseline: Option<&Selector>) -> Vec<Effect> {
    let cells = at_clients(summary);
    let by_factor = changes(&cells, baseline);
    let main = by_factor.iter().flatten().map(|change| vec![change]);
    let pairs = by_factor.iter().enumerate().flat_map(|(place, ones)| {
        let others = by_factor.iter().skip(place + 1).flatten();
        ones.iter().flat_map(move |one| others.clone().map(move |other| vec![one, other]))
    });
    main.chain(pairs).filter_map(|changes| effect(&cells, &changes, summary.confidence())).collect()
}

/// For every factor, from its baseline level to each of the others.
fn changes(cells: &[Cell<'_>], baseline: Option<&Selector>) -> Vec<Vec<Change>> {
    let mut factors: IndexMap<&String, IndexSet<&String>> = IndexMap::new();
    for (factor, level) in cells.iter().flat_map(|(_, cell)| &cell.treatment) {
        factors.entry(factor).or_default().insert(level);
    }
    let of_factor = |(factor, levels): (&String, IndexSet<&String>)| {
        let declared = baseline.and_then(|baseline| baseline.0.get(factor)).map(ToString::to_string);
        let from = declared.filter(|level| levels.contains(level)).or_else(|| levels.first().map(ToString::to_string));
        let to = levels.into_iter().filter(|level| Some(*level) != from.as_ref());
        let change = |to: &String| Some(Change { factor: factor.clone(), from: from.clone()?, to: to.clone() });
        to.filter_map(change).collect::<Vec<Change>>()
    };
    factors.into_iter().map(of_factor).collect()
}

fn effect(cells: &[Cell<'_>], changes: &[&Change], confidence: Confidence) -> Option<Effect> {
    let (_, place) = cells.first()?;
    let (change, with) = (changes.first()?, changes.get(1));
    let contrasts: Vec<(String, Logarithms)> = cells
        .iter()
        .filter_map(|(_, cell)| Some((others(&cell.treatment, changes), contrast(cells, &cell.treatment, changes)?)))
        .collect();
    Some(Effect {
        phase: place.phase.clone(),
        load: place.load.clone(),
        change: (*change).clone(),
        with: with.map(|with| (*with).clone()),
        ratio: average(&contrasts, confidence)
            .unwrap_or_else(|| Measured::Gap(Gap::not_measured(missing(&contrasts, changes)))),
        at: contrasts.iter().filter_map(|(at, blocks)| Some((at.clone(), measured(blocks, confidence)?))).collect(),
    })
}

fn missing(contrasts: &[(String, Logarithms)], changes: &[&Change]) -> String {
    if !contrasts.is_empty() {
        return "no block has a valid measurement of all that it compares".to_owned();
    }
    let words = |Change { factor, from, to }: &Change| format!("{factor} ({from} and {to})");
    if let [one, other] = changes {
        return format!("no four treatments measured here cross {} with {}", words(one), words(other));
    }
    let factors: Vec<String> = changes.iter().map(|change| words(change)).collect();
    format!("no two treatments measured here differ only in {}", factors.join(", "))
}

/// The levels of all factors but the changed ones.
fn others(treatment: &Levels, changes: &[&Change]) -> String {
    let others = treatment.iter().filter(|(factor, _)| changes.iter().all(|change| change.factor != **factor));
    others.map(|(factor, level)| format!("{factor}={level}")).collect::<Vec<_>>().join(",")
}

/// What the changes do to this treatment, block by block; `None` unless it is
/// where all of them begin, and all that they lead to was measured.
fn contrast(cells: &[Cell<'_>], treatment: &Levels, changes: &[&Change]) -> Option<Logarithms> {
    let begins = changes.iter().all(|change| treatment.get(&change.factor) == Some(&change.from));
    let mut corners = vec![(begins.then(|| treatment.clone())?, 1.0)];
    for change in changes {
        let beyond = corners.clone().into_iter().map(|(mut levels, sign)| {
            levels.insert(change.factor.clone(), change.to.clone());
            (levels, sign)
        });
        corners = corners.iter().cloned().map(|(levels, sign)| (levels, -sign)).chain(beyond).collect();
    }
    let signed = corners.iter().map(|(levels, sign)| Some((logarithms(cells, levels)?, *sign)));
    Some(sums(&signed.collect::<Option<Vec<_>>>()?))
}

/// Of the output throughput; each block counts once.
fn logarithms(cells: &[Cell<'_>], levels: &Levels) -> Option<Logarithms> {
    let (_, cell) = cells.iter().find(|(_, cell)| cell.treatment == *levels)?;
    let units = &estimate(cell, "output_throughput").ok()?.units;
    let positive = units.iter().rev().filter(|(_, value)| *value > 0.0);
    Some(positive.map(|(block, value)| (*block, value.ln())).collect())
}

/// Weighted sums, in the blocks that all of them have.
fn sums(terms: &[(Logarithms, f64)]) -> Logarithms {
    let Some((first, _)) = terms.first() else { return Logarithms::new() };
    let sum = |block: &u32| terms.iter().map(|(term, weight)| Some(term.get(block)? * weight)).sum::<Option<f64>>();
    first.keys().filter_map(|block| Some((*block, sum(block)?))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "few treatments")]
fn average(contrasts: &[(String, Logarithms)], confidence: Confidence) -> Option<Measured> {
    let weight = 1.0 / contrasts.len() as f64;
    let terms: Vec<(Logarithms, f64)> = contrasts.iter().map(|(_, blocks)| (blocks.clone(), weight)).collect();
    measured(&sums(&terms), confidence)
}

/// Over complete blocks, back from logarithms; `None` without any.
fn measured(blocks: &Logarithms, confidence: Confidence) -> Option<Measured> {
    let units: Vec<(u32, f64)> = blocks.iter().map(|(block, logarithm)| (*block, logarithm.exp())).collect();
    let ratios = Sample::new(units.iter().map(|(_, ratio)| *ratio).collect()).ok()?;
    let center = geometric_center(&ratios, confidence.share())?;
    let n = u32::try_from(units.len()).unwrap_or(u32::MAX);
    Some(Measured::Estimate(Estimate {
        value: center.value,
        interval: center.bounds.map(interval),
        n,
        units,
        confidence,
        ..Estimate::default()
    }))
}
