//! The conductor: setup, epochs, teardown, always. Effects.
