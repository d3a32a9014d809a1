//! `[design]`.

use super::super::design::{Adaptive, Design, Replicate};
use super::super::factor::Factor;
use super::factor::{cell_keys, check_levels, read_selector};
use super::known_metric;
use super::zip::read_zip;
use crate::format::{Code, Fields, Finding, Node, Scope};
use crate::units::Share;

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
    let baseline = fields.raw("baseline").and_then(|baseline| {
        let selector = read_selector(baseline, &cell_keys(factors), scope)?;
        check_levels(baseline, &selector, factors, scope);
        Some(selector)
    });
    let default = Design::default();
    let repetitions = fields.optional("repetitions").unwrap_or(default.repetitions);
    fields.within("repetitions", repetitions, 1, MOST_REPETITIONS);
    let rerun = fields.optional("rerun").unwrap_or(default.rerun);
    fields.within("rerun", rerun, 0, MOST_RERUNS);
    let replicate = fields.or_default("replicate");
    let adaptive = fields.node("adaptive");
    let design = Design {
        adaptive: adaptive.and_then(|node| read_adaptive(&node, replicate, repetitions, metrics, scope)),
        replicate,
        repetitions,
        order: fields.or_default("order"),
        seed: fields.optional("seed").unwrap_or(default.seed),
        baseline,
        cooldown: fields.optional("cooldown"),
        rerun,
        zip: read_zip(&fields, factors),
    };
    fields.finish();
    Some(design)
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
    let half_width: Option<Share> = fields.required("half_width");
    let half_width = half_width.filter(|share| fields.within("half_width", share.fraction(), 0.001, 1.0).is_some());
    let max_repetitions = fields.required("max_repetitions").and_then(|most| {
        fields.within("max_repetitions", most, repetitions.max(Adaptive::LEAST_BLOCKS), MOST_REPETITIONS)
    });
    let metric = fields.optional("metric").unwrap_or_else(|| "output_throughput".to_owned());
    let place = fields.raw("metric").map_or_else(|| fields.span(), |node| node.span.clone());
    let metric = known_metric(&metric, place, metrics, scope.notes);
    fields.finish();
    Some(Adaptive { half_width: half_width?, max_repetitions: max_repetitions?, metric: metric? })
}
