//! Starts, watches and stops servers under test. Effects.
