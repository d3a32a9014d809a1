//! What a plan promises, on a scenario read from text.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{CellSpec, Choices, Plan, PlanError, digest, expand};
use crate::scenario::{Bindings, LoadOptions, Scenario, load_frozen};

/// Six treatments, three phases, of which the one that breaks a server is not
/// written last.
const SCENARIO: &str = r#"
schema = 1
name = "planned"
title = "Planned"

[factors]
mps = ["off", "on"]
slots = [1, 2, 3]

[design]
repetitions = 4
seed = 7
REPLICATE

[[server]]
name = "one"
api = "openai"
count = 2
run = ["serve", "{{ port }}"]
env = { MPS = "{{ mps }}", SLOTS = "{{ slots }}" }

[[phase]]
name = "breaks"
clients = 1
duration = "1s"
request = { prompt = "x", max_tokens = 1 }
fault = { at = "100ms", kill = "one[1]", signal = "KILL" }

[[phase]]
name = "closed"
clients = [1, 2, 3, 4]
duration = "1s"
request = { prompt = "x", max_tokens = 1 }

[[phase]]
name = "open"
rate = [1.0, 2.0]
duration = "1s"
request = { prompt = "x", max_tokens = 1 }
"#;

fn scenario(design: &str) -> Scenario {
    let options = LoadOptions { set: &[], profile: None, metrics: &[], times: &[] };
    load_frozen(&SCENARIO.replace("REPLICATE", design), &options).unwrap()
}

/// Any cell.
pub(super) fn cell() -> CellSpec {
    planned("", None, &["open"]).unwrap().cells[0].clone()
}

fn planned(design: &str, seed: Option<u64>, only: &[&str]) -> Result<Plan, PlanError> {
    let bindings = Bindings { run_id: "r".to_owned(), run_dir: PathBuf::from("/r"), ports: vec![1000, 1001] };
    let only: Vec<String> = only.iter().map(ToString::to_string).collect();
    expand(&scenario(design), &Choices { bindings: &bindings, seed, only: &only })
}

fn plan(design: &str) -> Plan {
    planned(design, None, &[]).unwrap()
}

/// The treatments of every block, in their order.
fn order(plan: &Plan) -> Vec<Vec<String>> {
    let of = |block| plan.epochs.iter().filter(move |epoch| epoch.block == block);
    (0..plan.blocks).map(|block| of(block).map(|epoch| epoch.treatment.to_string()).collect()).collect()
}

/// The cells of every epoch, in their order, without their treatment.
fn cells(plan: &Plan) -> Vec<Vec<&str>> {
    let epochs = plan.epochs.iter();
    epochs.map(|epoch| epoch.cells.iter().map(|cell| cell.cell.as_str().split_once('/').unwrap().1).collect()).collect()
}

#[test]
fn each_block_holds_each_treatment_once_in_an_order_of_its_own() {
    let blocks = order(&plan(""));
    let whole: BTreeSet<_> = blocks[0].iter().collect();
    assert_eq!((blocks.len(), whole.len()), (4, 6));
    assert!(blocks.iter().all(|block| block.len() == 6 && block.iter().collect::<BTreeSet<_>>() == whole));
    assert!(blocks.iter().collect::<BTreeSet<_>>().len() > 1, "{blocks:?}");
}

#[test]
fn the_same_seed_gives_the_same_plan_and_another_another() {
    assert_eq!(plan(""), plan(""));
    let other = planned("", Some(8), &[]).unwrap();
    assert_ne!(order(&other), order(&plan("")));
    assert_ne!(digest(&other), digest(&plan("")));
}

#[test]
fn ports_and_folders_do_not_change_what_is_decided() {
    let bindings = Bindings { run_id: "s".to_owned(), run_dir: PathBuf::from("/s"), ports: vec![2000, 2001] };
    let moved = expand(&scenario(""), &Choices { bindings: &bindings, seed: None, only: &[] }).unwrap();
    assert_ne!(moved, plan(""));
    assert_eq!(digest(&moved), digest(&plan("")));
}

#[test]
fn phases_come_as_written_but_the_one_that_breaks_a_server_last() {
    let phase = |cell: &&str| cell.split('/').next().unwrap().to_owned();
    for epoch in cells(&plan("")) {
        let mut phases: Vec<_> = epoch.iter().map(phase).collect();
        phases.dedup();
        assert_eq!(phases, ["closed", "open", "breaks"]);
    }
}

#[test]
fn loads_of_a_phase_change_their_order_from_block_to_block() {
    let plan = plan("");
    let orders: BTreeSet<_> = cells(&plan).iter().map(|epoch| epoch[..4].to_vec()).collect();
    assert!(orders.len() > 1, "{orders:?}");
}

