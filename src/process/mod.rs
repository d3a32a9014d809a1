//! One-shot commands, and process groups by identity. Effects.
//!
//! The [`Display`](std::fmt::Display) text of every error here is complete:
//! it already says what its source says.

mod command;
mod compose;
mod group;
mod identity;
mod limit;
mod log;
mod undoing;

pub use command::{Command, CommandError, absolute, needs_sudo, typed};
pub use compose::{compose, container_ids};
pub use group::{Rights, Stopped, group_members, signal_group, stop_group};
pub use identity::{ProcessError, identity, is_same_and_alive, named, pid_is_alive};
pub use limit::Limit;
pub use log::{Tail, append_to, read_from, tail};
pub use undoing::Undoing;
