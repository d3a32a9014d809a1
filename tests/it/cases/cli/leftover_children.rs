//! What leaves its parents, its group, its session and its environment is found
//! all the same, with a control group and without.

use std::process::Command;

use super::folder::is_gone;
use super::machine::{Canary, Machine};

/// Every generation starts the next one in a new session, and ends.
const FORKS_FOR_EVER: &str = "\
echo 'exec 2> /dev/null; (setsid env -i PATH=\"$PATH\" sh fork.sh &)' > fork.sh
sh fork.sh
echo ready
exec sleep 1000
";

/// A grandchild in a session of its own, whom its parents do not survive.
const FORKS_TWICE: &str =
    "(setsid env -i sh -c 'echo $$ > pid; exec sleep 1000' &); until test -s pid; do sleep 0.01; done";

/// Whether this process may divide the control group that it is in.
const DIVIDES: &str = r#"
mount="$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)"
group="$(sed -n 's/^0:://p' /proc/self/cgroup)"
test -n "$mount" && test -n "$group" || exit 1
mkdir "$mount$group/probe-$$" || exit 1
echo 0 > "$mount$group/probe-$$/cgroup.procs"
status=$?
echo 0 > "$mount$group/cgroup.procs"
rmdir "$mount$group/probe-$$"
exit $status
"#;

pub(super) const WITHOUT_CONTROL_GROUPS: &str = "umount -a -t cgroup2";

/// How a run is held together after each script that came before it.
fn means() -> [(&'static str, &'static str); 2] {
    let divides = Command::new("sh").args(["-c", DIVIDES]).output().unwrap().status.success();
    [("true", if divides { "cgroup" } else { "subreaper" }), (WITHOUT_CONTROL_GROUPS, "subreaper")]
}

#[test]
fn a_child_that_forks_for_ever_is_ended_beside_a_canary_that_lives() {
    for (script, by) in means() {
        let machine = Machine::new();
        machine.folder.write("server.sh", FORKS_FOR_EVER);
        let mut canary = Canary::hatch();
        let said = machine.runexp_after(script, "x.toml --quiet");
        assert_eq!(said.code, Some(4), "{by}: {said}");
        assert_eq!(machine.changes(), [""; 0], "{by}");
        assert!(canary.is_alive());
    }
}

#[test]
fn what_has_forked_twice_into_a_session_of_its_own_is_ended_by_the_means_that_the_records_tell() {
    for (script, by) in means() {
        let machine = Machine::new();
        machine.edit("x.toml", "echo on > world/flag", FORKS_TWICE);
        let mut canary = Canary::hatch();
        let said = machine.runexp_after(script, "x.toml --quiet");
        assert_eq!(said.code, Some(4), "{by}: {said}");
        let events = machine.only_run().records("events.jsonl");
        let contained = &events.iter().find(|event| event["event"] == "contained").unwrap()["containment"];
        assert_eq!(contained["by"], by);
        println!("held together by {contained}");
        assert!(is_gone(&machine.folder.read("pid")), "{by}");
        assert_eq!(machine.changes(), [""; 0], "{by}");
        let group = contained["path"].as_str();
        assert!(group.is_none_or(|path| !std::fs::exists(path).unwrap()), "{by}: {contained}");
        assert!(canary.is_alive());
    }
}
