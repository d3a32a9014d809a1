//! Takes effects back. Effects.
