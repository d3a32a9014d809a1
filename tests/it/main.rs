//! All integration tests, in one binary. One file per subject in `cases/`.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on says so, and tests stand outside the rooms"
)]

mod cases;
mod support;
