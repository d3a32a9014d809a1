//! What follows from a driver's answers.

use super::call::{Answer, Refusal, RefusalKind};
use crate::record::{ProcessOnGpu, Reading};
use crate::units::Bytes;

/// Names of chips whose GPU has no memory of its own.
const INTEGRATED: [&str; 4] = ["GB10", "Thor", "Orin", "Tegra"];
/// A total this near to the host's is the host's.
const SAME_MEMORY: f64 = 0.02;

/// A driver that says it does not support the question, or that there are no
/// bytes at all, or as many as the host has, speaks of a GPU that shares the
/// host's memory; one that is lost does not.
pub(super) fn is_unified(name: &str, memory: &Result<Answer, Refusal>, host_total: Option<u64>) -> bool {
    let is_integrated = INTEGRATED.iter().any(|chip| name.contains(chip));
    match memory {
        Ok(Answer::Memory { total: 0, .. }) => true,
        Ok(Answer::Memory { total, .. }) => {
            is_integrated
                && host_total
                    .is_some_and(|host| Bytes(total.abs_diff(host)).as_f64() < SAME_MEMORY * Bytes(host).as_f64())
        }
        Ok(_) => false,
        Err(refusal) => is_integrated && refusal.kind == RefusalKind::NotSupported,
    }
}

/// In which of the two lists a client of MPS is differs from driver to driver.
/// A GPU that knows no MPS has no clients of it.
pub(super) fn union(
    compute: Reading<Vec<(u32, Option<u64>)>>,
    mps: &Reading<Vec<(u32, Option<u64>)>>,
) -> Reading<Vec<ProcessOnGpu>> {
    let clients = mps.value().map_or(&[][..], Vec::as_slice);
    compute.map(|compute| {
        let mut found: Vec<ProcessOnGpu> = Vec::new();
        for &(pid, bytes) in compute.iter().chain(clients) {
            if let Some(known) = found.iter_mut().find(|known| known.pid == pid) {
                known.memory_bytes = known.memory_bytes.max(bytes.map(Bytes));
            } else {
                let is_mps = clients.iter().any(|(client, _)| *client == pid);
                found.push(ProcessOnGpu { pid, memory_bytes: bytes.map(Bytes), is_mps });
            }
        }
        found
    })
}

/// What all processes hold, if the driver tells of each.
pub(super) fn held(processes: &Reading<Vec<ProcessOnGpu>>) -> Reading<u64> {
    let processes = match processes {
        Reading::Value(processes) => processes,
        Reading::Absent(reason) => return Reading::Absent(reason.clone()),
        Reading::Unasked => return Reading::Unasked,
    };
    let all: Option<u64> = processes.iter().map(|process| process.memory_bytes.map(|bytes| bytes.0)).sum();
    all.map_or_else(|| Reading::Absent("the driver does not tell what its processes hold".to_owned()), Reading::Value)
}

pub(super) fn first_count(answer: Answer) -> Reading<u64> {
    match answer {
        Answer::Counts(counts) => counts.into_iter().next().unwrap_or_default(),
        _ => other_kind(),
    }
}

/// Only a recording that somebody has written by hand can do this.
pub(super) fn other_kind<T>() -> Reading<T> {
    Reading::Absent("the answer is to another question".to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "53 bits of millijoules are centuries of full power")]
pub(super) fn thousandth(count: u64) -> f64 {
    count as f64 / 1e3
}
