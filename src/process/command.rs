use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use duct::{Expression, Handle};
use indexmap::IndexMap;
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::log::{Tail, append_to, read_from, tail};
use super::log_bound::Cutter;
use super::sudo::{needs_sudo, through_sudo};
use super::{Limit, ProcessError, Rights, identity, signal_group, stop_group};
use crate::record::ProcessIdentity;
use crate::signal::StopSignal;
use crate::text::{one_line, typed};
use crate::units::Period;

const OUTPUT_LIMIT: u64 = 64 * 1024;
const TAIL_LINES: usize = 5;
const POLL: Duration = Duration::from_millis(10);
const GRACE: Duration = Duration::from_secs(1);

/// A command that is run to its end, in a process group of its own and with
/// its output in a log of at most 8 MiB, of which the middle is cut out if need
/// be.
///
/// When it fails, takes too long or is cancelled, nothing of its group is left
/// alive. When it succeeds, what it put into the background goes on.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    /// Program and arguments.
    pub argv: &'a [String],
    /// Added to the environment.
    pub env: &'a IndexMap<String, String>,
    /// Working directory; ours if not given.
    pub dir: Option<&'a Path>,
    /// Whether it runs through `sudo -n`, unless we are root already.
    pub privileged: bool,
    /// Its standard input; empty if not given.
    pub input: Option<&'a str>,
    /// How long it may take.
    pub limit: Limit,
    /// Its output is appended here.
    pub log: &'a Path,
}

