//! What a template sees: plain data, built once, the same for both engines.

mod answer;
mod capacity;
mod caveats;
mod cells;
mod claims;
mod comparisons;
mod counted;
mod decision;
mod effects;
mod faults;
mod looked;
mod noise;
mod phases;
mod plan;
mod records;
mod replies;
mod rules;
mod run;
mod searches;
mod there;

use indexmap::IndexSet;
use serde::Serialize;

pub use capacity::{CapacityRow, CapacityView};
pub(super) use caveats::CaveatsView;
pub use cells::{CellRow, CourseRow, Courses, InvalidRow, ObjectiveRow};
pub use claims::{ClaimRow, Tally};
pub use comparisons::ComparisonRow;
pub use decision::{DecisionView, EvidenceGroup, EvidenceLine, OptionRow};
pub use effects::{EffectRow, EffectsView};
pub use noise::NoiseRow;
pub use phases::{Absent, Grid, GridRow, PhaseView};
pub use plan::{PlanView, PromptFile, StepRow, TreatmentView};
pub use records::RecordsView;
pub use replies::{FailureRow, RepliesView};
pub use rules::RuleRow;
pub use run::{Fact, Incomplete, OverridesView, RunView, Simulated};
pub use searches::{ProbeRow, SearchView};

use crate::metric::MetricDefinition;
use crate::plan::Plan;
use crate::record::Manifest;
use crate::report::text::line;
use crate::summary::Summary;
use crate::verdict::Verdicts;

/// Everything a template can name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Context {
    /// Set if nothing was measured on real servers.
    pub simulated: Option<Simulated>,
    /// For the first heading of every table: `SIMULATED: `, or nothing.
    pub mark: &'static str,
    /// Who, what, when.
    pub run: RunView,
    /// Whether the records are what the run wrote.
    pub records: RecordsView,
    /// What the command line changed.
    pub overrides: OverridesView,
    /// The machine, fact by fact.
    pub environment: Vec<Fact>,
    /// What was planned.
    pub plan: PlanView,
    /// Every cell, in the plan's order.
    pub cells: Vec<CellRow>,
    /// The same by phase.
    pub phases: Vec<PhaseView>,
    /// Every search for the highest load that meets the objectives.
    pub searches: Vec<SearchView>,
    /// Every search for the most servers that run together.
    pub capacities: Vec<CapacityView>,
    /// Repetitions whose values do not count.
    pub invalid: Vec<InvalidRow>,
    /// How the throughput of all repetitions ran.
    pub courses: Courses,
    /// Throughputs whose repetitions are alike because tokens are whole, in
    /// sentences.
    pub counted_alike: Vec<String>,
    /// What became of each server that was killed on purpose, in sentences.
    pub faults: Vec<String>,
    /// What the servers answered, where that was no plain reply.
    pub replies: RepliesView,
    /// What could be seen of servers that the run has not started, in sentences.
    pub already_there: Vec<String>,
    /// Treatments against the baseline.
    pub comparisons: Vec<ComparisonRow>,
    /// What each factor contributes.
    pub effects: EffectsView,
    /// Published numbers and what became of them.
    pub claims: Vec<ClaimRow>,
    /// Of the intervals of claims and equivalences: `95 %`, more in a run whose
    /// data were looked at before.
    pub confidence: String,
    /// How often tests may err, over all looks at the data, in sentences.
    pub looked: String,
    /// How many claims got which verdict.
    pub tallies: Vec<Tally>,
    /// How far two equals differed, if the run was to find that out.
    pub noise: Vec<NoiseRow>,
    /// Which way to serve.
    pub decision: DecisionView,
    /// Servers by name and version, each once.
    pub engines: Vec<String>,
    /// What the run cannot tell, and what it stands on.
    pub caveats: CaveatsView,
    /// The scenario's own rules, and whether they hold.
    pub rules: Vec<RuleRow>,
}

impl Context {
    /// From what was decided before, found during and concluded after a run.
    /// `metrics` is the registry, in the order that tables shall have.
    pub fn new(
        manifest: &Manifest,
        plan: &Plan,
        summary: &Summary,
        verdicts: &Verdicts,
        metrics: &[MetricDefinition],
    ) -> Self {
        let simulated = Simulated::of(manifest, plan, summary);
        let cells = cells::rows(summary, plan, metrics);
        Self {
            mark: if simulated.is_some() { "SIMULATED: " } else { "" },
            run: RunView::of(manifest, plan, summary, simulated.as_ref()),
            records: RecordsView::of(&summary.integrity),
            overrides: OverridesView::of(&manifest.overrides),
            environment: run::environment(&manifest.environment, manifest.certified),
            plan: PlanView::of(plan, simulated.is_some()),
            phases: phases::phases(&cells),
            searches: searches::searches(summary, metrics),
            capacities: capacity::capacities(summary, metrics),
            invalid: cells::invalid(summary),
            courses: cells::courses(summary),
            counted_alike: counted::sentences(summary, plan),
            faults: faults::sentences(summary, plan),
            replies: RepliesView::of(summary, plan),
            already_there: there::sentences(summary),
            comparisons: comparisons::comparisons(verdicts, metrics),
            effects: EffectsView::of(verdicts),
            claims: claims::claims(verdicts, metrics),
            confidence: verdicts.significance.to_string(),
            looked: looked::sentence(summary, verdicts),
            tallies: claims::tallies(verdicts),
            noise: noise::rows(summary, plan, metrics),
            decision: DecisionView::of(summary, verdicts, &cells, metrics),
            engines: engines(summary),
            caveats: CaveatsView::of(manifest, plan, summary, &verdicts.decision),
            rules: rules::rules(verdicts, metrics),
            cells,
            simulated,
        }
    }
}

fn engines(summary: &Summary) -> Vec<String> {
    let engines: IndexSet<String> =
        summary.served.iter().filter_map(|about| about.engine.as_deref().map(line)).collect();
    engines.into_iter().collect()
}

fn row<'a>(metrics: &'a [MetricDefinition], id: &str) -> Option<&'a MetricDefinition> {
    metrics.iter().find(|row| row.id == id)
}
