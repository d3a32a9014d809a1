//! `[factors]`, `[[exclude]]` and selectors.

use super::super::model::factor::{Factor, Level, Selector, Treatment};
use crate::format::{Code, Entry, Fields, Finding, Node, Scope, Table, decode, spelling, unknown_key};
use crate::names::FactorName;

/// Names that templates and selectors keep for themselves.
pub(in super::super) const RESERVED: [&str; 6] = ["run", "port", "index", "phase", "clients", "rate"];

/// The most combinations of levels.
const MOST_TREATMENTS: usize = 1000;

/// Reads `[factors]`, in the order written.
pub(in super::super) fn read_factors(table: &Table, vars: &Table, scope: &Scope<'_>) -> Vec<Factor> {
    table.iter().filter_map(|(name, entry)| read_factor(name, entry, vars, scope)).collect()
}

/// Whether the combinations of levels are few enough; noted if not.
pub(in super::super) fn are_few(
    factors: &[Factor],
    zips: &[Vec<FactorName>],
    table: &Table,
    scope: &Scope<'_>,
) -> bool {
    let levels = axes(factors, zips).into_iter().map(|axis| axis.first().map_or(1, |factor| factor.levels.len()));
    let treatments = levels.fold(1_usize, usize::saturating_mul);
    if treatments > MOST_TREATMENTS {
        let span = table.first().map_or(0..0, |(_, entry)| entry.key.clone());
        let message = format!("the factors have more than {MOST_TREATMENTS} combinations of levels");
        scope.notes.push(Finding::new(Code::Bounds, span, message).help("leave out factors or levels"));
    }
    treatments <= MOST_TREATMENTS
}

fn read_factor(name: &str, entry: &Entry, vars: &Table, scope: &Scope<'_>) -> Option<Factor> {
    let complain = |code, message: String| scope.notes.push(Finding::new(code, entry.key.clone(), message));
    if RESERVED.contains(&name) {
        complain(Code::Duplicate, format!("`{name}` has a meaning of its own and cannot be a factor"));
    }
    if vars.contains_key(name) {
        complain(Code::Duplicate, format!("`{name}` is both a factor and a variable"));
    }
    let name = FactorName::new(name).map_err(|error| complain(Code::Value, error.to_string())).ok();
    let levels: Vec<Level> = decode(&scope.render(&entry.node)?, scope.notes)?;
    if levels.is_empty() {
        let finding = Finding::new(Code::Bounds, entry.node.span.clone(), "a factor needs at least one level");
        scope.notes.push(finding);
    }
    if let Some(twice) =
        levels.iter().enumerate().find(|(index, level)| levels.iter().take(*index).any(|l| l == *level))
    {
        let message = format!("level `{}` stands twice", twice.1);
        scope.notes.push(Finding::new(Code::Duplicate, entry.node.span.clone(), message));
    }
    Some(Factor { name: name?, levels })
}

/// Reads one `[[exclude]]`: levels of factors that do not go together.
pub(in super::super) fn read_exclude(node: &Node, factors: &[Factor], scope: &Scope<'_>) -> Option<Selector> {
    let selector = read_selector(node, &names(factors), scope)?;
    check_levels(node, &selector, factors, scope);
    Some(selector)
}

/// The keys a selector of cells may have.
pub(in super::super) fn cell_keys(factors: &[Factor]) -> Vec<&str> {
    names(factors).into_iter().chain(["phase", "clients", "rate"]).collect()
}

fn names(factors: &[Factor]) -> Vec<&str> {
    factors.iter().map(|factor| factor.name.as_str()).collect()
}

/// Reads a selector whose keys are among `known`. One with an unknown key is
/// no selector: without that key it would match too much.
pub(in super::super) fn read_selector(node: &Node, known: &[&str], scope: &Scope<'_>) -> Option<Selector> {
    let rendered = scope.render(node)?;
    // Only for its complaint about a value that is no table.
    Fields::of(&rendered, scope)?;
    let level = |(key, entry): (&String, &Entry)| {
        if known.contains(&key.as_str()) {
            return Some((key.clone(), decode::<Level>(&entry.node, scope.notes)?));
        }
        scope.notes.push(unknown_key(key, entry, known.iter().copied()));
        None
    };
    let levels: Vec<Option<(String, Level)>> = rendered.as_table()?.iter().map(level).collect();
    levels.into_iter().collect::<Option<_>>().map(Selector)
}

/// Notes levels that their factor does not have.
pub(in super::super) fn check_levels(node: &Node, selector: &Selector, factors: &[Factor], scope: &Scope<'_>) {
    for (key, level) in &selector.0 {
        let Some(factor) = factors.iter().find(|factor| factor.name.as_str() == key) else { continue };
        if !factor.levels.contains(level) {
            let entry = node.as_table().and_then(|table| table.get(key));
            let span = entry.map_or_else(|| node.span.clone(), |entry| entry.node.span.clone());
            let levels: Vec<String> = factor.levels.iter().map(ToString::to_string).collect();
            let finding = Finding::new(Code::UnknownReference, span, format!("`{key}` has no level `{level}`"));
            scope.notes.push(finding.help(format!("its levels are {}", spelling::list(&levels))));
        }
    }
}

/// What is crossed: the factors of a zip together, at the place of the first
/// of them, and every other factor alone.
fn axes<'f>(factors: &'f [Factor], zips: &[Vec<FactorName>]) -> Vec<Vec<&'f Factor>> {
    let mut axes: Vec<Vec<&Factor>> = Vec::new();
    for factor in factors {
        let zip = zips.iter().find(|zip| zip.contains(&factor.name));
        let is_partner = |other: &&Factor| zip.is_some_and(|zip| zip.contains(&other.name));
        match axes.iter_mut().find(|begun| begun.iter().any(is_partner)) {
            Some(partners) => partners.push(factor),
            None => axes.push(vec![factor]),
        }
    }
    axes
}

/// Every combination of levels in the order written, the last factor turning
/// fastest and zipped ones together, without those that an exclusion matches.
pub(in super::super) fn combine(factors: &[Factor], zips: &[Vec<FactorName>], excluded: &[Selector]) -> Vec<Treatment> {
    let mut treatments = vec![Treatment::default()];
    for axis in axes(factors, zips) {
        let levels = axis.iter().map(|factor| factor.levels.len()).min().unwrap_or(0);
        let longer = |treatment: &Treatment, level: usize| {
            let own = axis.iter().filter_map(|factor| Some((factor.name.clone(), factor.levels.get(level)?.clone())));
            Treatment(treatment.0.clone().into_iter().chain(own).collect())
        };
        treatments =
            treatments.iter().flat_map(|treatment| (0..levels).map(|level| longer(treatment, level))).collect();
    }
    let place = |name: &FactorName| factors.iter().position(|factor| factor.name == *name);
    for treatment in &mut treatments {
        treatment.0.sort_by_key(|name, _| place(name));
    }
    treatments.retain(|treatment| {
        !excluded.iter().any(|selector| selector.0.iter().all(|(key, level)| treatment.level(key) == Some(level)))
    });
    treatments
}
