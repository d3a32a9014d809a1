//! Treatments that a simulated machine cannot tell apart.

use super::{CellSpec, Epoch, Plan};
use crate::scenario::{GpuStep, MpsAction, ServerSpec, StepKind, StepSpec, Treatment};

impl Plan {
    /// A sentence for each group of treatments that are one to a simulated
    /// machine: that they do not differ there says nothing of a real one. None of
    /// a run that measures one treatment twice on purpose.
    pub fn equivalent_when_simulated(&self) -> Vec<String> {
        let mut groups: Vec<Vec<&Epoch>> = Vec::new();
        for epoch in self.epochs.iter().filter(|_| self.calibration.is_none()) {
            if groups.iter().flatten().any(|known| known.treatment == epoch.treatment) {
                continue;
            }
            match groups.iter_mut().find(|group| self.are_one_simulated(group[0], epoch)) {
                Some(group) => group.push(epoch),
                None => groups.push(vec![epoch]),
            }
        }
        let mut sentences: Vec<String> =
            groups.iter().filter(|group| group.len() > 1).map(|group| sentence(group)).collect();
        sentences.sort();
        sentences
    }

    /// Whether all is equal that is modelled. On which CPUs and GPUs servers are
    /// placed, their commands and environment, limits of MPS clients and every
    /// other step change nothing on a simulated machine.
    fn are_one_simulated(&self, one: &Epoch, other: &Epoch) -> bool {
        let modelled = |server: &ServerSpec| (server.api, server.model.clone(), server.slots.unwrap_or(1));
        let cells = |epoch: &Epoch| {
            let own = self.cells.values().filter(|cell| cell.treatment == epoch.treatment);
            own.map(|cell| CellSpec { treatment: Treatment::default(), ..cell.clone() }).collect::<Vec<_>>()
        };
        one.servers.iter().map(modelled).eq(other.servers.iter().map(modelled))
            && one.setup.iter().any(starts_mps) == other.setup.iter().any(starts_mps)
            && cells(one) == cells(other)
    }
}

fn starts_mps(step: &StepSpec) -> bool {
    matches!(&step.kind, StepKind::Gpu(GpuStep::Mps(mps)) if mps.action == MpsAction::Start)
}

fn sentence(alike: &[&Epoch]) -> String {
    let mut names: Vec<String> = alike.iter().map(|epoch| format!("`{}`", epoch.treatment)).collect();
    names.sort();
    format!(
        "A simulated machine cannot tell {} apart: it knows servers and their slots, MPS and the load, and not what these \
         differ by. That they are equal here says nothing of a real machine.",
        names.join(" and ")
    )
}
