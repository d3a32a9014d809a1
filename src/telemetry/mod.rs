//! Samples GPU and host while a run goes on. Effects.
