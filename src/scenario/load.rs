//! From a file to a checked [`Scenario`].

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::check::{
    Checked, check_factors_used, check_profile_sections, check_profiles, check_schema, check_treatments, check_vars,
};
use super::loaded::Loaded;
use super::read::audit::read_audit;
use super::read::claim::{read_claims, read_documents};
use super::read::design::read_design;
use super::read::factor::{are_few, cell_keys, read_exclude, read_factors};
use super::read::question::read_question;
use super::read::rule::read_rule;
use super::resolve::{Scenario, Sections};
use super::tables::{EpochKeys, ScenarioFile, ScenarioKeys};
use super::warnings::warn;
use crate::format::{
    Code, Fields, Finding, Includer, Key, Keys, Node, Notes, Problems, Scope, SourceMap, Table, Value, merge,
    override_with, parse_set, read_root, spelling, tree,
};
use crate::names::ScenarioName;

/// Sections in which an override may change a name, and not add one.
pub(super) const DECLARED: [&str; 2] = ["vars", "factors"];
/// Names that every run, or every server instance, brings with it. A variable
/// that uses one is computed there, and one that uses a factor for each
/// treatment.
const LATE_NAMES: [&str; 4] = ["run", "port", "index", "slots"];

/// What a scenario is loaded with.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions<'a> {
    /// `--set key.path=value`, in order; the last one wins. The path is a
    /// dotted TOML key; an element of a list is addressed by its position from
    /// 0, so that `phase.0.duration=5s` changes the first phase. The value is
    /// TOML, or a bare word like `llama3.1:8b`, which is text.
    pub set: &'a [String],
    /// The `[profile.NAME]` laid over the scenario before that.
    pub profile: Option<&'a str>,
    /// The metrics that a scenario may speak of.
    pub metrics: &'a [&'a str],
    /// Those of them that are times: their limits are written with a unit.
    pub times: &'a [&'a str],
}

/// Loads a scenario and everything it names.
///
/// # Errors
/// Every problem there is, as far as one does not hide another: syntax errors
/// and bad includes come first, alone.
pub fn load(path: &Path, options: &LoadOptions<'_>) -> Result<Scenario, Problems> {
    let (notes, mut sources) = (Notes::default(), SourceMap::default());
    let Some(Opened { root, dir, deciding }) = open(path, options, &mut sources, &notes) else {
        return notes.refuse(&sources);
    };
    check_profiles(&root, &deciding, &notes);
    let Some(mut loaded) = assemble(root, &dir, &sources, options, &notes) else {
        return notes.refuse(&sources);
    };
    let Checked { cells, files, ports_needed } = check_treatments(loaded.draft(), &notes);
    loaded.read_files(&files, &notes);
    let mut scenario = loaded.settle(ports_needed, notes, &sources)?;
    let warnings = Notes::default();
    warn(&scenario, &cells, &warnings);
    scenario.warnings = warnings.problems(&sources);
    Ok(scenario)
}

/// A file's tables laid over everything it includes, and under every override.
pub(super) struct Opened {
    pub(super) root: Table,
    dir: PathBuf,
    /// The variables that names of included files use.
    deciding: Vec<String>,
}

/// Opens a file and what it includes; `None` if anything was noted.
pub(super) fn open(path: &Path, options: &LoadOptions<'_>, sources: &mut SourceMap, notes: &Notes) -> Option<Opened> {
    let (file, text) = read_root(path, sources, notes)?;
    let root = tree::parse(&path.display().to_string(), &text, sources, notes);
    let sets = parse_sets(options, sources, notes);
    let dir = file.parent().map_or_else(PathBuf::new, Path::to_owned);
    let mut includer = Includer {
        top: &dir,
        vars: early_vars(&root, &sets, options),
        sources,
        notes,
        open: vec![file.clone()],
        done: vec![file],
        deciding: Vec::new(),
    };
    let root = includer.expand(root, path);
    let deciding = includer.deciding;
    let root = override_root(root, &sets, options, notes);
    notes.is_clean().then_some(Opened { root, dir, deciding })
}

/// Loads the frozen `scenario.toml` of a run directory. Nothing is included
/// and no file is looked at: they may have changed, or be gone, by now.
///
/// # Errors
/// As for [`load`].
pub fn load_frozen(text: &str, options: &LoadOptions<'_>) -> Result<Scenario, Problems> {
    let (notes, mut sources) = (Notes::default(), SourceMap::default());
    let root = tree::parse("scenario.toml", text, &mut sources, &notes);
    let sets = parse_sets(options, &mut sources, &notes);
    let root = override_root(root, &sets, options, &notes);
    if !notes.is_clean() {
        return notes.refuse(&sources);
    }
    let Some(loaded) = assemble(root, Path::new("/"), &sources, options, &notes) else {
        return notes.refuse(&sources);
    };
    let Checked { ports_needed, .. } = check_treatments(loaded.draft(), &notes);
    // Runs of earlier versions kept them; nothing of them is asked any more.
    notes.forget(Code::UserInfo);
    notes.forget(Code::AmbiguousFigure);
    loaded.settle(ports_needed, notes, &sources)
}

fn parse_sets(options: &LoadOptions<'_>, sources: &mut SourceMap, notes: &Notes) -> Vec<Table> {
    options.set.iter().enumerate().map(|(index, text)| parse_set(index + 1, text, sources, notes)).collect()
}

/// The variables of the profile and of `--set`: a file to include may be named
/// by one, so they must be known before includes are.
fn early_vars(root: &Table, sets: &[Table], options: &LoadOptions<'_>) -> Table {
    let vars = |table: &Table| table.get("vars").and_then(|entry| entry.node.as_table()).cloned();
    let mut early = Table::new();
    for over in profile(root, options).into_iter().chain(sets) {
        merge(&mut early, vars(over).unwrap_or_default());
    }
    early
}

