//! One file per subject.
mod architecture;
mod audit;
mod cli;
mod dialect;
mod hostile;
mod load;
mod promises;
mod report;
mod scenario;
mod schema;
mod servers;
mod sim;
mod steps;
mod store;
