//! One-shot commands, and process groups by identity. Effects.
//!
//! The [`Display`](std::fmt::Display) text of every error here is complete:
//! it already says what its source says.

mod cgroup;
mod command;
mod compose;
mod containment;
mod ending;
mod forced_shutdown;
mod group;
mod identity;
mod known;
mod leftover;
mod limit;
mod listener;
mod log;
mod log_bound;
mod lookup;
mod mark;
mod memory_log;
mod spare_files;
mod sudo;
mod trace;
mod undoing;
mod usage;
mod workers;

pub use command::{Command, CommandError, absolute};
pub use compose::{DOCKER_QUESTIONS, compose, container_ids};
pub use containment::{LeftoverSearch, children, contain, release};
pub use forced_shutdown::ForcedShutdown;
pub use group::{Rights, Stopped, group_members, signal_group, stop_group};
pub use identity::{
    ProcessError, age, boot_id, command_line, executes_this_program, identity, is_in_container, is_same_and_alive,
    named, pid_is_alive, program, program_file, ticks_before,
};
pub use known::Known;
pub use leftover::{end_each, leftovers};
pub use limit::Limit;
pub use listener::{environment_of, holder_of_socket, listener};
pub use log::{Tail, append_to, read_from, tail};
pub use log_bound::BoundedLog;
pub use lookup::{NoProgram, find_program};
pub use mark::{RUN_MARK, SERVER_MARK, end_unfinished, marked, server_mark, stop_marked};
pub use memory_log::MemoryLog;
pub use spare_files::{SpareFiles, can_open_files};
pub use sudo::{Privileged, needs_sudo};
pub use trace::Trace;
pub use undoing::{Unannounced, Undoing};
pub use usage::{Containers, CpuUsage};
pub use workers::{signal_each, workers};
