//! All integration tests, in one binary. One file per subject in `cases/`.

mod cases;