fn profile<'t>(root: &'t Table, options: &LoadOptions<'_>) -> Option<&'t Table> {
    root.get("profile")?.node.as_table()?.get(options.profile?)?.node.as_table()
}

/// The profile, then every `--set`, laid over the scenario.
fn override_root(mut root: Table, sets: &[Table], options: &LoadOptions<'_>, notes: &Notes) -> Table {
    let chosen = profile(&root, options).cloned();
    let profiles = root.get("profile").cloned();
    match (options.profile, chosen) {
        (Some(_), Some(profile)) => override_with(&mut root, &profile, &DECLARED, notes),
        (Some(name), None) => {
            let known = profiles.as_ref().and_then(|entry| entry.node.as_table());
            let names = known.into_iter().flat_map(Table::keys).map(String::as_str);
            let span = profiles.as_ref().map_or(0..0, |entry| entry.node.span.clone());
            let finding = Finding::new(Code::UnknownReference, span, format!("there is no profile `{name}`"));
            notes.push(finding.maybe_help(spelling::advice(name, names)));
        }
        (None, _) => {}
    }
    for set in sets {
        override_with(&mut root, set, &DECLARED, notes);
    }
    root
}

/// Reads what does not depend on the treatment. What is wrong is noted and
/// replaced by a stand-in, so that the rest can be checked too.
fn assemble(
    mut tree: Table,
    file_dir: &Path,
    sources: &SourceMap,
    options: &LoadOptions<'_>,
    notes: &Notes,
) -> Option<Loaded> {
    let vars = table_of(tree.get("vars").map(|entry| &entry.node), notes);
    let scope = Scope::empty(notes, sources).with_vars(&vars);
    let root = Node::new(Value::Table(tree.clone()), 0..0);
    let fields = Fields::of(&root, &scope)?;
    let keys = ScenarioKeys::among(&fields);
    // Includes are followed by now; nothing may ask for more.
    let sections: Vec<&str> = ScenarioFile::NAMES.iter().copied().filter(|key| *key != keys.include.name()).collect();
    fields.only(&sections);
    check_schema(keys.schema);
    check_vars(keys.vars, notes);
    tree.shift_remove("profile");
    let name = keys.name.required_as().or_else(|| ScenarioName::new("unnamed").ok())?;
    let dir = keys.dir.optional().map_or_else(|| file_dir.to_owned(), |dir| file_dir.join(dir));
    let declared = table_of(keys.factors.raw(), notes);
    let factors = read_factors(&declared, &vars, &scope);
    let names = factors.iter().map(|factor| factor.name.as_str());
    scope.check_waiting(&names.chain(LATE_NAMES).collect::<Vec<_>>());
    let design = keys.design.raw().and_then(|node| read_design(node, &factors, options.metrics, &scope));
    let design = design.unwrap_or_default();
    let factors = if are_few(&factors, &design.zip, &declared, &scope) { factors } else { Vec::new() };
    let (documents, known) = (read_documents(keys.document, &scope), cell_keys(&factors));
    let claims = read_claims(&keys.claim.list(), &documents, (&known, options.metrics), &scope);
    let audit = read_audit(keys.audit, &claims, &scope);
    let (question, rules) = read_question(keys.decision, options);
    let rule = |node| read_rule(node, &cell_keys(&factors), options.metrics, &scope);
    let scenario = Scenario {
        title: keys.title.optional().unwrap_or_else(|| name.to_string()),
        name,
        dir,
        excluded: keys.exclude.list().iter().filter_map(|node| read_exclude(node, &factors, &scope)).collect(),
        design,
        claims,
        audit,
        question,
        rules: rules.iter().filter_map(rule).collect(),
        factors,
        doubts: Vec::new(),
        foreign_gpu_processes: read_programs(keys.foreign_gpu_processes),
        prompts: IndexMap::new(),
        traces: IndexMap::new(),
        facts: IndexMap::new(),
        warnings: Problems::default(),
        vars: vars.clone(),
        sections: read_sections(&keys),
        tree,
        sources: sources.clone(),
        ports_needed: 0,
    };
    check_profile_sections(keys.profile, &sections, notes);
    check_factors_used(&scenario, &scope);
    Some(Loaded::new(scenario))
}

fn table_of(node: Option<&Node>, notes: &Notes) -> Table {
    match node {
        None => Table::new(),
        Some(Node { value: Value::Table(table), .. }) => table.clone(),
        Some(node) => {
            let message = format!("expected a table, found {}", node.describe());
            notes.push(Finding::new(Code::Value, node.span.clone(), message));
            Table::new()
        }
    }
}

fn read_sections(keys: &ScenarioKeys<'_>) -> Sections {
    keys.server.must_have();
    keys.phase.must_have();
    let epoch = keys.epoch.table();
    Sections {
        setup: keys.setup.list(),
        epoch_setup: epoch.as_ref().map(|epoch| EpochKeys::of(epoch).setup.list()).unwrap_or_default(),
        servers: keys.server.list(),
        phases: keys.phase.list(),
        teardown: keys.teardown.list(),
        telemetry: keys.telemetry.raw().cloned(),
    }
}

/// `foreign_gpu_processes`: names as the kernel has them, without a folder.
fn read_programs(key: Key<'_, Option<Vec<String>>>) -> Vec<String> {
    let programs = key.optional().unwrap_or_default();
    for program in programs.iter().filter(|program| program.is_empty() || program.contains('/')) {
        let message = format!("`{program}` is not the name of a program");
        key.advise(Code::Value, message, "write it as `ps -o comm` shows it, `Xorg` say");
    }
    programs
}
