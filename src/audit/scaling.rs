//! Figures of one series, from one client to many, against each other.

use super::cells::{SCALE, same_but_for, whole};
use super::figure::{Figures, Stated};
use super::shown::short;
use super::{Basis, Check, Made, Range, Verdict};

/// Who measures twice differs by about this much; what rises by less does not
/// rise.
const NOISE: f64 = 0.01;

/// Every step of every series that cannot be, or is not borne out.
pub(super) fn judge(figures: &Figures<'_>) -> Vec<Made> {
    let mut found = Vec::new();
    for (fewer, more) in steps(figures, "output_throughput") {
        found.extend(faster_beside_others(&fewer, &more));
    }
    for (fewer, more) in steps(figures, "scaling_efficiency") {
        found.extend(against_rates(&fewer, &more, figures));
    }
    found
}

/// A figure with its number of clients.
struct Point<'a> {
    clients: u32,
    stated: Stated<'a>,
}

impl Point<'_> {
    fn per_client(&self) -> Range {
        self.stated.figure.range.scaled(1.0 / f64::from(self.clients))
    }

    /// `66.4 / 2 = 33.2`.
    fn division(&self) -> String {
        let Self { clients, stated } = self;
        let rate = short(stated.figure.value / f64::from(*clients));
        if *clients == 1 { rate } else { format!("{} / {clients} = {rate}", stated.figure.printed) }
    }
}

/// Every figure of a metric with the next one of its series, which has more
/// clients and is alike but for how many are served at once.
fn steps<'a>(figures: &Figures<'a>, metric: &str) -> Vec<(Point<'a>, Point<'a>)> {
    let point = |stated: Stated<'a>| Some(Point { clients: whole(stated.cell, "clients")?, stated });
    let points: Vec<Point<'a>> = figures.stated(metric).filter_map(point).collect();
    let next = |point: &Point<'a>| {
        let is_further = |other: &&Point<'a>| {
            other.clients > point.clients
                && other.stated.claim.system == point.stated.claim.system
                && other.stated.claim.source.file == point.stated.claim.source.file
                && same_but_for(other.stated.cell, point.stated.cell, &SCALE)
        };
        points.iter().filter(is_further).min_by_key(|other| other.clients)
    };
    let copy = |point: &Point<'a>| Point { clients: point.clients, stated: point.stated.clone() };
    points.iter().filter_map(|point| Some((copy(point), copy(next(point)?)))).collect()
}

/// A machine that is shared by more gives each less, or as much.
fn faster_beside_others(fewer: &Point<'_>, more: &Point<'_>) -> Option<Made> {
    let (before, after) = (fewer.per_client(), more.per_client());
    if !after.is_above(before.scaled(1.0 + NOISE)) {
        return None;
    }
    let arithmetic = format!(
        "each of {} clients gets {} tok/s, each of {} only {}: beside others nobody is served faster",
        more.clients,
        more.division(),
        fewer.clients,
        fewer.division(),
    );
    let mut check = Check::new(Basis::Figures, Verdict::Unsupported, arithmetic);
    check.published = Some(more.stated.figure.range);
    check.computed = Some(before.scaled(f64::from(more.clients)));
    check.notes.push("no spread is published that would tell whether it is noise, warm-up or another clock".to_owned());
    Some(made(more, vec![fewer], check))
}

/// Efficiency is what a client gets over what a single one gets, so it rises and
/// falls with what a client gets. Told at the figure that is further from what
/// the rates give.
fn against_rates(fewer: &Point<'_>, more: &Point<'_>, figures: &Figures<'_>) -> Option<Made> {
    let rate = |point: &Point<'_>| {
        let is_its =
            |other: &Stated<'_>| other.cell == point.stated.cell && other.claim.system == point.stated.claim.system;
        let stated = figures.stated("output_throughput").find(is_its)?;
        Some((Point { clients: point.clients, stated: stated.clone() }, stated.claim.id.clone()))
    };
    let ((slow, slow_id), (fast, fast_id)) = (rate(fewer)?, rate(more)?);
    let (efficiencies, rates) =
        ((fewer.stated.figure.range, more.stated.figure.range), (slow.per_client(), fast.per_client()));
    let rises = efficiencies.1.is_above(efficiencies.0) && rates.0.is_above(rates.1);
    let falls = efficiencies.0.is_above(efficiencies.1) && rates.1.is_above(rates.0);
    if !rises && !falls {
        return None;
    }
    let arithmetic = format!(
        "from {} to {} clients it {} from {} to {}, while what each client gets {} from {} to {} tok/s; it is that over \
         the rate of a single client",
        fewer.clients,
        more.clients,
        if rises { "rises" } else { "falls" },
        fewer.stated.figure.printed,
        more.stated.figure.printed,
        if rises { "falls" } else { "rises" },
        slow.division(),
        fast.division(),
    );
    let single = single_rate(fewer, figures);
    let error = |rate: &Point<'_>, efficiency: &Point<'_>| {
        let computed = |single: f64| rate.per_client().least / single;
        single.map_or(0.0, |single| (efficiency.stated.figure.value / computed(single)).ln().abs())
    };
    let at = if error(&slow, fewer) > error(&fast, more) { fewer } else { more };
    let mut check = Check::new(Basis::Figures, Verdict::Inconsistent, arithmetic);
    check.published = Some(at.stated.figure.range);
    let beside = if at.clients == fewer.clients { more } else { fewer };
    let mut made = made(at, vec![beside], check);
    made.rests_on.extend([slow_id, fast_id]);
    Some(made)
}

/// What a single client of the series gets.
fn single_rate(point: &Point<'_>, figures: &Figures<'_>) -> Option<f64> {
    let is_single = |other: &Stated<'_>| {
        whole(other.cell, "clients") == Some(1)
            && other.claim.system == point.stated.claim.system
            && same_but_for(other.cell, point.stated.cell, &SCALE)
    };
    figures.stated("output_throughput").find(is_single).map(|stated| stated.figure.value)
}

fn made(at: &Point<'_>, beside: Vec<&Point<'_>>, check: Check) -> Made {
    let rests_on = beside.into_iter().map(|point| point.stated.claim.id.clone()).collect();
    Made { claim: Some(at.stated.claim.id.clone()), check, rests_on }
}