/// A command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There are no words in it.
    #[error("the command is empty")]
    Empty,
    /// The program does not exist.
    #[error("`{program}` was not found")]
    NotFound {
        /// Which.
        program: String,
    },
    /// It could not be started.
    #[error("`{command}` could not be started")]
    Start {
        /// The command, as a person would type it.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// It did not end with exit status 0.
    #[error("`{command}` ended with {status}{tail}")]
    Status {
        /// The command, as a person would type it.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// Its last lines.
        tail: Tail,
    },
    /// It took too long.
    #[error("`{command}` did not end within {within}{tail}")]
    TimedOut {
        /// The command, as a person would type it.
        command: String,
        /// How long it had.
        within: Period,
        /// Its last lines.
        tail: Tail,
    },
    /// The run was cancelled meanwhile.
    #[error("`{command}` was cancelled")]
    Cancelled {
        /// The command, as a person would type it.
        command: String,
    },
    /// Its log could not be opened, so it was not started.
    #[error("the log `{path}` failed", path = path.display())]
    Log {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was started, and its end or its log cannot be had.
    #[error("`{command}` could not be followed to its end")]
    Lost {
        /// The command, as a person would type it.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// It could not be recognised or stopped.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

impl CommandError {
    /// Whether the command may have done anything: it was started.
    pub const fn may_have_begun(&self) -> bool {
        !matches!(self, Self::Empty | Self::NotFound { .. } | Self::Start { .. } | Self::Log { .. })
    }
}

/// The path from the root, as seen from our folder. Others read it from theirs.
pub fn absolute(path: &Path) -> PathBuf {
    // This fails only on an empty path or without a current folder.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A command for a message: on one line, at most 200 characters of it.
fn shown(argv: &[String]) -> String {
    let line = one_line(&typed(argv));
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

impl Command<'_> {
    /// Runs it to its end and returns what it wrote, at most 64 KiB of it.
    ///
    /// # Errors
    /// If it cannot be started, does not end with exit status 0 or in time, or
    /// is cancelled.
    pub async fn run(&self, cancel: &CancellationToken) -> Result<String, CommandError> {
        let (log, offset) = append_to(self.log).map_err(|source| self.log_error(source))?;
        let copy = log.try_clone().map_err(|source| self.log_error(source))?;
        let handle = self.expression()?.stdout_file(copy).start().map_err(|source| self.start_error(source))?;
        let pid = handle.pids().first().copied().unwrap_or_default();
        let mut group = Group { process: Some(identity(pid)?), rights: self.rights() };
        let mut cutter = Cutter::new(self.log, offset);
        let ended = self.wait(&handle, &mut cutter, cancel).await;
        let tail = tail(self.log, offset, TAIL_LINES);
        cutter.cut().map_err(|source| self.lost(source))?;
        if matches!(ended, Ended::Status(status) if status.success()) {
            group.process = None;
            let output = read_from(self.log, offset, OUTPUT_LIMIT).map_err(|source| self.lost(source))?;
            return Ok(String::from_utf8_lossy(&output).into_owned());
        }
        group.stop().await?;
        // The leader is dead by now: this only takes it out of the process table.
        let _ = handle.wait();
        Err(self.failure(ended, tail))
    }

    fn failure(&self, ended: Ended, tail: Tail) -> CommandError {
        let command = shown(self.argv);
        match ended {
            Ended::Status(status) => CommandError::Status { command, status, tail },
            Ended::TimedOut => CommandError::TimedOut { command, within: self.limit.within(), tail },
            Ended::Cancelled => CommandError::Cancelled { command },
            Ended::Lost(source) => self.lost(source),
        }
    }

    async fn wait(&self, handle: &Handle, cutter: &mut Cutter, cancel: &CancellationToken) -> Ended {
        loop {
            match handle.try_wait() {
                Ok(Some(output)) => return Ended::Status(output.status),
                Ok(None) => {}
                Err(source) => return Ended::Lost(source),
            }
            if let Err(source) = cutter.cut() {
                return Ended::Lost(source);
            }
            tokio::select! {
                () = cancel.cancelled() => return Ended::Cancelled,
                () = sleep_until(self.limit.deadline()) => return Ended::TimedOut,
                () = sleep(POLL) => {}
            }
        }
    }

    fn expression(&self) -> Result<Expression, CommandError> {
        if self.argv.is_empty() {
            return Err(CommandError::Empty);
        }
        let argv = self.full_argv();
        let (program, arguments) = argv.split_first().ok_or(CommandError::Empty)?;
        let mut expression = duct::cmd(self.program(program), arguments).stderr_to_stdout().unchecked();
        for (name, value) in self.env {
            expression = expression.env(name, value);
        }
        if let Some(dir) = self.dir {
            expression = expression.dir(dir);
        }
        expression = match self.input {
            Some(input) => expression.stdin_bytes(input),
            None => expression.stdin_null(),
        };
        Ok(expression.before_spawn(|command| {
            command.process_group(0);
            Ok(())
        }))
    }

    /// duct would look for `./tool` in our own folder instead of the command's,
    /// and takes any `Path`, even `sh`, for a file there: hence the `OsString`.
    fn program(&self, program: &str) -> OsString {
        match self.dir {
            Some(dir) if program.contains('/') => absolute(&dir.join(program)).into_os_string(),
            Some(_) | None => program.into(),
        }
    }

    fn full_argv(&self) -> Vec<String> {
        match self.rights() {
            Rights::Own => self.argv.to_vec(),
            Rights::Sudo => through_sudo(&[], self.env, self.argv),
        }
    }

    fn rights(&self) -> Rights {
        if self.privileged && needs_sudo() { Rights::Sudo } else { Rights::Own }
    }

    fn start_error(&self, source: io::Error) -> CommandError {
        if source.kind() == io::ErrorKind::NotFound && self.dir.is_none_or(Path::is_dir) {
            let program = self.full_argv().first().cloned().unwrap_or_default();
            return CommandError::NotFound { program };
        }
        CommandError::Start { command: shown(self.argv), source }
    }

    fn log_error(&self, source: io::Error) -> CommandError {
        CommandError::Log { path: self.log.to_owned(), source }
    }

    fn lost(&self, source: io::Error) -> CommandError {
        CommandError::Lost { command: shown(self.argv), source }
    }
}

enum Ended {
    Status(ExitStatus),
    TimedOut,
    Cancelled,
    Lost(io::Error),
}

/// Kills what is left of a command when its future is dropped half-way.
struct Group {
    process: Option<ProcessIdentity>,
    rights: Rights,
}

impl Group {
    async fn stop(mut self) -> Result<(), ProcessError> {
        if let Some(process) = &self.process {
            stop_group(process, StopSignal::Term, GRACE, self.rights).await?;
        }
        self.process = None;
        Ok(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            // Nobody is left to hear of a failure here.
            let _ = signal_group(process, StopSignal::Kill, self.rights);
        }
    }
}
