//! What is declared, as plain data: nothing here reads a file or a table.

pub(super) mod audit;
pub(super) mod claim;
pub(super) mod design;
pub(super) mod factor;
pub(super) mod fault;
pub(super) mod find;
pub(super) mod header;
pub(super) mod messages;
pub(super) mod phase;
pub(super) mod printed;
pub(super) mod prompt;
pub(super) mod prompt_error;
pub(super) mod prompt_format;
pub(super) mod prompt_tokens;
pub(super) mod question;
pub(super) mod rule;
pub(super) mod server;
pub(super) mod telemetry;
pub(super) mod traffic;
