//! The command itself, from its words to its exit code, as a person meets it.

mod adaptive;
mod calibrated;
mod capacity;
mod certified;
mod check;
mod doctor;
mod effects;
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
mod made_up;
mod mps;
mod offline;
mod plan;
mod real;
mod recovery;
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
mod undisturbed;
