//! `design.zip`: factors that advance together.

use super::super::model::factor::Factor;
use crate::format::{Code, Finding, Key, Node, Notes, spelling};
use crate::names::FactorName;

/// Reads `zip`: lists of factors with equally many levels, each factor in one
/// list at most. A list with a mistake is left out.
pub(super) fn read_zip(key: Key<'_, Vec<Vec<FactorName>>>, factors: &[Factor], notes: &Notes) -> Vec<Vec<FactorName>> {
    let lists = key.or(Vec::new());
    let written = key.node();
    let lists_written = written.as_ref().and_then(Node::as_list).unwrap_or_default();
    let mut zips: Vec<Vec<FactorName>> = Vec::new();
    for (names, node) in lists.into_iter().zip(lists_written) {
        let taken: Vec<&FactorName> = zips.iter().flatten().collect();
        match check(&names, node, &taken, factors) {
            Ok(()) => zips.push(names),
            Err(finding) => notes.push(finding),
        }
    }
    zips
}

fn check(names: &[FactorName], node: &Node, taken: &[&FactorName], factors: &[Factor]) -> Result<(), Finding> {
    let complain = |code, node: &Node, message| Finding::new(code, node.span.clone(), message);
    if names.len() < 2 {
        let finding = complain(Code::Bounds, node, "a zip needs two factors or more".to_owned());
        return Err(finding.help("write it like zip = [[\"servers\", \"context\"]]"));
    }
    let mut first: Option<&Factor> = None;
    for (position, (name, node)) in names.iter().zip(node.as_list().unwrap_or_default()).enumerate() {
        let Some(factor) = factors.iter().find(|factor| factor.name == *name) else {
            let finding = complain(Code::UnknownReference, node, format!("there is no factor `{name}`"));
            return Err(finding.maybe_help(spelling::advice(name.as_str(), factors.iter().map(|f| f.name.as_str()))));
        };
        if taken.contains(&name) || names.iter().take(position).any(|earlier| earlier == name) {
            let finding = complain(Code::Duplicate, node, format!("factor `{name}` is zipped twice"));
            return Err(finding.help("put all factors that advance together into one list"));
        }
        let first = *first.get_or_insert(factor);
        if factor.levels.len() != first.levels.len() {
            let (one, other) = (first.levels.len(), factor.levels.len());
            let message = format!("`{}` has {one} levels and `{name}` has {other}", first.name);
            let finding = complain(Code::Bounds, node, message);
            return Err(finding.help("factors that advance together have equally many levels"));
        }
    }
    Ok(())
}
