//! Statistics on plain `f64`; knows no domain word. Pure.
