//! A scenario, and what it means for one treatment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use minijinja::value::{Serde, Value as Computed};

use super::files::file_facts::FileFacts;
use super::files::referenced_file::Folder;
use super::model::audit::Audit;
use super::model::claim::Claim;
use super::model::design::Design;
use super::model::factor::{Factor, Selector, Treatment};
use super::model::phase::PhaseSpec;
use super::model::prompt::PromptLine;
use super::model::question::Question;
use super::model::rule::Rule;
use super::model::server::ServerSpec;
use super::model::telemetry::Telemetry;
use super::read::factor::combine;
use super::read::phase::read_phases;
use super::read::server::{Ports, read_servers};
use super::read::step::read_steps;
use super::read::telemetry::read_telemetry;
use super::step::StepSpec;
use crate::format::{Code, Entry, Finding, Node, Notes, Problems, Scope, SourceMap, Table, Value};
use crate::names::ScenarioName;
use crate::trust::Distrust;
use crate::units::Nanos;

/// An experiment as declared, checked as a whole.
///
/// What depends on the treatment is kept as written and computed by
/// [`Scenario::resolve`]; it was computed for every treatment once already, so
/// that it is known to work.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, also a folder under `results/`.
    pub name: ScenarioName,
    /// One line for people.
    pub title: String,
    /// The folder that relative paths start from; absolute.
    pub dir: PathBuf,
    /// What is varied, in the order written.
    pub factors: Vec<Factor>,
    /// How often, in which order, against what.
    pub design: Design,
    /// Published numbers to be checked.
    pub claims: Vec<Claim>,
    /// What an audit of those numbers needs beside them.
    pub audit: Audit,
    /// By what the ways to serve are ranked.
    pub question: Question,
    /// From what is measured to recommendations.
    pub rules: Vec<Rule>,
    /// Why root should not rely on a file that the scenario was read from, or
    /// that it names; empty in a frozen scenario.
    pub doubts: Vec<Distrust>,
    /// Programs that may compute on a GPU beside the run, by name.
    pub foreign_gpu_processes: Vec<String>,
    /// The lines of every prompt file, by absolute path; empty in a frozen
    /// scenario.
    pub prompts: IndexMap<PathBuf, Vec<PromptLine>>,
    /// The moments of every trace of arrivals, each counted from its first, by
    /// absolute path; empty in a frozen scenario.
    pub traces: IndexMap<PathBuf, Vec<Nanos>>,
    /// What each of these files was taken for; empty in a frozen scenario.
    pub facts: IndexMap<PathBuf, FileFacts>,
    /// What can be run and will still not answer what its author asks; none in
    /// a frozen scenario, of which they were said before.
    pub warnings: Problems,
    pub(super) excluded: Vec<Selector>,
    /// As written: each is computed where every name it uses is known.
    pub(super) vars: Table,
    pub(super) sections: Sections,
    /// The merged tables, not yet rendered.
    pub(super) tree: Table,
    pub(super) sources: SourceMap,
    pub(super) ports_needed: usize,
}

/// The sections that depend on the treatment, as written.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    pub(super) setup: Vec<Node>,
    pub(super) epoch_setup: Vec<Node>,
    pub(super) servers: Vec<Node>,
    pub(super) phases: Vec<Node>,
    pub(super) teardown: Vec<Node>,
    pub(super) telemetry: Option<Node>,
}

/// What a run gives to its scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bindings {
    /// `run.id` in templates.
    pub run_id: String,
    /// `run.dir` in templates.
    pub run_dir: PathBuf,
    /// Free ports on loopback, handed out in order to the `run` and `compose`
    /// instances that have no fixed one.
    pub ports: Vec<u16>,
}

/// A treatment with every template computed and every `when` decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// Before the servers of every epoch.
    pub epoch_setup: Vec<StepSpec>,
    /// Every instance of every server.
    pub servers: Vec<ServerSpec>,
    /// Measured one after the other.
    pub phases: Vec<PhaseSpec>,
    /// How GPUs are watched meanwhile.
    pub telemetry: Telemetry,
}

impl Scenario {
    /// Every combination of levels, the last factor turning fastest and zipped
    /// ones together, without those excluded. One treatment without levels if there is no factor.
    pub fn treatments(&self) -> Vec<Treatment> {
        combine(&self.factors, &self.design.zip, &self.excluded)
    }

    /// The most ports that the servers of any treatment need.
    pub const fn ports_needed(&self) -> usize {
        self.ports_needed
    }

