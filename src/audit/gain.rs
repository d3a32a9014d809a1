//! Orders and gains against the cells that there are figures for.
//!
//! A gain of a factor is what changes when nothing but that factor does. Who
//! publishes figures of one level only has not published a gain, and who
//! changes the load with the factor cannot say which of both it comes from.

use super::cells::{LOAD, differing, level_of, levels_of, may_be_one, may_be_one_system, same_but_for, with_level_of};
use super::figure::{Figure, Figures, Stated};
use super::shown::short;
use super::{Basis, Check, Made, Range, Verdict, trend};
use crate::names::ClaimId;
use crate::scenario::{Claim, ClaimKind, Selector};

/// Judges an order, a trend or a ratio by its cells; in words what is missing.
/// Nothing for any other claim.
pub(super) fn judge(claim: &Claim, figures: &Figures<'_>) -> Vec<Result<Made, String>> {
    match &claim.kind {
        ClaimKind::Ordering { metric, larger, smaller } => {
            Gain::new(claim, figures, metric.as_str(), larger, smaller).order()
        }
        ClaimKind::Ratio { metric, numerator, denominator, .. } => {
            let gain = Gain::new(claim, figures, metric.as_str(), numerator, denominator);
            [gain.beyond_overhead(), gain.confounded()].into_iter().flatten().map(Ok).collect()
        }
        ClaimKind::Trend { metric, direction, along } => {
            vec![trend::judge(claim, figures, metric.as_str(), *direction, along)]
        }
        ClaimKind::Absolute { .. }
        | ClaimKind::AtLeast { .. }
        | ClaimKind::AtMost { .. }
        | ClaimKind::Range { .. }
        | ClaimKind::FractionUnder { .. } => Vec::new(),
    }
}

/// A metric in one cell against that in another.
struct Gain<'a> {
    claim: &'a Claim,
    figures: &'a Figures<'a>,
    metric: &'a str,
    above: &'a Selector,
    below: &'a Selector,
    /// What differs between both.
    keys: Vec<&'a str>,
}

impl<'a> Gain<'a> {
    fn new(
        claim: &'a Claim,
        figures: &'a Figures<'a>,
        metric: &'a str,
        above: &'a Selector,
        below: &'a Selector,
    ) -> Self {
        Self { claim, figures, metric, above, below, keys: differing(above, below) }
    }

    fn order(&self) -> Vec<Result<Made, String>> {
        let (above, below) = (self.stated(self.above), self.stated(self.below));
        if above.is_empty() && below.is_empty() {
            return vec![Err("an order, and no figure for either side".to_owned())];
        }
        let pairs = pairs(&above, &below, &self.keys);
        // The one that speaks most against the order.
        let gain = |(above, below): &(Stated<'_>, Stated<'_>)| above.figure.range.over(below.figure.range).most;
        match pairs.into_iter().min_by(|one, other| gain(one).total_cmp(&gain(other))) {
            Some((above, below)) => self.of_pair(&above, &below).into_iter().map(Ok).collect(),
            None => vec![Ok(self.one_sided(&above, &below))],
        }
    }

