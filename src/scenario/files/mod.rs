//! The files that a scenario names, and what they hold: prompts, traces of
//! arrivals, Compose files.

pub(super) mod conversation;
pub(super) mod csv;
pub(super) mod file_facts;
pub(super) mod prompt_file;
pub(super) mod records;
pub(super) mod referenced_file;
pub(super) mod referenced_files;
pub(super) mod strict_json;
pub(super) mod trace;
pub(super) mod trace_lengths;
