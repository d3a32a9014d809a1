//! The simulated machine: a physical model behind real HTTP servers. Effects.
