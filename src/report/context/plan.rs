use indexmap::IndexMap;
use serde::Serialize;

use super::there;
use crate::plan::{Epoch, Plan};
use crate::report::text::line;
use crate::scenario::{ServerSpec, StepSpec};

/// What was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanView {
    /// Complete blocks; if the run may stop early, at most.
    pub blocks: u32,
    /// The fewest complete blocks of a run that may stop early.
    pub least_blocks: Option<u32>,
    /// What an interval is over: `repetitions with fresh servers`, if the run has
    /// started them.
    pub repetitions: String,
    /// Lives of the servers.
    pub epochs: usize,
    /// Cells.
    pub cells: usize,
    /// What effects are compared with, if declared.
    pub baseline: Option<String>,
    /// Before the first epoch.
    pub setup: Vec<StepRow>,
    /// After the last epoch.
    pub teardown: Vec<StepRow>,
    /// Each treatment once, with its servers.
    pub treatments: Vec<TreatmentView>,
    /// Prompt files.
    pub prompts: Vec<PromptFile>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepRow {
    /// What the author calls it.
    pub name: String,
    /// The key of its kind.
    pub kind: &'static str,
    /// Whether it needs rights.
    pub privileged: bool,
}

/// A treatment and how it is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TreatmentView {
    /// `mps=on,servers=3`.
    pub name: String,
    /// Before its servers.
    pub setup: Vec<StepRow>,
    /// `ollama[0], model llama3.1:8b, 3 slots`.
    pub servers: Vec<String>,
}

/// A prompt file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PromptFile {
    /// Its name, without folders.
    pub file: String,
    /// Prompts in it.
    pub count: usize,
}

impl PlanView {
    pub(super) fn of(plan: &Plan, is_simulated: bool) -> Self {
        let mut treatments: IndexMap<String, &Epoch> = IndexMap::new();
        for epoch in &plan.epochs {
            treatments.entry(epoch.treatment.to_string()).or_insert(epoch);
        }
        Self {
            blocks: plan.blocks,
            least_blocks: plan.least_blocks(),
            repetitions: there::repetitions(plan, is_simulated),
            epochs: plan.epochs.len(),
            cells: plan.cells.len(),
            baseline: plan.baseline.as_ref().map(|baseline| line(&baseline.to_string())),
            setup: steps(&plan.setup),
            teardown: steps(&plan.teardown),
            treatments: treatments.iter().map(|(name, epoch)| treatment(name, epoch)).collect(),
            prompts: plan
                .prompts
                .iter()
                .map(|(path, prompts)| PromptFile {
                    file: path.file_name().map_or_else(String::new, |name| line(&name.to_string_lossy())),
                    count: prompts.len(),
                })
                .collect(),
        }
    }
}

fn treatment(name: &str, epoch: &Epoch) -> TreatmentView {
    TreatmentView { name: line(name), setup: steps(&epoch.setup), servers: epoch.servers.iter().map(server).collect() }
}

fn server(server: &ServerSpec) -> String {
    let model = server.model.as_ref().map(|model| format!(", model {model}"));
    let slots = server.slots.map(|slots| format!(", {slots} {}", if slots == 1 { "slot" } else { "slots" }));
    line(&format!("{}{}{}", server.label(), model.unwrap_or_default(), slots.unwrap_or_default()))
}

fn steps(steps: &[StepSpec]) -> Vec<StepRow> {
    steps
        .iter()
        .map(|step| StepRow { name: line(&step.name), kind: step.kind.key(), privileged: step.privileged })
        .collect()
}
