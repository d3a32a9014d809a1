//! What servers tell of themselves, over all epochs.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::{Reason, Rule};
use crate::names::CellId;
use crate::record::{Event, RunRecord, ServerAbout, ServerKey};
use crate::summary::CellSummary;
use crate::units::Bytes;

/// Adds to every repetition what is wrong with the servers of its epoch.
pub(in crate::summary) fn examine_servers(record: &RunRecord, cells: &mut IndexMap<CellId, CellSummary>) {
    let has_gpu = !record.manifest.environment.gpus.is_empty();
    let mut first: BTreeMap<&ServerKey, &ServerAbout> = BTreeMap::new();
    let mut reasons: BTreeMap<u32, Vec<Reason>> = BTreeMap::new();
    for event in &record.events {
        let Event::ServerReady { epoch, server, about, .. } = &event.event else { continue };
        let before = first.entry(server).or_insert(about);
        if **before == ServerAbout::default() {
            *before = about;
        }
        let changed =
            changed(before, about).map(|how| (Rule::ModelChanged, format!("`{server}` serves another model: {how}")));
        let spilt = spilt(about, has_gpu).map(|how| (Rule::CpuSpill, format!("`{server}` {how}")));
        let found = [changed, spilt].into_iter().flatten().map(|(rule, text)| Reason { rule, text });
        reasons.entry(*epoch).or_default().extend(found);
    }
    for repetition in cells.values_mut().flat_map(|cell| cell.repetitions.iter_mut()) {
        for reason in reasons.get(&repetition.epoch).into_iter().flatten() {
            repetition.validity.add(reason.clone());
        }
    }
}

/// What both tell, and tell differently.
fn changed(before: &ServerAbout, now: &ServerAbout) -> Option<String> {
    let bytes = |bytes: Option<Bytes>| bytes.map(|Bytes(bytes)| format!("{bytes} bytes"));
    let told = [
        (before.model.clone(), now.model.clone()),
        (before.digest.clone(), now.digest.clone()),
        (before.quantisation.clone(), now.quantisation.clone()),
        (bytes(before.bytes), bytes(now.bytes)),
    ];
    let differs = told.into_iter().filter_map(|(before, now)| before.zip(now)).find(|(before, now)| before != now);
    differs.map(|(before, now)| format!("`{now}`, and `{before}` in an earlier epoch"))
}

fn spilt(about: &ServerAbout, has_gpu: bool) -> Option<String> {
    let (Bytes(all), Bytes(on_device)) = about.bytes.zip(about.device_bytes)?;
    let counts = on_device > 0 || has_gpu;
    (counts && on_device < all).then(|| {
        let (on_device, all) = (Bytes(on_device), Bytes(all));
        format!("has {on_device} of the {all} of its model in device memory; the CPU computes the rest")
    })
}
