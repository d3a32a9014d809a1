use std::path::Path;

use super::ProcessError;
use super::ending::kill;
use super::identity::{PROC, Stat, is_same_and_alive};
use super::trace::leftover;
use crate::record::{Leftover, ProcessIdentity};

/// Kills these very processes, through `sudo -n` those of other users.
///
/// # Errors
/// [`ProcessError::Immortal`] with those that are alive even so.
pub async fn end_each(processes: &[ProcessIdentity]) -> Result<(), ProcessError> {
    kill(|| Ok(processes.iter().filter(|process| is_same_and_alive(process)).cloned().collect())).await
}

/// What a person is told of these.
pub fn leftovers(processes: Vec<ProcessIdentity>) -> Vec<Leftover> {
    let tell = |process: ProcessIdentity| {
        let stat = Stat::read(Path::new(PROC), process.pid)?;
        Some(leftover(process, &stat.name))
    };
    processes.into_iter().filter_map(tell).collect()
}
