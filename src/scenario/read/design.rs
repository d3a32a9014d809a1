//! `[design]`.

use super::super::model::design::{Adaptive, AdaptiveKeys, Design, DesignKeys, Replicate};
use super::super::model::factor::Factor;
use super::factor::{cell_keys, check_levels, read_selector};
use super::known_metric;
use super::zip::read_zip;
use crate::format::{Code, Fields, Finding, Keys, Node, Scope};

/// The most complete blocks.
const MOST_REPETITIONS: u32 = 1000;

/// The most tries after the first: what is spoiled more often than that is no
/// accident.
const MOST_RERUNS: u32 = 3;

/// Reads `[design]`; `metrics` are the known ids.
pub(in super::super) fn read_design(
    node: &Node,
    factors: &[Factor],
    metrics: &[&str],
    scope: &Scope<'_>,
) -> Option<Design> {
    let fields = Fields::of(node, scope)?;
    let keys = DesignKeys::of(&fields);
    let baseline = keys.baseline.raw().and_then(|baseline| {
        let selector = read_selector(baseline, &cell_keys(factors), scope)?;
        check_levels(baseline, &selector, factors, scope);
        Some(selector)
    });
    let default = Design::default();
    let repetitions = keys.repetitions.or(default.repetitions);
    keys.repetitions.within(repetitions, 1, MOST_REPETITIONS);
    let rerun = keys.rerun.or(default.rerun);
    keys.rerun.within(rerun, 0, MOST_RERUNS);
    let replicate = keys.replicate.or(default.replicate);
    let adaptive = keys.adaptive.node();
    Some(Design {
        adaptive: adaptive.and_then(|node| read_adaptive(&node, replicate, repetitions, metrics, scope)),
        replicate,
        repetitions,
        order: keys.order.or(default.order),
        seed: keys.seed.or(default.seed),
        baseline,
        cooldown: keys.cooldown.optional(),
        rerun,
        zip: read_zip(keys.zip, factors, scope.notes),
    })
}

fn read_adaptive(
    node: &Node,
    replicate: Replicate,
    repetitions: u32,
    metrics: &[&str],
    scope: &Scope<'_>,
) -> Option<Adaptive> {
    if replicate == Replicate::Phase {
        let message = "`adaptive` cannot stand beside `replicate = \"phase\"`";
        let finding = Finding::new(Code::Choice, node.span.clone(), message);
        scope.notes.push(finding.help("the last treatment's servers start only when all others have all their blocks"));
    }
    let fields = Fields::of(node, scope)?;
    let keys = AdaptiveKeys::of(&fields);
    let half_width = keys.half_width.required();
    let half_width = half_width.filter(|share| keys.half_width.within(share.fraction(), 0.001, 1.0).is_some());
    let max_repetitions = keys
        .max_repetitions
        .required()
        .and_then(|most| keys.max_repetitions.within(most, repetitions.max(Adaptive::LEAST_BLOCKS), MOST_REPETITIONS));
    let metric = keys.metric.read_as().unwrap_or_else(|| "output_throughput".to_owned());
    let metric = known_metric(&metric, keys.metric.span(), metrics, scope.notes);
    Some(Adaptive { half_width: half_width?, max_repetitions: max_repetitions?, metric: metric? })
}
