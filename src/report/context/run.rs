use std::collections::BTreeSet;

use serde::Serialize;

use crate::plan::Plan;
use crate::record::{Envelope, Environment, GpuIdentity, Manifest, MemorySource, Outcome, Overrides, Session};
use crate::report::text::{line, sentence};
use crate::summary::{CellSummary, Seam, Summary, Validity};
use crate::text::quoted;

const MOMENT: &str = "%Y-%m-%d %H:%M:%S UTC";

/// The run used a simulated machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Simulated {
    /// Its name.
    pub machine: String,
    /// What it models.
    pub title: String,
    /// The sentence that every document must carry, word for word.
    pub banner: String,
    /// Which treatments are one to it, in sentences.
    pub alike: Vec<String>,
}

impl Simulated {
    /// From the manifest or, failing that, the summary: either word is enough.
    pub(super) fn of(manifest: &Manifest, plan: &Plan, summary: &Summary) -> Option<Self> {
        let (machine, title) = match (&manifest.simulated, &summary.simulated) {
            (Some(simulation), _) => (simulation.machine.as_str(), simulation.title.as_str()),
            (None, Some(machine)) => (machine.as_str(), ""),
            (None, None) => return None,
        };
        // No character that a filter or an engine would escape: the banner is
        // looked for in the finished document.
        let machine = line(machine).replace(|c: char| !c.is_alphanumeric() && !"_-. ".contains(c), "_");
        let banner = format!("SIMULATED on {machine}: no figure in this document was measured on a real server");
        let alike = plan.equivalent_when_simulated().iter().map(|sentence| line(sentence)).collect();
        Some(Self { machine, title: line(title), banner, alike })
    }
}

/// Who, what, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunView {
    /// The run.
    pub id: String,
    /// The scenario.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// The version of `runexp` that measured.
    pub runexp: String,
    /// Of every random choice.
    pub seed: u64,
    /// SHA-256 of the plan's decisions.
    pub plan_sha256: String,
    /// `2025-10-02 12:00:00 UTC`.
    pub started: String,
    /// The same, or `not finished`.
    pub finished: String,
    /// `completed`, or how else it ended.
    pub outcome: String,
    /// Set if it did not complete.
    pub incomplete: Option<Incomplete>,
    /// When and where it went on after it had ended, in sentences.
    pub resumed: Vec<String>,
    /// What a run that may stop early saw at each look, in sentences.
    pub looks: Vec<String>,
    /// Where a server's model was not loaded alike in every epoch of a treatment,
    /// in sentences.
    pub states: Vec<String>,
    /// Command lines that repeat the run and the report.
    pub reproduce: Vec<String>,
}

/// How a run ended early, and what the report stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incomplete {
    /// `Interrupted by SIGINT`, as the beginning of a sentence.
    pub ended: String,
    /// Planned measurements that count.
    pub whole: usize,
    /// Planned measurements.
    pub planned: usize,
}

impl Incomplete {
    fn of(outcome: &str, plan: &Plan, summary: &Summary) -> Self {
        Self {
            ended: sentence(outcome),
            whole: summary.cells.values().map(valid_blocks).sum(),
            planned: plan.epochs.iter().map(|epoch| epoch.cells.len()).sum(),
        }
    }
}

/// Blocks with a repetition that counts; one that was measured again is one.
fn valid_blocks(cell: &CellSummary) -> usize {
    let valid = cell.repetitions.iter().filter(|one| one.validity == Validity::Valid);
    valid.map(|one| one.block).collect::<BTreeSet<u32>>().len()
}

impl RunView {
    pub(super) fn of(manifest: &Manifest, plan: &Plan, summary: &Summary, simulated: Option<&Simulated>) -> Self {
        Self {
            id: manifest.run_id.to_string(),
            scenario: manifest.scenario.to_string(),
            title: line(&manifest.title),
            runexp: line(&manifest.runexp),
            seed: manifest.seed,
            plan_sha256: line(&manifest.plan_sha256),
            started: manifest.first_started().format(MOMENT).to_string(),
            finished: manifest
                .finished
                .map_or_else(|| "not finished".to_owned(), |finished| finished.format(MOMENT).to_string()),
            outcome: outcome(&manifest.outcome),
            incomplete: (manifest.outcome != Outcome::Completed)
                .then(|| Incomplete::of(&outcome(&manifest.outcome), plan, summary)),
            resumed: resumed(manifest, summary),
            looks: summary.looks.iter().map(|look| sentence(&line(&look.to_string()))).collect(),
            states: summary.states.iter().map(|one| line(one)).collect(),
            reproduce: reproduce(manifest, plan, simulated),
        }
    }
}

