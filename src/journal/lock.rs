use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use super::host_lock::HostLock;
use super::{Holder, StateError, StateFolder};
use crate::names::RunId;

const HOST: &str = "host";
/// As much as a holder's line can be long.
const LINE: u64 = 200;

/// A lock of the kernel (`flock(2)`): free as soon as its holder is dead. The
/// descriptor closes on `exec`, so no child of a run can keep it.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    host: Option<HostLock>,
}

impl Lock {
    /// The host's lock, for a run or for its cleanup.
    ///
    /// # Errors
    /// [`StateError::Locked`] if somebody has it.
    pub fn host(state: &StateFolder, run: &RunId) -> Result<Self, StateError> {
        // The kernel frees both when the holder is dead.
        let host = HostLock::take(state.host_name())?;
        Ok(Self { host: Some(host), ..Self::state(state, run)? })
    }

    /// The host's lock itself: it is taken as long as anybody has it open.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.host.as_ref().map(HostLock::descriptor)
    }

    /// Who has the host's lock too, without being a run.
    pub fn squatter(&self) -> Option<&str> {
        self.host.as_ref()?.squatter()
    }

    /// The lock of the state folder alone: for what changes nothing but journals.
    ///
    /// # Errors
    /// [`StateError::Locked`] if somebody has it.
    pub fn state(state: &StateFolder, run: &RunId) -> Result<Self, StateError> {
        Self::take(state, HOST, "this host", run)
    }

    /// The lock of a GPU.
    ///
    /// # Errors
    /// [`StateError::Locked`] if somebody has it.
    pub fn gpu(state: &StateFolder, uuid: &str, run: &RunId) -> Result<Self, StateError> {
        let name: String = uuid.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Self::take(state, &format!("gpu-{name}"), uuid, run)
    }

    /// The state folder's lock as soon as it is free, for at most `patience`, and
    /// the host's if that is free: what is owed does not wait for strangers.
    ///
    /// # Errors
    /// [`StateError::Locked`] if somebody has it until then.
    pub async fn host_within(state: &StateFolder, run: &RunId, patience: Duration) -> Result<Self, StateError> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            match Self::state(state, run).map(|lock| Self { host: HostLock::take(state.host_name()).ok(), ..lock }) {
                Err(StateError::Locked { .. }) if tokio::time::Instant::now() < deadline => {}
                other => return other,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn take(state: &StateFolder, name: &str, what: &str, run: &RunId) -> Result<Self, StateError> {
        let path = state.lock_file(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        // On a disk that has become read-only a lock can be had all the same.
        let opened = options.open(&path).or_else(|error| File::open(&path).map_err(|_| error));
        let mut file = opened.map_err(StateError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut line = String::new();
                // Without it the message only says less.
                let _ = (&file).take(LINE).read_to_string(&mut line);
                let holder = line.lines().next().filter(|line| !line.is_empty()).map(str::to_owned);
                return Err(StateError::Locked { what: what.to_owned(), holder: Holder(holder) });
            }
            Err(TryLockError::Error(source)) => return Err(StateError::Io { verb: "lock", path, source }),
        }
        // For people only: on a full disk the lock holds without it.
        let line = format!("run `{run}` (pid {})\n", std::process::id());
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(line.as_bytes()));
        Ok(Self { _file: file, host: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_names_its_holder_and_is_free_when_that_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(&folder.path().join("state")).unwrap();
        let [first, second] = ["first", "second"].map(|name| RunId::new(name).unwrap());
        let held = [Lock::state(&state, &first).unwrap(), Lock::gpu(&state, "GPU-1/x", &first).unwrap()];
        let refused = [Lock::state(&state, &second), Lock::gpu(&state, "GPU-1/x", &second)];
        let pid = std::process::id().to_string();
        assert_eq!(
            refused.map(|refused| refused.unwrap_err().to_string().replace(&pid, "PID")),
            ["this host is in use by run `first` (pid PID)", "GPU-1/x is in use by run `first` (pid PID)"]
        );
        drop(held);
        Lock::host(&state, &second).unwrap();
    }
}