#[test]
fn treatments_of_one_block_share_prompts_and_times_and_blocks_do_not() {
    let plan = plan("");
    let seeds = |epoch: &super::Epoch| epoch.cells.iter().map(|cell| cell.seed).collect::<Vec<_>>();
    let first = seeds(&plan.epochs[0]);
    assert!(plan.epochs.iter().all(|epoch| (epoch.block == 0) == (seeds(epoch) == first)));
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len());
}

#[test]
fn an_order_as_written_or_mirrored_is_not_random() {
    let written = order(&plan("order = \"as-written\""));
    let mirrored = order(&plan("order = \"mirrored\""));
    let backwards: Vec<String> = written[0].iter().rev().cloned().collect();
    assert!(written.iter().all(|block| *block == written[0]));
    assert_eq!(mirrored, [written[0].clone(), backwards.clone(), written[0].clone(), backwards]);
}

#[test]
fn servers_that_stay_up_make_one_epoch_of_all_blocks() {
    let plan = plan("replicate = \"phase\"");
    assert_eq!(plan.epochs.len(), 6);
    for epoch in &plan.epochs {
        let (whole, mended) = epoch.cells.split_at(4 * 6);
        assert!(whole.is_sorted_by_key(|cell| cell.block), "{whole:?}");
        assert_eq!(mended.iter().map(|cell| cell.block).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert!(mended.iter().all(|cell| cell.cell.as_str().contains("/breaks/")), "{mended:?}");
    }
}

#[test]
fn a_selection_keeps_the_cells_that_hold_it_and_their_treatments() {
    let plan = planned("", None, &["slots=2/open"]).unwrap();
    assert_eq!(
        plan.cells.keys().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "mps=off,slots=2/open/rate=1",
            "mps=off,slots=2/open/rate=2",
            "mps=on,slots=2/open/rate=1",
            "mps=on,slots=2/open/rate=2",
        ]
    );
    assert_eq!(plan.epochs.len(), 2 * 4);
    let nothing = planned("", None, &["slots=4"]).unwrap_err();
    assert_eq!(
        nothing.to_string(),
        "no cell is meant by --only `slots=4`; of 42 cells the nearest are `mps=on,slots=1/closed/clients=4`, \
         `mps=on,slots=2/closed/clients=4`, `mps=on,slots=3/closed/clients=4`"
    );
    let both = planned("", None, &["*slots=2/open/rate=1", "mps=on,slots=2/open/rate=2*"]).unwrap();
    assert_eq!(
        both.cells.keys().map(ToString::to_string).collect::<Vec<_>>(),
        ["mps=off,slots=2/open/rate=1", "mps=on,slots=2/open/rate=1", "mps=on,slots=2/open/rate=2"]
    );
}

#[test]
fn looks_are_fixed_before_the_run_and_never_before_five_blocks() {
    let looks = |repetitions: u32, most: u32| {
        let adaptive = format!("adaptive = {{ half_width = \"2%\", max_repetitions = {most} }}");
        let text = SCENARIO
            .replace("repetitions = 4", &format!("repetitions = {repetitions}"))
            .replace("REPLICATE", &adaptive);
        let options = LoadOptions { metrics: &["output_throughput"], ..LoadOptions::default() };
        let bindings = Bindings { run_id: "r".to_owned(), run_dir: PathBuf::from("/r"), ports: vec![1000, 1001] };
        let scenario = load_frozen(&text, &options).unwrap();
        let plan = expand(&scenario, &Choices { bindings: &bindings, seed: None, only: &[] }).unwrap();
        (plan.looks.clone().unwrap().after, plan.least_blocks(), plan.blocks)
    };
    assert_eq!(looks(2, 12), (vec![5, 8, 12], Some(5), 12));
    assert_eq!(looks(6, 10), (vec![6, 9, 10], Some(6), 10));
    assert_eq!(looks(5, 5), (vec![5], None, 5));
}

#[test]
fn what_differs_in_nothing_that_is_simulated_is_one_treatment_there() {
    let alike = |only: &[&str]| planned("", None, only).unwrap().equivalent_when_simulated();
    // Their environment differs, and which cells are chosen.
    assert_eq!(
        alike(&["*slots=2*", "*slots=3/open*"]),
        [["mps=off,slots=2", "mps=on,slots=2"], ["mps=off,slots=3", "mps=on,slots=3"]].map(|[one, other]| format!(
            "A simulated machine cannot tell `{one}` and `{other}` apart: it knows servers and their slots, MPS and \
             the load, and not what these differ by. That they are equal here says nothing of a real machine."
        ))
    );
    assert_eq!(alike(&["mps=on,slots=2*", "mps=off,slots=2/open*"]), [""; 0]);
}