fn resumed(manifest: &Manifest, summary: &Summary) -> Vec<String> {
    let seam = |(session, Seam { wall, block, void }): (&Session, &Seam)| {
        let (wall, block) = (wall.format(MOMENT), block + 1);
        let before = match &session.outcome {
            Outcome::Running => "was killed".to_owned(),
            ended @ Outcome::Interrupted { .. } => format!("was {}", outcome(ended)),
            ended @ Outcome::Failed { .. } => outcome(ended),
            Outcome::Completed => "had fewer blocks".to_owned(),
        };
        let left = match void {
            0 => String::new(),
            1 => "; 1 measurement that it had begun this block with does not count".to_owned(),
            void => format!("; {void} measurements that it had begun this block with do not count"),
        };
        format!("{wall}, with block {block}; the session before {before}{left}")
    };
    manifest.sessions_before.iter().zip(&summary.resumed).map(seam).collect()
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Running => "still running, or killed".to_owned(),
        Outcome::Completed => "completed".to_owned(),
        Outcome::Interrupted { signal } => format!("interrupted by {}", line(signal)),
        Outcome::Failed { reason } => format!("failed: {}", line(reason)),
    }
}

/// The frozen scenario already holds includes, profile and `--set`.
fn reproduce(manifest: &Manifest, plan: &Plan, simulated: Option<&Simulated>) -> Vec<String> {
    let folder = format!("results/{}/{}", manifest.scenario, manifest.run_id);
    let command = if plan.calibration.is_some() { "calibrate" } else { "run" };
    let run = format!("runexp {command} {folder}/scenario.toml --seed {}", manifest.seed);
    let only = manifest.overrides.only.iter().map(|only| ("--only", only.as_str()));
    let simulate = simulated.map(|simulated| ("--simulate", simulated.machine.as_str()));
    let words = only.chain(simulate).map(|(option, value)| format!("{option} {}", quoted(&line(value))));
    let run = std::iter::once(run).chain(words).collect::<Vec<_>>().join(" ");
    vec![run, format!("runexp report {folder}")]
}

/// What the command line changed in the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverridesView {
    /// As typed, option and value.
    pub options: Vec<String>,
}

impl OverridesView {
    pub(super) fn of(overrides: &Overrides) -> Self {
        let Overrides { set, profile, only } = overrides;
        let options = profile
            .iter()
            .map(|profile| format!("--profile {profile}"))
            .chain(set.iter().map(|set| format!("--set {set}")))
            .chain(only.iter().map(|only| format!("--only {only}")))
            .map(|option| line(&option))
            .collect();
        Self { options }
    }
}

/// A name and what is known under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What.
    pub name: String,
    /// In words; `not known` if it could not be read.
    pub text: String,
}

/// The machine, fact by fact.
pub(super) fn environment(environment: &Environment, certified: Option<Envelope>) -> Vec<Fact> {
    let Environment { kernel, cpu, cpus, memory_bytes, boot_id: _, gpus, gpu_absent, driver, cuda } = environment;
    let mut facts: Vec<Fact> = gpus.iter().map(|gpu| fact("GPU", Some(gpu_words(gpu)))).collect();
    if facts.is_empty() {
        facts.push(fact("GPU", gpu_absent.as_ref().map(|why| format!("none: {why}"))));
    }
    facts.extend([
        fact("GPU driver", driver.clone()),
        fact("CUDA", cuda.clone()),
        fact("CPU", cpu.clone()),
        fact("CPUs", cpus.map(|cpus| cpus.to_string())),
        fact("Memory", memory_bytes.map(|bytes| bytes.to_string())),
        fact("Kernel", kernel.clone()),
        fact("Load driver", Some(certified.map_or_else(|| UNCERTIFIED.to_owned(), envelope_words))),
    ]);
    facts
}

const UNCERTIFIED: &str = "not certified: `runexp doctor` finds out once what it takes on a machine";

fn envelope_words(Envelope { made, requests_per_s, events_per_s, timely_events_per_s }: Envelope) -> String {
    format!(
        "certified on {} for {requests_per_s:.0} requests/s and {events_per_s:.0} token events/s, first tokens within 1 ms \
         up to {timely_events_per_s:.0} events/s",
        made.format("%Y-%m-%d")
    )
}

fn fact(name: &str, text: Option<String>) -> Fact {
    Fact { name: name.to_owned(), text: text.map_or_else(|| "not known".to_owned(), |text| line(&text)) }
}

fn gpu_words(gpu: &GpuIdentity) -> String {
    let memory = match (gpu.memory_bytes, gpu.memory_source) {
        (_, Some(MemorySource::Unified)) => ", memory shared with the host".to_owned(),
        (Some(bytes), _) => format!(", {bytes}"),
        (None, _) => String::new(),
    };
    let limits = gpu
        .power_limit_w
        .zip(gpu.power_limit_default_w)
        .filter(|(limit, default)| limit.to_bits() != default.to_bits());
    let limit = limits.map(|(limit, default)| format!(", limited to {limit:.0} W of {default:.0} W"));
    let bandwidth = gpu.bandwidth_bytes_per_s.map(|rate| format!(", {:.0} GB/s", rate / 1e9));
    let (bandwidth, limit) = (bandwidth.unwrap_or_default(), limit.unwrap_or_default());
    format!("{}{memory}{bandwidth}{limit} ({})", gpu.name, gpu.uuid)
}
