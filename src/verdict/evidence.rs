//! What was measured about every line of the guide's two "use when" lists.

use super::Evidence;
use super::decision::at_load;
use super::interval::{estimate, pairs};
use super::way::{batches, mps, name};
use crate::metric;
use crate::stats::paired_ratio;
use crate::summary::{CellSummary, Estimate, Summary};

const MPS: &str = "CUDA MPS";
const SERVERS: &str = "multiple API servers";

/// What is measured about a line; `None` where no metric speaks of it.
type Measure = Option<fn(&Summary) -> Option<String>>;

/// The guide's lists, in its order and words.
const LINES: [(&str, &str, Measure); 12] = [
    (MPS, "Maximum GPU utilization is critical", Some(throughput)),
    (MPS, "Low latency is paramount", Some(latency)),
    (MPS, "Cost optimization (more models per GPU)", Some(models_per_gpu)),
    (MPS, "Same framework/runtime (e.g., all Ollama)", None),
    (MPS, "Predictable, homogeneous workloads", None),
    (MPS, "Single-tenant environments", None),
    (SERVERS, "High availability/fault tolerance required", Some(fault_reach)),
    (SERVERS, "Different models need different optimizations", None),
    (SERVERS, "Independent scaling per service needed", None),
    (SERVERS, "Multi-tenant production environments", None),
    (SERVERS, "Frequent model updates/deployments", None),
    (SERVERS, "Different teams managing different models", None),
];

pub(super) fn all(summary: &Summary) -> Vec<Evidence> {
    let evidence = |(speaks_for, says, measure): (&str, &str, Measure)| Evidence {
        speaks_for: speaks_for.to_owned(),
        says: says.to_owned(),
        measured: measure.and_then(|measure| measure(summary)),
    };
    LINES.into_iter().map(evidence).collect()
}

fn throughput(summary: &Summary) -> Option<String> {
    ratio("output_throughput", busiest(summary)?)
}

/// Small requests come in an open loop; without one, the lightest closed loop.
fn latency(summary: &Summary) -> Option<String> {
    let measured = || contrasts(summary).filter_map(|pair| Some((pair.0, ratio("ttft_p50", pair)?)));
    let open = measured().find(|(mps, _)| mps.rate.is_some());
    let (mps, text) = open.or_else(|| measured().min_by_key(|(mps, _)| mps.clients))?;
    let batching = batching_beside(summary, mps).map_or_else(String::new, |beside| format!("; {beside}"));
    Some(format!("{text}{batching}"))
}

/// One server that batches may do the same without MPS: what it takes under the
/// same load.
fn batching_beside(summary: &Summary, mps: &CellSummary) -> Option<String> {
    let same_load = |cell: &&CellSummary| cell.phase == mps.phase && cell.load == mps.load;
    let batching = |cell: &&CellSummary| cell.servers == 1 && batches(cell) && self::mps(cell) != Some(true);
    let beside = summary.cells.values().filter(same_load).find(batching)?;
    each([beside, mps], "ttft_p50")
}

/// Memory hardly depends on the load: of closed loops, the heaviest tells it.
fn models_per_gpu(summary: &Summary) -> Option<String> {
    let memory = |cells: Vec<&CellSummary>| each(cells, "memory_per_instance");
    let compared = || memory(busiest(summary).into_iter().flat_map(|(shared, sliced)| [shared, sliced]).collect());
    let at_equal_load = || memory(at_load(summary, None).into_iter().map(|(_, cell)| cell).collect());
    each(summary.cells.values(), "instances_max_practical")
        .or_else(compared)
        .or_else(at_equal_load)
        .or_else(|| memory(summary.cells.values().collect()))
}

