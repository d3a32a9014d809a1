//! Templates of a user are rendered in a process of their own, which may take
//! so much and no more: whatever a template does, it ends, and only it ends.
#![expect(clippy::disallowed_methods, reason = "starts this program once more, and reads how large it is")]

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use super::exit::{Failure, say};
use crate::host::process_cpu_seconds;

/// What templates may compute, in seconds.
const SECONDS: u64 = 10;
/// What they may take, beside what a report takes without them.
const MEMORY: u64 = 1 << 30;
/// The longest document.
const OUTPUT: usize = 64 << 20;
/// What the process may say of errors.
const TALK: u64 = 64 * 1024;

/// Does the whole report in a process of its own; how it ended.
pub(super) fn apart(words: &[OsString]) -> Result<u8, Failure> {
    let mut arguments = words.get(1..).unwrap_or_default().to_vec();
    // Behind `report`, before anything that could follow a `--`.
    arguments.insert(1, "--rendering".into());
    let failed = |source| Failure::Host { what: "start itself", source };
    let mut command = Command::new("/proc/self/exe");
    command.arg0("runexp").args(arguments).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let mut said = Vec::new();
    // What cannot be read is missing in a message, no more.
    let _ = child.stderr.take().map(|stderr| stderr.take(TALK).read_to_end(&mut said));
    let said = String::from_utf8_lossy(&said);
    let status = child.wait().map_err(failed)?;
    let Some(code) = status.code() else { return Err(Failure::Wild { took: took(status, &said) }) };
    if !said.is_empty() {
        say(said.trim_end());
    }
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

/// What was too much, by how it died; see setrlimit(2).
fn took(status: ExitStatus, said: &str) -> String {
    match status.signal() {
        Some(signal) if signal == Signal::XCPU.as_raw() => format!("more than {SECONDS} s of computing"),
        Some(_) if said.contains("overflowed its stack") => "a recursion without end".to_owned(),
        Some(_) if said.contains("memory allocation") => format!("more than {} MiB of memory", MEMORY >> 20),
        Some(_) | None => format!("it ended with {status}"),
    }
}

/// From now on this process may take so much more, and no more.
pub(super) fn limit() -> Result<(), Failure> {
    let failed = |source: io::Error| Failure::Host { what: "limit what templates take", source };
    let used = process_cpu_seconds().unwrap_or_default().ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds since the process began")]
    let seconds = used as u64 + SECONDS;
    let memory = own_memory().map_err(failed)? + MEMORY;
    for (resource, most) in [(Resource::Cpu, seconds), (Resource::As, memory), (Resource::Core, 0)] {
        let maximum = getrlimit(resource).maximum;
        let current = Some(maximum.map_or(most, |maximum| maximum.min(most)));
        setrlimit(resource, Rlimit { current, maximum }).map_err(|error| failed(error.into()))?;
    }
    Ok(())
}

/// Bytes of address space that it has; `VmSize` of `proc_pid_status(5)`.
fn own_memory() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let size =
        status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    size.map(|kib: u64| kib * 1024).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Refuses a document that nobody could read.
pub(super) fn is_short(text: &str) -> Result<(), Failure> {
    if text.len() <= OUTPUT {
        Ok(())
    } else {
        Err(Failure::Wild { took: format!("more than {} MiB of output", OUTPUT >> 20) })
    }
}
