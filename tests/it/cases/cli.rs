//! The command itself, from its words to its exit code, as a person meets it.

mod adaptive;
mod capacity;
mod check;
mod elsewhere;
#[cfg(debug_assertions)]
mod failpoint;
mod find;
mod folder;
mod gate;
mod init;
mod insisted;
mod interrupted;
mod invalid;
mod journal;
mod machine;
mod mps;
mod offline;
mod plan;
mod real;
mod rendered;
mod resumed;
mod rights;
mod script;
mod secret;
mod simulated;
mod stalled;
mod starved;
mod strays;
mod teardown;