    /// The steps before the first epoch.
    ///
    /// # Errors
    /// When a template cannot be computed with these bindings.
    pub fn setup(&self, bindings: &Bindings) -> Result<Vec<StepSpec>, Problems> {
        self.steps(&self.sections.setup, bindings)
    }

    /// The steps after the last epoch.
    ///
    /// # Errors
    /// When a template cannot be computed with these bindings.
    pub fn teardown(&self, bindings: &Bindings) -> Result<Vec<StepSpec>, Problems> {
        self.steps(&self.sections.teardown, bindings)
    }

    /// What one treatment means.
    ///
    /// # Errors
    /// When there are too few ports, or a template cannot be computed with
    /// these bindings.
    pub fn resolve(&self, treatment: &Treatment, bindings: &Bindings) -> Result<Resolved, Problems> {
        let notes = Notes::default();
        let (resolved, _) =
            self.resolve_in(&self.scope(bindings, &notes), treatment, &bindings.ports, &Folder::new(&self.dir));
        notes.settle(resolved, &self.sources)
    }

    /// The scenario as one TOML file, with includes, profile and overrides
    /// folded in and relative paths kept by the key `dir`.
    pub fn frozen(&self) -> String {
        let mut tree = self.tree.clone();
        let dir = Node::new(Value::Text(self.dir.display().to_string()), 0..0);
        tree.insert("dir".to_owned(), Entry { key: 0..0, node: dir });
        // Only a key that is no string or a missing value can fail, and a tree has neither.
        toml::to_string(&Node::new(Value::Table(tree), 0..0)).unwrap_or_default()
    }

    fn steps(&self, written: &[Node], bindings: &Bindings) -> Result<Vec<StepSpec>, Problems> {
        let notes = Notes::default();
        let steps = read_steps(written, &self.scope(bindings, &notes), &Folder::new(&self.dir));
        notes.settle(steps, &self.sources)
    }

    /// The names that every treatment knows.
    pub(super) fn scope<'a>(&'a self, bindings: &Bindings, notes: &'a Notes) -> Scope<'a> {
        let run = BTreeMap::from([
            ("id".to_owned(), Computed::from(bindings.run_id.clone())),
            ("dir".to_owned(), Computed::from(bindings.run_dir.display().to_string())),
        ]);
        Scope::empty(notes, &self.sources).with_vars(&self.vars).with([("run".to_owned(), Computed::from(run))])
    }

    /// Notes what is wrong with `[[setup]]` and `[[teardown]]`.
    pub(super) fn check_outer_steps(&self, scope: &Scope<'_>, folder: &Folder<'_>) {
        for nodes in [&self.sections.setup, &self.sections.teardown] {
            read_steps(nodes, scope, folder);
        }
    }

    /// As `resolve`, with the problems and the files that are named noted, and
    /// how many ports were used.
    pub(super) fn resolve_in(
        &self,
        scope: &Scope<'_>,
        treatment: &Treatment,
        ports: &[u16],
        folder: &Folder<'_>,
    ) -> (Resolved, usize) {
        let levels = treatment.0.iter().map(|(name, level)| (name.to_string(), Computed::from(Serde(level))));
        let scope = scope.with(levels);
        let notes = scope.notes;
        let mut ports = Ports::new(ports);
        let epoch_setup = read_steps(&self.sections.epoch_setup, &scope, folder);
        let servers = read_servers(&self.sections.servers, &scope, folder, &mut ports);
        let telemetry = read_telemetry(self.sections.telemetry.as_ref(), &scope);
        let phases = read_phases(&self.sections.phases, &servers, &scope, folder);
        self.check_not_empty("server", servers.declared.is_empty(), treatment, notes);
        self.check_not_empty("phase", phases.is_empty(), treatment, notes);
        (Resolved { epoch_setup, servers: servers.specs, phases, telemetry }, ports.used())
    }

    fn check_not_empty(&self, section: &str, is_empty: bool, treatment: &Treatment, notes: &Notes) {
        // A section whose tables are wrong is empty too; that is known already.
        if is_empty && notes.is_clean() {
            let span = self.tree.get(section).map_or(0..0, |entry| entry.node.span.clone());
            let finding = Finding::new(Code::MissingKey, span, format!("a treatment is left without a {section}"));
            notes.push(finding.help(format!("no `[[{section}]]` remains in treatment `{treatment}`")));
        }
    }
}
