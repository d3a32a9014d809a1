//! How models were loaded, over all epochs.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::record::{Event, ModelState, RunRecord, ServerKey};

/// A sentence for each server whose model was not loaded alike in every epoch
/// of a treatment. Between treatments it may differ: the context of more slots
/// takes more memory.
pub(super) fn told(record: &RunRecord) -> Vec<String> {
    let mut treatments: BTreeMap<u32, &str> = BTreeMap::new();
    let mut states: IndexMap<(&str, &ServerKey), Vec<&ModelState>> = IndexMap::new();
    for event in &record.events {
        match &event.event {
            Event::EpochStarted { epoch, treatment, .. } => {
                treatments.insert(*epoch, treatment);
            }
            Event::ServerReady { epoch, server, about, .. } => {
                let treatment = treatments.get(epoch).copied().unwrap_or_default();
                states.entry((treatment, server)).or_default().push(&about.state);
            }
            _ => {}
        }
    }
    states.into_iter().filter_map(|((treatment, server), states)| sentence(treatment, server, &states)).collect()
}

fn sentence(treatment: &str, server: &ServerKey, states: &[&ModelState]) -> Option<String> {
    let range = |of: fn(&ModelState) -> Option<u64>, words: &dyn Fn(u64) -> String| {
        let values = states.iter().filter_map(|state| of(state));
        let (least, most) = (values.clone().min()?, values.max()?);
        (least < most).then(|| format!("{} to {}", words(least), words(most)))
    };
    let bytes = |bytes: u64| crate::units::Bytes(bytes).to_string();
    let taken = range(|state| state.bytes.map(|bytes| bytes.0), &bytes).map(|range| format!("it took {range}"));
    let device = range(|state| state.device_bytes.map(|bytes| bytes.0), &bytes);
    let device = device.map(|range| format!("{range} of it in device memory"));
    let context = range(|state| state.context_tokens, &|tokens| tokens.to_string());
    let context = context.map(|range| format!("its context had {range} tokens"));
    let found: Vec<String> = [taken, device, context].into_iter().flatten().collect();
    let place = if treatment.is_empty() { String::new() } else { format!(" of {treatment}") };
    (!found.is_empty())
        .then(|| format!("`{server}` had its model not loaded alike in every epoch{place}: {}", found.join(", ")))
}
