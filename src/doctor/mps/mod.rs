//! Whether MPS can be had: its programs, and a daemon that starts and ends.

mod dry_start;
mod guard;
mod programs;

use dry_start::{WITHIN, dry_start};
use guard::{Guard, Refusal};

use super::ask::Asker;
use super::{Finding, Topic};
use crate::journal::StateFolder;
use crate::step::{StepError, mps_is_absent};
use crate::text::with_causes;

const CONTROL: &str = "nvidia-cuda-mps-control";
const SERVER: &str = "nvidia-cuda-mps-server";

/// How far one comes on the way to a daemon.
enum Mps {
    /// Programs are not there.
    Without(Vec<&'static str>),
    /// A daemon is there already, or nobody can tell: then none is started.
    Running(StepError),
    /// None may be started now.
    Refused(Refusal),
    /// One of our own was started; with the reason if that failed.
    Tried(Result<(), String>),
}

pub(super) async fn examine(has_gpu: bool, asker: &Asker<'_>) -> Finding {
    let missing = programs::missing(&[CONTROL, SERVER]);
    let mps = match mps_is_absent() {
        Err(running) => Mps::Running(running),
        Ok(()) if !missing.is_empty() => Mps::Without(missing),
        Ok(()) => tried(asker).await,
    };
    judged(&mps, has_gpu)
}

async fn tried(asker: &Asker<'_>) -> Mps {
    let guard = StateFolder::open().map_err(Refusal::from).and_then(|state| Guard::take(&state, asker.folder));
    match guard {
        Ok(guard) => Mps::Tried(dry_start(CONTROL, WITHIN, asker, guard).await),
        Err(refusal) => Mps::Refused(refusal),
    }
}

fn judged(mps: &Mps, has_gpu: bool) -> Finding {
    let topic = Topic::Mps;
    match (mps, has_gpu) {
        (Mps::Without(programs), _) => {
            let names: Vec<String> = programs.iter().map(|program| format!("`{program}`")).collect();
            let subject = if programs.len() == 1 { "is" } else { "are" };
            let found = format!("{} {subject} not on PATH", names.join(" and "));
            let advice = "install the NVIDIA driver's compute utilities, which bring MPS";
            Finding::missing(topic, found, if has_gpu { advice.to_owned() } else { format!("{advice}, beside a GPU") })
        }
        (Mps::Running(error), _) => Finding::attention(
            topic,
            with_causes(error),
            error.help().unwrap_or("look for it with `pgrep -a nvidia-cuda-mps`"),
        ),
        (Mps::Refused(refusal), _) => Finding::attention(
            topic,
            format!("no private daemon was started: {}", with_causes(refusal)),
            refusal.help(),
        ),
        (Mps::Tried(Err(why)), true) => Finding::attention(
            topic,
            format!("a private daemon could not be started and ended: {why}"),
            format!("try `CUDA_MPS_PIPE_DIRECTORY=$(mktemp -d) {CONTROL} -f`"),
        ),
        (Mps::Tried(Err(why)), false) => Finding::attention(
            topic,
            format!("without a GPU a private daemon could not be started and ended: {why}"),
            "find out first why there is no GPU",
        ),
        (Mps::Tried(Ok(())), true) => Finding::good(topic, "a private daemon started, answered and quit"),
        (Mps::Tried(Ok(())), false) => Finding::attention(
            topic,
            "a private daemon started, answered and quit, and there is no GPU for it to share",
            "find out first why there is no GPU",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;
    use crate::journal::{Holder, StateError};
    use crate::names::RunId;

    #[test]
    fn mps_is_good_only_where_a_daemon_starts_beside_a_gpu() {
        let found = [
            judged(&Mps::Tried(Ok(())), true),
            judged(&Mps::Tried(Ok(())), false),
            judged(&Mps::Tried(Err("it did not answer within 5s".to_owned())), true),
            judged(&Mps::Tried(Err("it ended with exit status: 100".to_owned())), false),
            judged(&Mps::Running(StepError::MemoryUnknown), true),
            judged(
                &Mps::Refused(StateError::Locked { what: "this host".to_owned(), holder: Holder(None) }.into()),
                true,
            ),
            judged(&Mps::Refused(StateError::Dirty { runs: vec![RunId::new("earlier").unwrap()] }.into()), true),
            judged(&Mps::Without(vec![SERVER]), true),
            judged(&Mps::Without(vec![CONTROL, SERVER]), false),
        ];
        insta::assert_snapshot!(table(&found), @r"
        MPS           good       a private daemon started, answered and quit
        MPS           attention  a private daemon started, answered and quit, and there is no GPU for it to share
                                 help: find out first why there is no GPU
        MPS           attention  a private daemon could not be started and ended: it did not answer within 5s
                                 help: try `CUDA_MPS_PIPE_DIRECTORY=$(mktemp -d) nvidia-cuda-mps-control -f`
        MPS           attention  without a GPU a private daemon could not be started and ended: it ended with exit status: 100
                                 help: find out first why there is no GPU
        MPS           attention  `/proc/meminfo` cannot be read
                                 help: look for it with `pgrep -a nvidia-cuda-mps`
        MPS           attention  no private daemon was started: this host is in use by another run
                                 help: examine it again when that has ended
        MPS           attention  no private daemon was started: what an earlier run changed has not been undone: `earlier`
                                 help: runexp cleanup earlier
        MPS           missing    `nvidia-cuda-mps-server` is not on PATH
                                 help: install the NVIDIA driver's compute utilities, which bring MPS
        MPS           missing    `nvidia-cuda-mps-control` and `nvidia-cuda-mps-server` are not on PATH
                                 help: install the NVIDIA driver's compute utilities, which bring MPS, beside a GPU
        ");
    }
}
