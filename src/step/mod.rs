//! Performs setup and teardown steps on this host. Effects.
