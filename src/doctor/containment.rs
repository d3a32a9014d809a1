use std::io;

use super::{Finding, Topic};
use crate::process::{contain, release};
use crate::record::Containment;

/// Makes what a run would make, and gives it up at once.
pub(super) fn examine() -> Finding {
    let containment = contain(&format!("doctor-{}", std::process::id()));
    let released = release(&containment);
    judged(&containment, released)
}

fn judged(containment: &Containment, released: io::Result<()>) -> Finding {
    let topic = Topic::Containment;
    let own = "`systemd-run --user --scope -p Delegate=yes runexp …` gives a run a control group of its own";
    match (containment, released) {
        (Containment::Cgroup { path }, Ok(())) => {
            let above = path.parent().unwrap_or(path).display();
            Finding::good(topic, format!("a control group for each run, in `{above}`"))
        }
        (Containment::Cgroup { path }, Err(error)) => Finding::attention(
            topic,
            format!("a control group could be made and not given up: {error}"),
            format!("`rmdir {}` once this has ended, as the same user", path.display()),
        ),
        (Containment::Subreaper, _) => Finding::attention(
            topic,
            "servers and steps are found as descendants; no control group can be had here",
            format!("enough, but for what forks faster than it can be killed; {own}"),
        ),
        (Containment::ProcessGroup, _) => Finding::attention(
            topic,
            "process groups and marks in the environment alone",
            format!("what sheds both is not found; {own}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    #[test]
    fn the_best_means_is_named_and_the_lesser_ones_are_told_apart() {
        let group = || Containment::Cgroup { path: "/sys/fs/cgroup/user.slice/runexp-doctor-1".into() };
        let busy = Err(io::ErrorKind::ResourceBusy.into());
        let found = [
            judged(&group(), Ok(())),
            judged(&group(), busy),
            judged(&Containment::Subreaper, Ok(())),
            judged(&Containment::ProcessGroup, Ok(())),
        ];
        insta::assert_snapshot!(table(&found), @r"
        containment   good       a control group for each run, in `/sys/fs/cgroup/user.slice`
        containment   attention  a control group could be made and not given up: resource busy
                                 help: `rmdir /sys/fs/cgroup/user.slice/runexp-doctor-1` once this has ended, as the same user
        containment   attention  servers and steps are found as descendants; no control group can be had here
                                 help: enough, but for what forks faster than it can be killed; `systemd-run --user --scope -p Delegate=yes runexp …` gives a run a control group of its own
        containment   attention  process groups and marks in the environment alone
                                 help: what sheds both is not found; `systemd-run --user --scope -p Delegate=yes runexp …` gives a run a control group of its own
        ");
    }
}
