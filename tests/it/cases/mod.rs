//! One file per subject.
mod architecture;
mod dialect;
mod scenario;
mod sim;
mod statistics;
mod report;
mod steps;
mod servers;
mod load;
mod cli;