fn fault_reach(summary: &Summary) -> Option<String> {
    let told = each(summary.cells.values(), "fault_reach")?;
    Some([Some(told), summary.faults_tried()].into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// The contrast with the most clients; of several, the first.
fn busiest(summary: &Summary) -> Option<(&CellSummary, &CellSummary)> {
    let closed = contrasts(summary).filter(|(mps, _)| mps.clients.is_some());
    closed.reduce(|most, next| if next.0.clients > most.0.clients { next } else { most })
}

/// Pairs of cells, under MPS and time-sliced, that differ in nothing else and
/// have several servers, none of which is killed on purpose.
fn contrasts(summary: &Summary) -> impl Iterator<Item = (&CellSummary, &CellSummary)> {
    let whole = |cell: &CellSummary| estimate(cell, "fault_reach").is_err();
    let shared = summary.cells.values().filter(move |cell| cell.servers > 1 && mps(cell) == Some(true) && whole(cell));
    shared.filter_map(|shared| {
        let sliced = summary.cells.values().find(|other| mps(other) == Some(false) && differ_in_mps(shared, other))?;
        Some((shared, sliced))
    })
}

fn differ_in_mps(one: &CellSummary, other: &CellSummary) -> bool {
    let rest = |cell: &CellSummary| {
        let others = cell.treatment.iter().filter(|(factor, _)| *factor != "mps");
        others.map(|(factor, level)| (factor.clone(), level.clone())).collect::<Vec<_>>()
    };
    one.phase == other.phase && one.load == other.load && one.servers == other.servers && rest(one) == rest(other)
}

/// "… under MPS ÷ … time-sliced", paired within blocks.
fn ratio(metric: &str, (shared, sliced): (&CellSummary, &CellSummary)) -> Option<String> {
    let (above, below) = (estimate(shared, metric).ok()?, estimate(sliced, metric).ok()?);
    let (pairs, confidence) = (pairs(above, below), above.confidence);
    let center = paired_ratio(&pairs, confidence.share())?;
    let interval = center.bounds.map_or_else(
        || "single run, no interval".to_owned(),
        |bounds| format!("{confidence} {:.3} to {:.3}, {} blocks", bounds.lower, bounds.upper, pairs.len()),
    );
    let title = metric::find(metric)?.title;
    let (shared_name, sliced_name) = (name(shared), name(sliced));
    let place = place(shared);
    Some(format!("{title}, {shared_name} ÷ {sliced_name}: ×{:.3} ({interval}; {place})", center.value))
}

/// The value in every one of these cells that has one.
fn each<'a>(cells: impl IntoIterator<Item = &'a CellSummary>, metric: &str) -> Option<String> {
    let title = metric::find(metric)?.title;
    let told = |cell| Some(format!("{} {} ({})", name(cell), value(metric, estimate(cell, metric).ok()?), place(cell)));
    let told: Vec<String> = cells.into_iter().filter_map(told).collect();
    (!told.is_empty()).then(|| format!("{title}: {}", told.join("; ")))
}

fn place(cell: &CellSummary) -> String {
    format!("`{}` at {}", cell.phase, cell.load)
}

fn value(metric: &str, estimate: &Estimate) -> String {
    let shown = |value: f64| match metric::find(metric).map(|definition| definition.unit) {
        Some(metric::Unit::Share) => format!("{:.1} %", value * 100.0),
        Some(metric::Unit::Seconds) => format!("{value:.2} s"),
        Some(metric::Unit::Bytes) => format!("{:.2} GB", value / 1e9),
        _ => format!("{value:.3}"),
    };
    let (is_none, is_all) = (estimate.value <= 0.0, estimate.value >= 1.0);
    match (estimate.interval, estimate.tally()) {
        (Some(interval), Some(tally)) if is_none => {
            format!("{} ({tally}: at most {})", shown(estimate.value), shown(interval.upper))
        }
        (Some(interval), Some(tally)) if is_all => {
            format!("{} ({tally}: at least {})", shown(estimate.value), shown(interval.lower))
        }
        // What is the same in every repetition has no interval.
        (Some(interval), _) if interval.lower.total_cmp(&interval.upper).is_eq() => shown(estimate.value),
        (Some(interval), _) => {
            format!("{} (95 % {} to {})", shown(estimate.value), shown(interval.lower), shown(interval.upper))
        }
        (None, _) => format!("{} (single run)", shown(estimate.value)),
    }
}
