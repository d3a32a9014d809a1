//! What needs the failpoint `RUNEXP_FAILPOINT`, and so a debug build: release
//! builds do not have it.

mod chaos;
mod killed;
mod left;