    /// The figures of a side.
    fn stated(&self, side: &Selector) -> Vec<Stated<'a>> {
        let mut stated = self.figures.stated_beside(self.claim, self.metric);
        stated.retain(|stated| may_be_one(stated.cell, side));
        stated
    }

    fn of_pair(&self, above: &Stated<'_>, below: &Stated<'_>) -> Vec<Made> {
        let (high, low) = (above.figure.range, below.figure.range);
        let verdict = match (high.is_above(low), low.is_above(high)) {
            (true, _) => Verdict::Consistent,
            (false, true) => Verdict::Inconsistent,
            (false, false) => Verdict::Rounded,
        };
        let arithmetic = format!(
            "{} with {} against {} with {}",
            above.figure.printed,
            levels_of(above.cell, &self.keys),
            below.figure.printed,
            levels_of(below.cell, &self.keys)
        );
        let rests_on = vec![above.claim.id.clone(), below.claim.id.clone()];
        let order = Made { claim: None, check: Check::new(Basis::Figures, verdict, arithmetic), rests_on };
        let bounded = self.bound().filter(|bound| high.over(low).is_above(bound.range)).map(|bound| {
            let ratio = short(above.figure.value / below.figure.value);
            let told = format!("a gain of {ratio}x, but {}", bound.told);
            Made {
                claim: None,
                check: Check::new(Basis::Figures, Verdict::Inconsistent, told),
                rests_on: bound.rests_on,
            }
        });
        std::iter::once(order).chain(bounded).collect()
    }

    fn one_sided(&self, above: &[Stated<'_>], below: &[Stated<'_>]) -> Made {
        let (with, without) = (levels_of(self.above, &self.keys), levels_of(self.below, &self.keys));
        let named = |stated: &[Stated<'_>]| {
            stated
                .iter()
                .map(|stated| format!("`{}` {}", stated.claim.id, stated.figure.printed))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let arithmetic = match (above.is_empty(), below.is_empty()) {
            (false, true) => format!(
                "figures with {with} ({}), none with {without} beside: no difference is published",
                named(above)
            ),
            (true, false) => format!(
                "figures with {without} ({}), none with {with} beside: no difference is published",
                named(below)
            ),
            (false, false) | (true, true) => {
                format!("figures with {with} and with {without}, but none on the same system at the same load")
            }
        };
        let mut check = Check::new(Basis::Cells, Verdict::Unsupported, arithmetic);
        check.notes.extend(self.mistakable());
        let bound = self.bound();
        check.notes.extend(bound.as_ref().map(|bound| bound.told.clone()));
        let stated = above.iter().chain(below).map(|stated| stated.claim.id.clone());
        let rests_on = stated.chain(bound.into_iter().flat_map(|bound| bound.rests_on)).collect();
        Made { claim: None, check, rests_on }
    }

    /// Ratios of the same metric that could be taken for this gain and are not.
    fn mistakable(&self) -> Vec<String> {
        let is_constant = |one: &Selector, other: &Selector| {
            self.keys.iter().all(|key| one.0.contains_key(*key) && one.0.get(*key) == other.0.get(*key))
        };
        let told = |claim: &Claim| match &claim.kind {
            ClaimKind::Ratio { metric, numerator, denominator, .. }
                if metric.as_str() == self.metric
                    && may_be_one_system(claim.system.as_ref(), self.claim.system.as_ref())
                    && is_constant(numerator, denominator) =>
            {
                let keys = differing(numerator, denominator);
                Some(format!(
                    "`{}` ({}) is no such gain: it compares {} with {}, {} on both sides",
                    claim.id,
                    Figure::of(claim)?.printed,
                    levels_of(numerator, &keys),
                    levels_of(denominator, &keys),
                    levels_of(numerator, &self.keys)
                ))
            }
            _ => None,
        };
        self.figures.claims().iter().filter_map(told).collect()
    }

    /// The most that a factor can gain by avoiding what several processes are
    /// said to lose: `1 − o` is left of the throughput with one level, `1 − p`
    /// with the other, so the gain is at most `(1 − p) / (1 − o)`.
    fn bound(&self) -> Option<Bound> {
        let [_] = self.keys.as_slice() else { return None };
        if self.metric != "output_throughput" {
            return None;
        }
        let overheads = self.figures.stated_beside(self.claim, "context_switch_overhead");
        let of = |side: &Selector| {
            let mut its = overheads.iter().filter(|stated| may_be_one(stated.cell, side));
            let first = its.next()?;
            its.next().is_none().then_some(first)
        };
        let (lost, kept) = (of(self.below)?, of(self.above));
        let left = |overhead: Range| Range { least: 1.0 - overhead.most, most: 1.0 - overhead.least };
        let best = kept.map_or(Range::of(1.0), |kept| left(kept.figure.range));
        let range = best.over(left(lost.figure.range));
        if lost.figure.range.most >= 1.0 {
            return None;
        }
        let beside = kept.map_or_else(String::new, |kept| {
            format!(" and {} with {}", kept.figure.printed, levels_of(self.above, &self.keys))
        });
        let told = format!(
            "by the overheads it publishes, {} with {}{beside}, {} gains at most {} / (1 − {}) = {}x",
            lost.figure.printed,
            levels_of(self.below, &self.keys),
            levels_of(self.above, &self.keys),
            short(best.most),
            short(lost.figure.range.most),
            short(range.most)
        );
        let rests_on = kept.into_iter().chain([lost]).map(|stated| stated.claim.id.clone()).collect();
        Some(Bound { range, told, rests_on })
    }

    /// Whether a ratio is more than the published overheads allow.
    fn beyond_overhead(&self) -> Option<Made> {
        let (bound, figure) = (self.bound()?, Figure::of(self.claim)?);
        let is_beyond = figure.range.is_above(bound.range);
        let verdict = if is_beyond { Verdict::Inconsistent } else { Verdict::Consistent };
        let check = Check {
            published: Some(figure.range),
            computed: Some(bound.range),
            ..Check::new(Basis::Figures, verdict, format!("published {}; {}", figure.printed, bound.told))
        };
        Some(Made { claim: None, check, rests_on: bound.rests_on })
    }

    /// Whether a ratio changes the load together with something else, or is told
    /// beside a comparison that it says nothing about.
    fn confounded(&self) -> Option<Made> {
        let (load, factors): (Vec<&str>, Vec<&str>) = self.keys.iter().copied().partition(|key| LOAD.contains(key));
        if load.is_empty() || factors.is_empty() {
            return None;
        }
        let figures: Vec<_> =
            self.figures.stated(self.metric).filter(|stated| stated.claim.system == self.claim.system).collect();
        let is_published = |cell: &Selector| figures.iter().any(|stated| may_be_one(stated.cell, cell));
        let unmixed = factors.iter().fold(self.above.clone(), |cell, key| with_level_of(&cell, self.below, key));
        if is_published(&unmixed) {
            return None;
        }
        let mut told = format!(
            "it compares {} with {}; without a figure for {} nobody can tell what {} adds",
            levels_of(self.above, &self.keys),
            levels_of(self.below, &self.keys),
            levels_of(&unmixed, &self.keys),
            factors.join(" and "),
        );
        let constant = self.compared_elsewhere().into_iter();
        told.extend(
            constant.map(|(key, level)| format!("; {level} on both sides, so none of it is shown to come from {key}")),
        );
        let check = Check {
            published: Figure::of(self.claim).map(|figure| figure.range),
            ..Check::new(Basis::Cells, Verdict::Unsupported, told)
        };
        Some(Made { claim: None, check, rests_on: Vec::new() })
    }

    /// Factors with one level on both sides of which the publication says
    /// elsewhere that they make a difference.
    fn compared_elsewhere(&self) -> Vec<(String, String)> {
        let compares = |key: &str| {
            self.figures.claims().iter().any(|claim| match &claim.kind {
                ClaimKind::Ordering { metric, larger, smaller } => {
                    metric.as_str() == self.metric && differing(larger, smaller) == [key]
                }
                _ => false,
            })
        };
        let constant = self.above.0.iter().filter(|(key, level)| self.below.0.get(*key) == Some(level));
        constant.filter(|(key, _)| compares(key)).map(|(key, _)| (key.clone(), level_of(self.above, key))).collect()
    }
}

/// What a gain can be at most.
struct Bound {
    range: Range,
    told: String,
    rests_on: Vec<ClaimId>,
}

/// Figures of both sides that differ in nothing else.
fn pairs<'a>(above: &[Stated<'a>], below: &[Stated<'a>], keys: &[&str]) -> Vec<(Stated<'a>, Stated<'a>)> {
    let is_pair = |above: &Stated<'_>, below: &Stated<'_>| {
        above.claim.system == below.claim.system && same_but_for(above.cell, below.cell, keys)
    };
    let with = |above: &Stated<'a>| -> Vec<_> {
        below.iter().filter(|below| is_pair(above, below)).map(|below| (above.clone(), below.clone())).collect()
    };
    above.iter().flat_map(with).collect()
}
