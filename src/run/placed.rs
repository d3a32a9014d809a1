//! Whether servers are placed on GPUs that are there.

use std::fmt;

use super::runner::{RunStop, Runner};
use crate::plan::Plan;
use crate::record::GpuIdentity;
use crate::scenario::{ServerOrigin, ServerSpec};

/// A server that CUDA would show no GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misplaced {
    /// `ollama[1]`.
    label: String,
    /// Its number or UUID, as it is written.
    gpu: String,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` on GPU {}", self.label, self.gpu)
    }
}

/// All of them, each on a line, and what there is.
pub(super) fn listed(misplaced: &[Misplaced], there: &[String]) -> String {
    let lines: Vec<String> = misplaced.iter().map(|server| format!("\n  {server}")).collect();
    format!("{}\n  help: the GPUs here: {}", lines.concat(), there.join(", "))
}

impl Runner<'_> {
    /// Refuses before the first effect what would be measured on a CPU: to a
    /// program on a GPU that is not there CUDA shows none, and some servers then
    /// compute without one and do not fail. Where GPUs cannot be asked nobody
    /// knows, and a simulated machine has no places.
    pub(super) fn require_places(&self) -> Result<(), RunStop> {
        if self.context.world.is_simulated() {
            return Ok(());
        }
        let Ok(gpus) = self.context.world.gpus() else { return Ok(()) };
        let gpus: Vec<GpuIdentity> = gpus.into_iter().map(|(gpu, _)| gpu).collect();
        match misplaced(self.context.plan, &gpus) {
            misplaced if misplaced.is_empty() => Ok(()),
            misplaced => Err(RunStop::Misplaced { misplaced, there: there(&gpus) }),
        }
    }
}

fn there(gpus: &[GpuIdentity]) -> Vec<String> {
    gpus.iter().enumerate().map(|(number, gpu)| format!("{number} ({}, {})", gpu.name, gpu.uuid)).collect()
}

fn misplaced(plan: &Plan, gpus: &[GpuIdentity]) -> Vec<Misplaced> {
    let mut found: Vec<Misplaced> = Vec::new();
    for server in plan.epochs.iter().flat_map(|epoch| &epoch.servers) {
        let absent = places(server).filter(|place| !is_there(place, gpus));
        for misplaced in absent.map(|gpu| Misplaced { label: server.label(), gpu: gpu.to_owned() }) {
            if !found.contains(&misplaced) {
                found.push(misplaced);
            }
        }
    }
    found
}

/// What CUDA is told to show a server of ours.
fn places(server: &ServerSpec) -> impl Iterator<Item = &str> {
    let told = match &server.origin {
        ServerOrigin::Run { env, .. } => env.get("CUDA_VISIBLE_DEVICES").map_or("", String::as_str),
        _ => "",
    };
    told.split(',').map(str::trim)
}

/// What is neither a number nor the UUID of a whole GPU, such as `-1` for none
/// on purpose, or a part of one, is left to CUDA, which takes the beginning of
/// a UUID for the whole.
fn is_there(place: &str, gpus: &[GpuIdentity]) -> bool {
    match place.parse::<usize>() {
        Ok(number) => number < gpus.len(),
        Err(_) => !place.starts_with("GPU-") || gpus.iter().any(|gpu| gpu.uuid.starts_with(place)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_there_by_its_number_or_the_beginning_of_its_uuid() {
        let gpus = ["GPU-41939093-4570", "GPU-5c0d9924-cd1e"].map(|uuid| {
            let name = "NVIDIA H100 80GB HBM3";
            serde_json::from_value(serde_json::json!({ "uuid": uuid, "name": name, "memory_bytes": null })).unwrap()
        });
        let there = ["0", "1", "GPU-5c0d9924-cd1e", "GPU-5c0", "-1", "", "MIG-GPU-41939093/1/0"];
        let absent = ["2", "GPU-5c0d9924-cd1f", "GPU-6"];
        assert!(there.into_iter().all(|place| is_there(place, &gpus)));
        assert!(!absent.into_iter().any(|place| is_there(place, &gpus)));
        let misplaced = Misplaced { label: "ollama[2]".to_owned(), gpu: "2".to_owned() };
        insta::assert_snapshot!(RunStop::Misplaced { misplaced: vec![misplaced], there: super::there(&gpus) }, @r"
        servers on a GPU that is not there would compute without one:
          `ollama[2]` on GPU 2
          help: the GPUs here: 0 (NVIDIA H100 80GB HBM3, GPU-41939093-4570), 1 (NVIDIA H100 80GB HBM3, GPU-5c0d9924-cd1e)
        ");
    }
}
