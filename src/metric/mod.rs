//! The registry: one definition per metric. Pure.
