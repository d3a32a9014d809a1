//! What servers tell of themselves, over all epochs.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::{Reason, Rule};
use crate::names::CellId;
use crate::record::{Event, RunRecord, ServerAbout, ServerKey, SlotsSeen, SlotsSource};
use crate::summary::CellSummary;
use crate::units::Bytes;

/// By treatment and server, how many requests it is declared to work on at once.
pub(in crate::summary) type DeclaredSlots = BTreeMap<(String, ServerKey), u32>;

/// Adds to every repetition what is wrong with the servers of its epoch.
pub(in crate::summary) fn examine_servers(
    record: &RunRecord,
    slots: &DeclaredSlots,
    cells: &mut IndexMap<CellId, CellSummary>,
) {
    let has_gpu = !record.manifest.environment.gpus.is_empty();
    let mut known = Known::default();
    let mut treatments: BTreeMap<u32, &str> = BTreeMap::new();
    let mut reasons: BTreeMap<u32, Vec<Reason>> = BTreeMap::new();
    for event in &record.events {
        if let Event::EpochStarted { epoch, treatment, .. } = &event.event {
            treatments.insert(*epoch, treatment);
        }
        let Event::ServerReady { epoch, server, about, .. } = &event.event else { continue };
        let treatment = treatments.get(epoch).copied().unwrap_or_default();
        let declared = slots.get(&(treatment.to_owned(), server.clone())).copied();
        let changed = known
            .changed(treatment, server, about)
            .map(|how| (Rule::ModelChanged, format!("`{server}` serves another model: {how}")));
        let spilt = spilt(about, has_gpu).map(|how| (Rule::CpuSpill, format!("`{server}` {how}")));
        let slots =
            other_slots(declared, about.slots).map(|how| (Rule::SlotsNotAsDeclared, format!("`{server}` {how}")));
        let found = [changed, spilt, slots].into_iter().flatten().map(|(rule, text)| Reason { rule, text });
        reasons.entry(*epoch).or_default().extend(found);
    }
    for repetition in cells.values_mut().flat_map(|cell| cell.repetitions.iter_mut()) {
        for reason in reasons.get(&repetition.epoch).into_iter().flatten() {
            repetition.validity.add(reason.clone());
        }
    }
}

/// What the first servers to tell it said of their models.
///
/// Within one treatment a server must go on serving the same model with the
/// same template and parameters. Between treatments a scenario may ask for
/// another model, or another template; but the same name must stand for the
/// same weights.
#[derive(Default)]
struct Known<'a> {
    by_treatment: BTreeMap<(&'a str, &'a ServerKey), Vec<&'a ServerAbout>>,
    by_name: BTreeMap<&'a str, Vec<&'a ServerAbout>>,
}

/// A part of a model's identity, in words.
type Part = fn(&ServerAbout) -> Option<String>;

const NAME: Part = |about| about.model.clone();
const TEMPLATE: Part = |about| about.template.as_ref().map(|digest| format!("template {digest}"));
const PARAMETERS: Part = |about| about.parameters.as_ref().map(|digest| format!("parameters {digest}"));
const DIGEST: Part = |about| about.digest.clone();
const QUANTISATION: Part = |about| about.quantisation.clone();
const WEIGHTS: Part = |about| about.weights.map(|Bytes(bytes)| format!("{bytes} bytes of weights"));

impl<'a> Known<'a> {
    /// How the model differs from what was told of it before, if it does.
    fn changed(&mut self, treatment: &'a str, server: &'a ServerKey, about: &'a ServerAbout) -> Option<String> {
        let same_treatment = self.by_treatment.entry((treatment, server)).or_default();
        let within = difference(same_treatment, about, &[NAME, DIGEST, QUANTISATION, WEIGHTS, TEMPLATE, PARAMETERS]);
        same_treatment.push(about);
        let Some(name) = &about.model else { return within };
        let same_name = self.by_name.entry(name).or_default();
        let between = difference(same_name, about, &[DIGEST, QUANTISATION, WEIGHTS]);
        same_name.push(about);
        within.or(between)
    }
}

/// What the first of `before` that told a part said of it, where `now` says
/// something else.
fn difference(before: &[&ServerAbout], now: &ServerAbout, parts: &[Part]) -> Option<String> {
    let differs = parts.iter().find_map(|part| {
        let first = before.iter().find_map(|about| part(about))?;
        part(now).filter(|now| *now != first).map(|now| (first, now))
    });
    differs.map(|(before, now)| format!("`{now}`, and `{before}` in an earlier epoch"))
}

/// `size_vram` is 0 where no GPU is used: only a part of a model on one is a
/// spill, or none of it where there is a GPU.
fn spilt(about: &ServerAbout, has_gpu: bool) -> Option<String> {
    let (Bytes(all), Bytes(on_device)) = about.state.bytes.zip(about.state.device_bytes)?;
    let counts = on_device > 0 || has_gpu;
    (counts && on_device < all).then(|| {
        let (on_device, all) = (Bytes(on_device), Bytes(all));
        format!("has {on_device} of the {all} of its model in device memory; the CPU computes the rest")
    })
}

fn other_slots(declared: Option<u32>, seen: Option<SlotsSeen>) -> Option<String> {
    let SlotsSeen { count, by } = seen?;
    let declared = declared.filter(|declared| *declared != count)?;
    let requests = if count == 1 { "request" } else { "requests" };
    // A trial is of one request more than declared.
    let least = if by == SlotsSource::Trial && count > declared { "at least " } else { "" };
    Some(format!(
        "works on {least}{count} {requests} at once, {}, and is declared with `slots = {declared}`",
        by.words()
    ))
}
