use super::{plan, record, repetition, spec, summed};
use crate::metric::examples::reply;
use crate::names::MetricId;
use crate::plan::{CellSpec, Looks, Plan};
use crate::record::CellEnd;
use crate::scenario::{Arrival, Load};
use crate::summary::look;
use crate::units::Share;

const CLOSED: &str = "servers=1/concurrent/clients=1";
const OPEN: &str = "servers=1/small/rate=1";

/// The look after two blocks, with 10 tokens a second in the first block of
/// each cell and these in the second; at most 40 % either side is precise.
fn after_two_blocks(blocks: u32, cells: Vec<(&str, CellSpec)>, second: &[(&str, usize)]) -> String {
    let plan = Plan { blocks, ..plan(cells) };
    let of = |block, (cell, tokens): (&str, usize)| {
        repetition(cell, block, (None, 1), CellEnd::Complete, vec![reply(0, 0, &vec![50; tokens])])
    };
    let blocks = second.iter().flat_map(|one| [of(0, (one.0, 10)), of(1, *one)]);
    let summary = summed(record(blocks.collect()), &plan);
    let looks = Looks {
        after: vec![2],
        metric: MetricId::new("output_throughput").unwrap(),
        half_width: Share::from_fraction(0.4).unwrap(),
    };
    look(&summary, &plan, &looks, 2).to_string()
}

#[test]
fn a_run_is_as_precise_as_its_widest_compared_cell() {
    let closed = || (CLOSED, spec(1, Load::Clients(1)));
    let open = || (OPEN, spec(1, Load::Rate { per_second: 1.0, arrival: Arrival::Poisson }));
    let broken = || {
        let mut broken = spec(1, Load::Clients(1));
        broken.fault = serde_json::from_value(serde_json::json!({
            "at": "1s", "server": "ollama", "index": 0, "signal": "KILL"
        }))
        .unwrap();
        ("broken", broken)
    };
    let told = [
        after_two_blocks(5, vec![closed(), open()], &[(CLOSED, 10), (OPEN, 2)]),
        after_two_blocks(5, vec![closed(), broken()], &[(CLOSED, 11), ("broken", 2)]),
        after_two_blocks(5, vec![open()], &[(OPEN, 10)]),
        after_two_blocks(5, vec![closed(), ("other", closed().1)], &[(CLOSED, 10)]),
        after_two_blocks(5, vec![broken()], &[]),
        after_two_blocks(2, vec![closed()], &[(CLOSED, 10)]),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    stopped after 2 blocks: the widest half-width was 0.0 % of `output_throughput`, in `servers=1/concurrent/clients=1`; at most 40.0 % was asked for
    went on after 2 blocks: the widest half-width was 64.3 % of `output_throughput`, in `servers=1/concurrent/clients=1`; at most 40.0 % was asked for
    stopped after 2 blocks: the widest half-width was 0.0 % of `output_throughput`, in `servers=1/small/rate=1`; at most 40.0 % was asked for
    went on after 2 blocks: `output_throughput` had no interval in `other`
    went on after 2 blocks: there was no cell to compare
    reached 2 blocks: the widest half-width was 0.0 % of `output_throughput`, in `servers=1/concurrent/clients=1`; at most 40.0 % was asked for
    ");
}
