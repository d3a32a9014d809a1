//! The command itself, from its words to its exit code, as a person meets it.

mod adaptive;
mod check;
mod folder;
mod init;
mod interrupted;
mod offline;
mod plan;
mod real;
mod script;
mod simulated;
mod teardown;
