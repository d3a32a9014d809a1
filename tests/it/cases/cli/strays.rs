//! What leaves its parents, its group, its session and its environment is found
//! all the same, with a control group and without.

use serde_json::json;

use super::machine::{Canary, Machine};

/// Every generation starts the next one in a new session, and ends.
const FORKS_FOR_EVER: &str = "\
echo 'exec 2> /dev/null; (setsid env -i PATH=\"$PATH\" sh fork.sh &)' > fork.sh
sh fork.sh
echo ready
exec sleep 1000
";

const WITHOUT_CONTROL_GROUPS: &str = "umount -a -t cgroup2";

#[test]
fn a_child_that_forks_for_ever_is_ended_beside_a_canary_that_lives() {
    for script in ["true", WITHOUT_CONTROL_GROUPS] {
        let machine = Machine::new();
        machine.folder.write("server.sh", FORKS_FOR_EVER);
        let mut canary = Canary::hatch();
        let said = machine.runexp_after(script, "x.toml --quiet");
        assert_eq!(said.code, Some(4), "{script}: {said}");
        assert_eq!(machine.changes(), [""; 0], "{script}");
        assert!(canary.is_alive());
    }
}

#[test]
fn without_control_groups_orphans_are_found_as_descendants() {
    let machine = Machine::new();
    let mut canary = Canary::hatch();
    let said = machine.runexp_after(WITHOUT_CONTROL_GROUPS, "x.toml --quiet");
    assert_eq!(said.code, Some(4), "{said}");
    assert_eq!(machine.only_run().records("events.jsonl")[0]["containment"], json!({"by": "subreaper"}));
    assert_eq!(machine.changes(), [""; 0]);
    assert!(canary.is_alive());
}
