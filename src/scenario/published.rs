//! Published numbers by themselves, without an experiment that checks them.

use std::path::Path;

use super::load::{LoadOptions, load, open};
use super::model::audit::Audit;
use super::model::claim::Claim;
use super::read::audit::read_audit;
use super::read::claim::{read_claims, read_documents};
use super::resolve::Scenario;
use super::tables::ScenarioKeys;
use crate::format::{Fields, Keys, Node, Notes, Problems, Scope, SourceMap, Table, Value};

/// Published numbers, and what an audit needs beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Published {
    /// The numbers.
    pub claims: Vec<Claim>,
    /// Data sheets, models and relations.
    pub audit: Audit,
}

/// Loads the claims of a scenario, or of a file that scenarios include. Such a
/// file declares no factors: the cells of its claims may have any.
///
/// # Errors
/// As for [`load`].
pub fn load_published(path: &Path, options: &LoadOptions<'_>) -> Result<Published, Problems> {
    let (notes, mut sources) = (Notes::default(), SourceMap::default());
    let Some(opened) = open(path, options, &mut sources, &notes) else {
        return notes.refuse(&sources);
    };
    if ["schema", "name"].iter().any(|key| opened.root.contains_key(*key)) {
        return load(path, options).map(|Scenario { claims, audit, .. }| Published { claims, audit });
    }
    let published = read(opened.root, options, &Scope::empty(&notes, &sources));
    notes.settle(published, &sources)
}

fn read(root: Table, options: &LoadOptions<'_>, scope: &Scope<'_>) -> Published {
    let root = Node::new(Value::Table(root), 0..0);
    let Some(fields) = Fields::of(&root, scope) else { return Published::default() };
    let keys = ScenarioKeys::among(&fields);
    fields.only(&["claim", "document", "audit"]);
    keys.claim.must_have();
    let nodes = keys.claim.list();
    let cells = cell_keys(&nodes);
    let claims = read_claims(&nodes, &read_documents(keys.document, scope), (&cells, options.metrics), scope);
    let audit = read_audit(keys.audit, &claims, scope);
    Published { claims, audit }
}

/// The keys of every table inside a claim, or inside a list of it: those of its
/// cells among them.
fn cell_keys(claims: &[Node]) -> Vec<&str> {
    let values = claims.iter().filter_map(Node::as_table).flat_map(Table::values).map(|entry| &entry.node);
    let tables = values.flat_map(|node| node.as_list().unwrap_or(std::slice::from_ref(node)));
    tables.filter_map(Node::as_table).flat_map(Table::keys).map(String::as_str).collect()
}
