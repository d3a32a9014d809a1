//! `[design]`.

use super::super::design::Design;
use super::super::factor::Factor;
use super::super::fields::Fields;
use super::super::template::Scope;
use super::super::tree::Node;
use super::factor::{cell_keys, check_levels, read_selector};
use super::zip::read_zip;

/// The most complete blocks.
const MOST_REPETITIONS: u32 = 1000;

/// Reads `[design]`.
pub(in super::super) fn read_design(node: &Node, factors: &[Factor], scope: &Scope<'_>) -> Option<Design> {
    let fields = Fields::of(node, scope)?;
    let baseline = fields.raw("baseline").and_then(|baseline| {
        let selector = read_selector(baseline, &cell_keys(factors), scope)?;
        check_levels(baseline, &selector, factors, scope);
        Some(selector)
    });
    let default = Design::default();
    let repetitions = fields.optional("repetitions").unwrap_or(default.repetitions);
    fields.within("repetitions", repetitions, 1, MOST_REPETITIONS);
    let design = Design {
        replicate: fields.or_default("replicate"),
        repetitions,
        order: fields.or_default("order"),
        seed: fields.optional("seed").unwrap_or(default.seed),
        baseline,
        cooldown: fields.optional("cooldown"),
        zip: read_zip(&fields, factors),
    };
    fields.finish();
    Some(design)
}
